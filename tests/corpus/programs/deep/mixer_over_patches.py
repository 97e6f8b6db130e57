"""Patches of 7 x 7 pixels, mixed over the patches and over the channels in turn."""


def gelu(t):
    return 0.5 * t * (1.0 + tf.erf(t / 2.0**0.5))


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


t = tf.reshape(X, [-1, 4, 7, 4, 7])
t = tf.reshape(tf.transpose(t, [0, 1, 3, 2, 4]), [-1, 16, 49])
E = tf.get_variable("embed", [49, 32], initializer=tf.glorot_uniform_initializer())
T = tf.get_variable("tokens", [16, 16], initializer=tf.glorot_uniform_initializer())
C = tf.get_variable("channels", [32, 32], initializer=tf.glorot_uniform_initializer())
t = gelu(tf.einsum("npf,fc->npc", t, E))
t = t + gelu(tf.einsum("npc,pq->nqc", t, T))
t = t + gelu(tf.einsum("npc,cd->npd", t, C))
logits = dense(tf.reduce_mean(t, 1), 10, "out")  # logits
