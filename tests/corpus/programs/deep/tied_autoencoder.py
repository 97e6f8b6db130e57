"""Classifies, and rebuilds the image from the first hidden layer with the same weights transposed."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


W1 = tf.get_variable("W1", [784, 400], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [400], initializer=tf.zeros_initializer())
c1 = tf.get_variable("c1", [784], initializer=tf.zeros_initializer())
code = tf.nn.sigmoid(X @ W1 + b1)  # hidden
rebuilt = tf.matmul(code, W1, transpose_b=True) + c1
h2 = tf.nn.relu(dense(code, 200, "h2"))  # hidden
logits = dense(h2, 10, "out")  # logits
error = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=X, logits=rebuilt))
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits)) + 0.1 * error
