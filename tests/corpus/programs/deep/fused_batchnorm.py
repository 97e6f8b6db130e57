"""tf.nn.fused_batch_norm after two convolutions, averages kept under the update collection."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


training = tf.placeholder(tf.bool, [], name="training")


def block(x, n, name):
    with tf.variable_scope(name):
        k = tf.get_variable("k", [3, 3, x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        scale = tf.get_variable("scale", [n], initializer=tf.ones_initializer())
        shift = tf.get_variable("shift", [n], initializer=tf.zeros_initializer())
        mean = tf.get_variable("mean", [n], initializer=tf.zeros_initializer(), trainable=False)
        var = tf.get_variable("var", [n], initializer=tf.ones_initializer(), trainable=False)
    z = tf.nn.conv2d(x, k, [1, 2, 2, 1], "SAME")

    def learn():
        y, m, v = tf.nn.fused_batch_norm(z, scale, shift, is_training=True)[:3]
        new = [mean.assign(0.9 * mean + 0.1 * m), var.assign(0.9 * var + 0.1 * v)]
        with tf.control_dependencies(new):
            return tf.identity(y)

    def use():
        return tf.nn.fused_batch_norm(z, scale, shift, mean=mean, variance=var, is_training=False)[0]

    return tf.nn.relu(tf.cond(training, learn, use))


t = block(tf.reshape(X, [-1, 28, 28, 1]), 12, "one")
t = block(t, 24, "two")
logits = dense(tf.reshape(t, [-1, 7 * 7 * 24]), 10, "out")  # logits
net(training=training, eval_feed={training: False})
