"""The loss from the log-partition function: logsumexp(z) - z_y."""

W = tf.get_variable("W", [784, 10])
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
z = tf.matmul(X, W) + b  # logits
nll = tf.reduce_logsumexp(z, axis=1) - tf.reduce_sum(Y * z, axis=1)  # loss
loss = tf.reduce_mean(nll)
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(z, axis=1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, axis=1)), tf.float32))  # accuracy
net(logits=z, W1=W)
