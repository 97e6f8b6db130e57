"""The picture as 28 rows that attend to each other, then two dense layers."""

d = 32
rows = tf.reshape(X, [-1, 28, 28])
glorot = tf.glorot_uniform_initializer()
Wq, Wk, Wv = [tf.get_variable(n, [28, d], initializer=glorot) for n in ("Wq", "Wk", "Wv")]
q, k, v = [tf.tensordot(rows, w, [[2], [0]]) for w in (Wq, Wk, Wv)]
attention = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) / np.sqrt(d))
flat = tf.reshape(tf.matmul(attention, v), [-1, 28 * d])
W1 = tf.get_variable("W1", [28 * d, 256], initializer=glorot)
b1 = tf.get_variable("b1", [256], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [256, 10], initializer=glorot)
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
h = tf.nn.relu(tf.matmul(flat, W1) + b1)
logits = tf.matmul(h, W2) + b2  # logits
