"""The rate is a placeholder with the asked rate as its default."""

eta = tf.placeholder_with_default(learning_rate, [], name="eta")
W1 = tf.Variable(tf.random_uniform([784, 1500], -0.05, 0.05))
b1 = tf.Variable(tf.zeros([1, 1500]))
W2 = tf.Variable(tf.random_uniform([1500, 10], -0.063, 0.063))
b2 = tf.Variable(tf.zeros([1, 10]))
h = tf.nn.relu(tf.matmul(X, W1) + b1)  # hidden
logits = tf.matmul(h, W2) + b2  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(eta).minimize(loss)  # train
net(learning_rate=eta)
