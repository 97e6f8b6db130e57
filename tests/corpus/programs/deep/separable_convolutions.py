"""Depthwise and pointwise convolutions, a dilated one, and global pooling."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


def kernel(name, shape):
    return tf.get_variable(name, shape, initializer=tf.glorot_uniform_initializer())


t = tf.reshape(X, [-1, 28, 28, 1])
t = tf.nn.relu(tf.nn.conv2d(t, kernel("k1", [5, 5, 1, 12]), [1, 2, 2, 1], "SAME"))
t = tf.nn.depthwise_conv2d(t, kernel("d", [3, 3, 12, 1]), [1, 1, 1, 1], "SAME")
t = tf.nn.relu(tf.nn.conv2d(t, kernel("p", [1, 1, 12, 24]), [1, 1, 1, 1], "SAME"))
t = tf.nn.relu(tf.nn.conv2d(t, kernel("k2", [3, 3, 24, 24]), [1, 1, 1, 1], "SAME", dilations=[1, 2, 2, 1]))
logits = dense(tf.reduce_mean(t, [1, 2]), 10, "out")  # logits
