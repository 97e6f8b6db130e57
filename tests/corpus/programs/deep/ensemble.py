"""Two networks trained together, their logits averaged; elu in one, tanh in the other."""


def tower(x, sizes, f, scope):
    with tf.variable_scope(scope):
        for i, n in enumerate(sizes):
            w = tf.get_variable("w%d" % i, [x.shape[1], n], initializer=tf.glorot_uniform_initializer())
            c = tf.get_variable("c%d" % i, [n], initializer=tf.zeros_initializer())
            x = tf.matmul(x, w) + c
            if i < len(sizes) - 1:
                x = f(x)
    return x


a = tower(X, [300, 300, 10], tf.nn.elu, "a")
b = tower(X, [200, 200, 10], tf.nn.tanh, "b")
logits = (a + b) / 2.0  # logits
