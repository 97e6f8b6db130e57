"""The @ operator, no names, probabilities shown beside the logits."""

limit = np.sqrt(6 / (784 + 10))
W1 = tf.Variable(tf.random_uniform([784, 10], -limit, limit))
b1 = tf.Variable(tf.zeros([10]))
logits = X @ W1 + b1  # logits
probabilities = tf.nn.softmax(logits)
prediction = tf.argmax(probabilities, 1)
loss = tf.losses.softmax_cross_entropy(Y, logits)  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
accuracy = tf.reduce_mean(tf.to_float(tf.equal(prediction, tf.argmax(Y, 1))))  # accuracy
net(W1=W1, probabilities=probabilities)
