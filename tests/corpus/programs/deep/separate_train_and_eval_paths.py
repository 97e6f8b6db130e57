"""One function builds the network twice: noisy for the loss, clean for logits and accuracy."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


def net(x, rate):
    with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
        h = tf.nn.dropout(tf.nn.relu(dense(x, 600, "h1")), rate=rate)
        h = tf.nn.dropout(tf.nn.relu(dense(h, 600, "h2")), rate=rate)
        return dense(h, 10, "out")


noisy = net(X, 0.4)
logits = net(X, 0.0)  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=noisy))  # loss
