"""All parameters in one flat vector, cut into weights and biases."""

glorot = tf.glorot_uniform_initializer()
start = tf.concat(
    [
        tf.reshape(glorot([784, 1500]), [-1]),
        tf.zeros([1500]),
        tf.reshape(glorot([1500, 10]), [-1]),
        tf.zeros([10]),
    ],
    axis=0,
)
theta = tf.Variable(start, name="theta")
pieces = tf.split(theta, [784 * 1500, 1500, 1500 * 10, 10])
W1 = tf.reshape(pieces[0], [784, 1500])
W2 = tf.reshape(pieces[2], [1500, 10])
h = tf.nn.relu(tf.matmul(X, W1) + pieces[1])  # hidden
logits = tf.matmul(h, W2) + pieces[3]  # logits
