"""Only the largest tenth of each hidden layer's outputs is passed on."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


def winners(t, k):
    limit = tf.nn.top_k(t, k).values[:, -1:]
    return tf.where(t >= limit, t, tf.zeros_like(t))


h1 = winners(dense(X, 600, "h1"), 60)
h2 = winners(dense(h1, 600, "h2"), 60)
logits = dense(h2, 10, "out")  # logits
