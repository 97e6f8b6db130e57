"""A second classifier on the first hidden layer adds its loss with a weight of 0.3."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


h1 = tf.nn.relu(dense(X, 500, "h1"))  # hidden
h2 = tf.nn.relu(dense(h1, 300, "h2"))  # hidden
logits = dense(h2, 10, "out")  # logits
side = dense(h1, 10, "side")
main = tf.losses.softmax_cross_entropy(Y, logits)
loss = main + 0.3 * tf.losses.softmax_cross_entropy(Y, side)
