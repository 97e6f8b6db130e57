"""The hidden layer's 1500 neurons in three portions of 500, computed in a tf.while_loop that adds up the scores."""

W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())


def portion(i, total):
    z = tf.matmul(X, tf.slice(W1, [0, i], [784, 500])) + tf.slice(b1, [i], [500])
    h = tf.nn.relu(z)  # hidden
    return i + 500, total + tf.matmul(h, tf.slice(W2, [i, 0], [500, 10]))


start = tf.zeros([tf.shape(X)[0], 10])
shapes = [tf.TensorShape([]), tf.TensorShape([None, 10])]
_, summed = tf.while_loop(lambda i, total: i < 1500, portion, [0, start], shape_invariants=shapes)
logits = summed + b2  # logits
