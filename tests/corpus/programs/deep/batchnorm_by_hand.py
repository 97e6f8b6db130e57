"""Batch normalisation by hand: batch statistics in training, moving averages otherwise; no bias before it."""

MOMENTUM, EPS = 0.9, 1e-5


def batch_norm(z, training, name):
    n = z.shape[-1]
    with tf.variable_scope(name):
        gamma = tf.get_variable("gamma", [n], initializer=tf.ones_initializer())
        beta = tf.get_variable("beta", [n], initializer=tf.zeros_initializer())
        mean_avg = tf.get_variable("mean", [n], initializer=tf.zeros_initializer(), trainable=False)
        var_avg = tf.get_variable("var", [n], initializer=tf.ones_initializer(), trainable=False)
    mean, var = tf.nn.moments(z, axes=[0])

    def train():
        up_mean = tf.assign(mean_avg, MOMENTUM * mean_avg + (1 - MOMENTUM) * mean)
        up_var = tf.assign(var_avg, MOMENTUM * var_avg + (1 - MOMENTUM) * var)
        with tf.control_dependencies([up_mean, up_var]):
            return tf.identity(mean), tf.identity(var)

    mu, sigma2 = tf.cond(training, train, lambda: (tf.identity(mean_avg), tf.identity(var_avg)))
    return gamma * (z - mu) / tf.sqrt(sigma2 + EPS) + beta


is_training = tf.placeholder(tf.bool, [])
W1 = tf.get_variable("W1", [784, 512], initializer=tf.glorot_uniform_initializer())
W2 = tf.get_variable("W2", [512, 512], initializer=tf.glorot_uniform_initializer())
W3 = tf.get_variable("W3", [512, 10], initializer=tf.glorot_uniform_initializer())
b3 = tf.get_variable("b3", [10], initializer=tf.zeros_initializer())
h1 = tf.nn.relu(batch_norm(tf.matmul(X, W1), is_training, "bn1"))  # hidden
h2 = tf.nn.relu(batch_norm(tf.matmul(h1, W2), is_training, "bn2"))  # hidden
logits = tf.matmul(h2, W3) + b3  # logits
net(is_training=is_training, eval_feed={is_training: False})
