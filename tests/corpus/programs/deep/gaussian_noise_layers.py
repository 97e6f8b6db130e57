"""Noise on the images and on the hidden layers, switched by a factor that is zero by default."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


noise = tf.placeholder_with_default(0.0, [], name="noise")


def jitter(t):
    return t + noise * tf.random_normal(tf.shape(t))


h1 = tf.nn.elu(dense(jitter(X), 400, "h1"))  # hidden
h2 = tf.nn.elu(dense(jitter(h1), 300, "h2"))  # hidden
logits = dense(jitter(h2), 10, "out")  # logits
net(noise=noise)
