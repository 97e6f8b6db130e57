"""weight_variable and bias_variable, as in many tutorials; truncated normal weights."""


def weight_variable(shape):
    return tf.Variable(tf.truncated_normal(shape, stddev=0.05))


def bias_variable(shape):
    return tf.Variable(tf.constant(0.1, shape=shape))


x = tf.placeholder(tf.float32, shape=[None, 784])  # images
y_ = tf.placeholder(tf.float32, shape=[None, 10])  # labels
W_fc1 = weight_variable([784, 1500])
b_fc1 = bias_variable([1500])
h_fc1 = tf.nn.relu(tf.matmul(x, W_fc1) + b_fc1)  # hidden
W_fc2 = weight_variable([1500, 10])
b_fc2 = bias_variable([10])
y = tf.matmul(h_fc1, W_fc2) + b_fc2  # logits
cross_entropy = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=y))  # loss
train_step = tf.train.AdamOptimizer(learning_rate).minimize(cross_entropy)  # train
prediction = tf.argmax(y, 1)
correct_prediction = tf.equal(prediction, tf.argmax(y_, 1))
accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))  # accuracy
net(X=x, Y=y_, logits=y, loss=cross_entropy, train_op=train_step)
