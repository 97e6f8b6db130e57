"""Gated linear units: one half of each layer decides how much of the other passes."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


def glu(x, n, name):
    a, g = tf.split(dense(x, 2 * n, name), 2, axis=1)
    return a * tf.sigmoid(g)


h = glu(X, 400, "first")
h = glu(h, 400, "second")
logits = dense(h, 10, "out")  # logits
