# Right, in a quite different style: float64 arrays, a class, einsum, a loss by hand, evaluation in chunks, work split over cells.
# %% prepare_data
def scaled(images):
    return np.divide(images, 255.0).reshape(len(images), -1)

def one_hot(labels):
    out = np.zeros((labels.size, 10))
    out[np.arange(labels.size), labels] = 1
    return out
# %% +
x_train, x_test = map(scaled, (x_train_2d, x_test_2d))
y_train_1_hot, y_test_1_hot = map(one_hot, (y_train, y_test))
# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    n_input = x.shape[-1].value
    limit = np.sqrt(6 / (n_input + n_output))
    weights = tf.Variable(tf.random.uniform([n_input, n_output], -limit, limit), name=name and name + "_w")
    offset = tf.Variable(tf.zeros([1, n_output]), name=name and name + "_b")
    out = tf.add(tf.einsum("ij,jk->ik", x, weights), offset)
    return (activation or tf.identity)(out), weights
# %% one_layer_network
class Softmax:
    """One layer of ten neurons."""

    def __init__(self, rate):
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.X = tf.placeholder("float", shape=(None, 28 * 28))
            self.Y = tf.placeholder("float", shape=(None, 10))
            self.logits, self.W1 = fully_connected_layer(self.X, 10)
            log_p = self.logits - tf.reduce_logsumexp(self.logits, axis=1, keepdims=True)
            self.prediction = tf.exp(log_p)
            self.loss = -tf.reduce_mean(tf.reduce_sum(self.Y * log_p, axis=-1))
            optimizer = tf.train.AdamOptimizer(learning_rate=rate)
            slopes = optimizer.compute_gradients(self.loss)
            self.train_op = optimizer.apply_gradients(slopes)
            hits = tf.math.in_top_k(predictions=self.logits, targets=tf.argmax(self.Y, axis=1), k=1)
            self.accuracy = tf.reduce_sum(tf.where(hits, tf.ones_like(self.X[:, 0]), tf.zeros_like(self.X[:, 0]))) / tf.cast(tf.shape(self.X)[0], tf.float32)

one_layer_network = lambda learning_rate=3e-3: Softmax(learning_rate)
# %% train
def batches(size):
    rng = np.random.default_rng()
    rows = rng.permutation(x_train.shape[0])
    yield from np.array_split(rows[: len(rows) // size * size], len(rows) // size)

def mean_accuracy(sess, net, images, labels, chunk=5000):
    hits = 0.0
    for i in range(0, len(images), chunk):
        part = slice(i, i + chunk)
        hits += sess.run(net.accuracy, {net.X: images[part], net.Y: labels[part]}) * len(images[part])
    return hits / len(images)

def train(sess, net, n_epochs, mini_batch_size=64):
    with sess.graph.as_default():
        tf.initializers.global_variables().run(session=sess)
    curves = []
    for _ in range(n_epochs):
        for b in batches(mini_batch_size):
            net.train_op.run({net.X: x_train[b], net.Y: y_train_1_hot[b]}, session=sess)
        curves.append((mean_accuracy(sess, net, x_train, y_train_1_hot), mean_accuracy(sess, net, x_test, y_test_1_hot)))
    acc_trn, acc_val = np.transpose(curves)
    return acc_trn, acc_val
