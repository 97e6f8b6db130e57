"""Labels smoothed, a temperature on the scores, and a penalty on confident outputs."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


h1 = tf.nn.relu(dense(X, 400, "h1"))  # hidden
h2 = tf.nn.relu(dense(h1, 400, "h2"))  # hidden
logits = dense(h2, 10, "out")  # logits
soft = 0.95 * Y + 0.05 / 10
per_image = -tf.reduce_sum(soft * tf.nn.log_softmax(logits / 1.5), 1)
p = tf.nn.softmax(logits)
entropy = -tf.reduce_sum(p * tf.log(p + 1e-9), 1)
loss = tf.reduce_mean(per_image - 0.05 * entropy)
