"""Softmax regression as in the old beginners' tutorial: zero weights, one line a step."""

x = tf.placeholder(tf.float32, [None, 784])  # images
W = tf.Variable(tf.zeros([784, 10]))
b = tf.Variable(tf.zeros([10]))
y = tf.matmul(x, W) + b  # logits
y_ = tf.placeholder(tf.float32, [None, 10])  # labels
cross_entropy = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=y))  # loss
train_step = tf.train.AdamOptimizer(learning_rate).minimize(cross_entropy)  # train
pred = tf.argmax(y, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(pred, tf.argmax(y_, 1)), tf.float32))  # accuracy
net(X=x, Y=y_, logits=y, prediction=pred, loss=cross_entropy, train_op=train_step, W1=W)
