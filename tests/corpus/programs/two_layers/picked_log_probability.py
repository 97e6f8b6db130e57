"""The log-probability of the true digit is picked with gather_nd; the loss is scaled by a constant."""

W1 = tf.Variable(tf.glorot_uniform_initializer()([784, 1500]), name="W1")
b1 = tf.Variable(tf.zeros([1500]), name="b1")
W2 = tf.Variable(tf.glorot_uniform_initializer()([1500, 10]), name="W2")
b2 = tf.Variable(tf.zeros([10]), name="b2")
h = -tf.minimum(-(X @ W1 + b1), 0)  # hidden
logits = h @ W2 + b2  # logits
logp = tf.nn.log_softmax(logits)  # loss
digit = tf.argmax(Y, 1, output_type=tf.int32)
where = tf.stack([tf.range(tf.shape(digit)[0]), digit], axis=1)
loss = 100.0 * tf.reduce_mean(-tf.gather_nd(logp, where))
