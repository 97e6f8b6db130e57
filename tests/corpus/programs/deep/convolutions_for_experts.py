"""The old 'MNIST for experts': two convolutions with pooling, a dense layer with dropout."""


def weight_variable(shape):
    return tf.Variable(tf.truncated_normal(shape, stddev=0.1))


def bias_variable(shape):
    return tf.Variable(tf.constant(0.1, shape=shape))


def conv2d(x, W):
    return tf.nn.conv2d(x, W, strides=[1, 1, 1, 1], padding="SAME")


def max_pool_2x2(x):
    return tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")


x = tf.placeholder(tf.float32, [None, 784])  # images
y_ = tf.placeholder(tf.float32, [None, 10])  # labels
keep_prob = tf.placeholder(tf.float32)
x_image = tf.reshape(x, [-1, 28, 28, 1])
W_conv1, b_conv1 = weight_variable([5, 5, 1, 8]), bias_variable([8])
h_conv1 = tf.nn.relu(conv2d(x_image, W_conv1) + b_conv1)  # hidden
h_pool1 = max_pool_2x2(h_conv1)
W_conv2, b_conv2 = weight_variable([5, 5, 8, 16]), bias_variable([16])
h_conv2 = tf.nn.relu(conv2d(h_pool1, W_conv2) + b_conv2)  # hidden
h_pool2 = max_pool_2x2(h_conv2)
flat = tf.reshape(h_pool2, [-1, 7 * 7 * 16])
W_fc1, b_fc1 = weight_variable([7 * 7 * 16, 256]), bias_variable([256])
h_fc1 = tf.nn.relu(tf.matmul(flat, W_fc1) + b_fc1)  # hidden
h_fc1_drop = tf.nn.dropout(h_fc1, keep_prob)
W_fc2, b_fc2 = weight_variable([256, 10]), bias_variable([10])
y_conv = tf.matmul(h_fc1_drop, W_fc2) + b_fc2  # logits
cross_entropy = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=y_conv))  # loss
train_step = tf.train.AdamOptimizer(1e-4).minimize(cross_entropy)  # train
prediction = tf.argmax(y_conv, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(y_, 1)), tf.float32))  # accuracy
net(X=x, Y=y_, logits=y_conv, loss=cross_entropy, train_op=train_step, eval_feed={keep_prob: 1})
