"""The loss of the old tutorials, with the probabilities clipped before the logarithm."""

x = tf.placeholder(tf.float32, shape=[None, 784])  # images
y = tf.placeholder(tf.float32, shape=[None, 10])  # labels
w = tf.Variable(tf.random_normal([784, 10], stddev=0.05))
b = tf.Variable(tf.zeros([10]))
scores = tf.matmul(x, w) + b  # logits
probs = tf.nn.softmax(scores)
cost = tf.reduce_mean(-tf.reduce_sum(y * tf.log(tf.clip_by_value(probs, 1e-10, 1.0)), reduction_indices=[1]))
train = tf.train.AdamOptimizer(learning_rate).minimize(cost)  # train
guess = tf.argmax(probs, 1)
acc = tf.reduce_mean(tf.cast(tf.equal(guess, tf.argmax(y, 1)), "float"))  # accuracy
net(X=x, Y=y, logits=scores, prediction=guess, loss=cost, train_op=train, accuracy=acc, W1=w)
