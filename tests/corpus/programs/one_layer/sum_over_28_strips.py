"""The image cut into its 28 rows of pixels, each with its own slice of the weights, added up."""

W = tf.Variable(tf.glorot_uniform_initializer()([784, 10]))
b = tf.Variable(tf.zeros(10))
strips = tf.split(X, 28, axis=1)
slices = [W[28 * i : 28 * (i + 1)] for i in range(28)]
logits = tf.add_n([tf.matmul(x, w) for x, w in zip(strips, slices)]) + b  # logits
log_p = tf.nn.log_softmax(logits)
loss = -tf.reduce_mean(tf.reduce_sum(Y * log_p, 1))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.exp(log_p)
accuracy = tf.reduce_mean(tf.to_float(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1))))  # accuracy
net(W1=W)
