# Classes: a network that is an object, and a rate that is a placeholder inside it.
# %% two_layer_network
class TwoLayers:
    def __init__(self, learning_rate):
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.X = tf.placeholder(tf.float32, [None, 784], name="images")
            self.Y = tf.placeholder(tf.float32, [None, 10], name="one_hot")
            first, _ = fully_connected_layer(self.X, 1500, "first", lambda z: z * tf.cast(z > 0, tf.float32))
            self.logits, _ = fully_connected_layer(first, 10, "second")
            self.prediction = tf.nn.softmax(self.logits)
            self.loss = -tf.reduce_mean(tf.reduce_sum(self.Y * tf.nn.log_softmax(self.logits), axis=[1]))
            self.rate = tf.placeholder_with_default(np.float32(learning_rate), [])
            self.train_op = tf.train.AdamOptimizer(self.rate).minimize(self.loss)
            found, true = tf.argmax(self.prediction, -1), tf.argmax(self.Y, -1)
            self.accuracy = tf.count_nonzero(tf.equal(found, true), dtype=tf.float32) / tf.cast(tf.size(true), tf.float32)

def two_layer_network(learning_rate=0.001):
    return TwoLayers(learning_rate)
# %% learning_rate_sweep
def learning_rate_sweep():
    results = {}
    for rate in np.logspace(-4, -2, 5):
        net = TwoLayers(rate)
        with tf.Session(graph=net.graph) as sess:
            short_training(sess, net, 350)
            results[float(rate)] = float(net.accuracy.eval({net.X: x_test, net.Y: y_test_1_hot}))
    return results, sorted(results, key=lambda rate: results[rate])[-1]

sweep, best_learning_rate = learning_rate_sweep()
# %% two_layer_training
net = TwoLayers(best_learning_rate)
sess = tf.Session(graph=net.graph)
acc_trn, acc_val = train(sess, net, 5, mini_batch_size=300)

def two_layer_training():
    return net, sess, acc_trn, acc_val
# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        p = net.prediction
        each = [tf.gradients(tf.reduce_sum(p * tf.one_hot(digit, 10)), net.X)[0] for digit in range(10)]
        mask = tf.one_hot(tf.argmax(p, 1), 10)
        largest = tf.gradients(tf.reduce_sum(p * mask), net.X)[0]
    return each, largest
# %% markdown gradients_meaning
# | The largest output is one of the ten. Pixels that make a digit likelier make another one less likely.
