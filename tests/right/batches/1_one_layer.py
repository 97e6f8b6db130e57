# Classes: a data set with next_batch, and a network that is an object.
# %% prepare_data
def prepared(images, labels):
    rows = images.astype(np.float64).reshape((-1, 28 * 28))
    rows /= rows.max()
    return rows, (labels[:, None] == np.arange(10)).astype(float)

x_train, y_train_1_hot = prepared(x_train_2d, y_train)
x_test, y_test_1_hot = prepared(x_test_2d, y_test)
# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    shape = [x.shape.as_list()[1], n_output]
    with tf.variable_scope(None, default_name=name or "layer"):
        W = tf.get_variable("weights", shape=shape, initializer=tf.keras.initializers.glorot_uniform())
        b = tf.get_variable("biases", shape=shape[1:], initializer=tf.constant_initializer(0.0))
        out = tf.nn.bias_add(x @ W, b, name="out")
        return (out if activation is None else activation(out)), W
# %% one_layer_network
class OneLayer:
    def __init__(self, learning_rate):
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.X = tf.placeholder(tf.float32, [None, 784], name="images")
            self.Y = tf.placeholder(tf.float32, [None, 10], name="one_hot")
            self.logits, self.W1 = fully_connected_layer(self.X, 10)
            self.prediction = tf.nn.softmax(self.logits)
            self.loss = -tf.reduce_mean(tf.reduce_sum(self.Y * tf.nn.log_softmax(self.logits), axis=[1]))
            self.train_op = tf.train.AdamOptimizer(learning_rate, name="Adam").minimize(self.loss)
            found, true = tf.argmax(self.prediction, -1), tf.argmax(self.Y, -1)
            self.accuracy = tf.reduce_mean(tf.where(tf.equal(found, true), tf.ones_like(found, tf.float32), tf.zeros_like(found, tf.float32)))

def one_layer_network(learning_rate=0.003):
    return OneLayer(learning_rate)
# %% train
class Batches:
    def __init__(self, x, y):
        self.x, self.y, self.at = x, y, len(x)

    def next_batch(self, size):
        if self.at + size > len(self.x):
            order = np.random.permutation(len(self.x))
            self.x, self.y, self.at = self.x[order], self.y[order], 0
        self.at += size
        return self.x[self.at - size : self.at], self.y[self.at - size : self.at]

def train(sess, net, n_epochs, mini_batch_size=64):
    with net.graph.as_default():
        tf.global_variables_initializer().run(session=sess)
    data = Batches(x_train, y_train_1_hot)
    acc_trn, acc_val = [], []
    for _ in range(n_epochs):
        for _ in range(len(x_train) // mini_batch_size):
            xs, ys = data.next_batch(mini_batch_size)
            sess.run(net.train_op, {net.X: xs, net.Y: ys})
        for x, y, out in ((x_train, y_train_1_hot, acc_trn), (x_test, y_test_1_hot, acc_val)):
            out.append(sess.run(net.accuracy, {net.X: x, net.Y: y}))
    return acc_trn, acc_val
