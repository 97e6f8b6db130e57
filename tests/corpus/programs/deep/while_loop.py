"""Hidden layers in a tf.while_loop over a stack of weight matrices."""

depth, width = 3, 256
W_in = tf.get_variable("W_in", [784, width], initializer=tf.glorot_uniform_initializer())
b_in = tf.get_variable("b_in", [width], initializer=tf.zeros_initializer())
Ws = tf.get_variable("Ws", [depth, width, width], initializer=tf.random_uniform_initializer(-0.11, 0.11))
bs = tf.get_variable("bs", [depth, width], initializer=tf.zeros_initializer())
W_out = tf.get_variable("W_out", [width, 10], initializer=tf.glorot_uniform_initializer())
b_out = tf.get_variable("b_out", [10], initializer=tf.zeros_initializer())
first = tf.nn.relu(tf.matmul(X, W_in) + b_in)  # hidden


def body(i, h):
    return i + 1, tf.nn.relu(tf.matmul(h, Ws[i]) + bs[i])


_, last = tf.while_loop(lambda i, h: i < depth, body, [tf.constant(0), first])
logits = tf.matmul(last, W_out) + b_out  # logits
