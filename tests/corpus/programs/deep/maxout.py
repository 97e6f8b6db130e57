"""Maxout units: the largest of three linear pieces."""


def maxout(t, units, pieces, name):
    n = int(t.shape[1])
    W = tf.get_variable(name + "_W", [n, units * pieces], initializer=tf.glorot_uniform_initializer())
    b = tf.get_variable(name + "_b", [units * pieces], initializer=tf.zeros_initializer())
    z = tf.reshape(tf.matmul(t, W) + b, [-1, units, pieces])
    return tf.reduce_max(z, axis=2)


h1 = maxout(X, 240, 3, "m1")
h2 = maxout(h1, 240, 3, "m2")
W = tf.get_variable("W", [240, 10], initializer=tf.glorot_uniform_initializer())
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
logits = tf.matmul(h2, W) + b  # logits
