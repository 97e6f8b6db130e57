"""Batch normalisation of the hidden layer by hand, whose shift is its bias; averages are used where nothing is trained."""

training = tf.placeholder(tf.bool, [])


def normalised(z):
    with tf.variable_scope("norm"):
        size = [int(z.shape[-1])]
        gain = tf.get_variable("gain", size, initializer=tf.ones_initializer())
        shift = tf.get_variable("shift", size, initializer=tf.zeros_initializer())
        mean = tf.get_variable("mean", size, initializer=tf.zeros_initializer(), trainable=False)
        var = tf.get_variable("var", size, initializer=tf.ones_initializer(), trainable=False)

    def learn():
        m, v = tf.nn.moments(z, [0])
        with tf.control_dependencies([mean.assign(0.9 * mean + 0.1 * m), var.assign(0.9 * var + 0.1 * v)]):
            return tf.identity(m), tf.identity(v)

    m, v = tf.cond(training, learn, lambda: (tf.identity(mean), tf.identity(var)))
    return tf.nn.batch_normalization(z, m, v, shift, gain, 1e-3)


W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
h = tf.nn.relu(normalised(tf.matmul(X, W1)))  # hidden
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
logits = tf.matmul(h, W2) + b2  # logits
net(training=training, eval_feed={training: False})
