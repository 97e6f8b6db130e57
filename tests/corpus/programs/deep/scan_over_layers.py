"""Three equal layers by tf.scan over the stacked weights."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


first = tf.nn.relu(dense(X, 128, "first"))  # hidden
Ws = tf.get_variable("Ws", [3, 128, 128], initializer=tf.random_uniform_initializer(-0.15, 0.15))
bs = tf.get_variable("bs", [3, 128], initializer=tf.zeros_initializer())
states = tf.scan(lambda h, p: tf.nn.relu(h @ p[0] + p[1]), (Ws, bs), initializer=first)
logits = dense(states[-1], 10, "out")  # logits
