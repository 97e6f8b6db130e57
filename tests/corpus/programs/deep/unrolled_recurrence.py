"""The image row by row through one recurrent cell, unrolled over 28 steps; two dense layers after it."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


rows = tf.unstack(tf.reshape(X, [-1, 28, 28]), axis=1)
U = tf.get_variable("U", [28, 96], initializer=tf.glorot_uniform_initializer())
V = tf.get_variable("V", [96, 96], initializer=tf.orthogonal_initializer(0.9))
c = tf.get_variable("c", [96], initializer=tf.zeros_initializer())
state = tf.zeros([tf.shape(X)[0], 96])
for row in rows:
    state = tf.tanh(row @ U + state @ V + c)
h = tf.nn.relu(dense(state, 128, "dense"))
logits = dense(h, 10, "out")  # logits
