"""Weights start from NumPy arrays that stand in the graph as constants."""


def glorot(n_in, n_out):
    r = np.sqrt(6.0 / (n_in + n_out))
    return np.random.uniform(-r, r, size=(n_in, n_out)).astype("float32")


X = tf.placeholder("float32", [None, 784])  # images
Y = tf.placeholder("float32", [None, 10])  # labels
W1 = tf.Variable(glorot(784, 1500))
b1 = tf.Variable(np.zeros(1500, "float32"))
W2 = tf.Variable(glorot(1500, 10))
b2 = tf.Variable(np.zeros(10, "float32"))
h = tf.nn.relu(tf.matmul(X, W1) + b1)  # hidden
logits = tf.matmul(h, W2) + b2  # logits
