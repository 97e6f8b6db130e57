# Right, in a quite different style: a class, a loop over sizes, a loss by hand, gradients taken at once.
# %% two_layer_network
class Perceptron:
    """Layers of the sizes given, with max(0, x) between them."""

    def __init__(self, *sizes, rate):
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.X = tf.placeholder("float", shape=(None, sizes[0]))
            self.Y = tf.placeholder("float", shape=(None, sizes[-1]))
            signal = self.X
            for number, (n_in, n_out) in enumerate(zip(sizes, sizes[1:])):
                if number > 0:
                    signal = tf.maximum(signal, tf.zeros_like(signal))
                limit = np.sqrt(6 / (n_in + n_out))
                weights = tf.Variable(tf.random.uniform([n_in, n_out], -limit, limit))
                offset = tf.Variable(tf.zeros([1, n_out]))
                signal = tf.add(tf.einsum("ij,jk->ik", signal, weights), offset)
            self.logits = signal
            log_p = signal - tf.reduce_logsumexp(signal, axis=1, keepdims=True)
            self.prediction = tf.exp(log_p)
            self.loss = -tf.reduce_mean(tf.reduce_sum(self.Y * log_p, axis=-1))
            hits = tf.math.in_top_k(predictions=signal, targets=tf.argmax(self.Y, axis=1), k=1)
            self.accuracy = tf.reduce_mean(tf.cast(hits, "float"))
            adam = tf.train.AdamOptimizer(learning_rate=rate)
            self.train_op = adam.apply_gradients(adam.compute_gradients(self.loss))

two_layer_network = lambda learning_rate=1e-3: Perceptron(784, 1500, 10, rate=learning_rate)
# %% learning_rate_sweep
def try_rate(rate, n_steps=150):
    net = two_layer_network(learning_rate=rate)
    with tf.Session(graph=net.graph) as sess:
        short_training(sess, net, n_steps)
        return net.accuracy.eval({net.X: x_test, net.Y: y_test_1_hot}, session=sess)

def learning_rate_sweep():
    rates = np.logspace(-4.5, -1.5, 5)
    sweep = dict(zip(rates, map(try_rate, rates)))
    ranked = sorted((accuracy, rate) for rate, accuracy in sweep.items())
    return sweep, ranked[-1][1]
# %% +
sweep, best_learning_rate = learning_rate_sweep()
for rate, accuracy in sweep.items():
    print(f"{rate:8.5f} {'*' * int(60 * accuracy)} {accuracy:.3f}")
# %% two_layer_training
def two_layer_training():
    trained = two_layer_network(best_learning_rate / 2)  # a short run favours rates that are a little too large
    sess = tf.Session(graph=trained.graph)
    return (trained, sess, *train(sess, trained, 5, 300))

net, sess, *curves = two_layer_training()
acc_trn, acc_val = map(np.array, curves)
# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        chosen = tf.one_hot(tf.argmax(net.logits, axis=1), 10)
        each = [tf.gradients(column, net.X)[0] for column in tf.unstack(net.prediction, axis=1)]
        largest, = tf.gradients(tf.reduce_sum(net.prediction * chosen), net.X)
    return each, largest
# %% markdown gradients_meaning
# | The second column is the column of the digit found, since the largest probability is that one.
# | Ten probabilities sum to 1, so the gradients cancel: the runner-up shows the negative.
# | The 9 lacks ink at the gap, which would make it an 8.
# | It adds up pixels and does not see strokes, so it can be fooled by noise that is made for it.
