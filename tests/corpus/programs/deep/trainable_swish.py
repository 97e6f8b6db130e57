"""Swish with a slope that is learned, and root-mean-square normalisation of each row."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


def rms(t, name):
    gain = tf.get_variable(name, [t.shape[-1]], initializer=tf.ones_initializer())
    return gain * t * tf.rsqrt(tf.reduce_mean(tf.square(t), axis=1, keepdims=True) + 1e-6)


slope = tf.get_variable("slope", [], initializer=tf.ones_initializer())


def swish(t):
    return t * tf.sigmoid(slope * t)


h1 = swish(rms(dense(X, 400, "h1"), "gain1"))
h2 = swish(rms(dense(h1, 400, "h2"), "gain2"))
logits = dense(h2, 10, "out")  # logits
