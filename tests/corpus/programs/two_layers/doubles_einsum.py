"""Double precision inside, single precision at the border; einsum."""

x = tf.cast(X, tf.float64)
y = tf.cast(Y, tf.float64)
W1 = tf.get_variable("W1", [784, 1500], tf.float64, tf.glorot_uniform_initializer())
b1 = tf.Variable(tf.zeros([1500], tf.float64))
W2 = tf.get_variable("W2", [1500, 10], tf.float64, tf.glorot_uniform_initializer())
b2 = tf.Variable(tf.zeros([10], tf.float64))
h = tf.nn.relu(tf.einsum("bi,ih->bh", x, W1) + b1)  # hidden
logits = tf.einsum("bh,ho->bo", h, W2) + b2  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))  # loss
