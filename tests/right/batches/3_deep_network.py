# Three hidden layers, and images that are moved by a pixel in training.
# %% deep_network
class Deep:
    n_epochs, size = 10, 128

    def __init__(self):
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.X = tf.placeholder(tf.float32, [None, 784], name="images")
            self.Y = tf.placeholder(tf.float32, [None, 10], name="one_hot")
            h = self.X
            for number, width in enumerate((512, 512, 256)):
                h, _ = fully_connected_layer(h, width, f"hidden_{number}", tf.nn.relu)
            self.logits, _ = fully_connected_layer(h, 10, "last")
            self.prediction = tf.nn.softmax(self.logits)
            self.loss = -tf.reduce_mean(tf.reduce_sum(self.Y * tf.nn.log_softmax(self.logits), axis=[1]))
            self.step = tf.Variable(0, trainable=False, dtype=tf.int64)
            steps = self.n_epochs * (60000 // self.size)
            rate = 0.001 * (1.0 - tf.cast(self.step, tf.float32) / steps)
            self.train_op = tf.train.AdamOptimizer(rate).minimize(self.loss, global_step=self.step)
            same = tf.equal(tf.argmax(self.logits, 1), tf.argmax(self.Y, 1))
            self.accuracy = tf.reduce_mean(tf.cast(same, tf.float32))

def deep_network():
    return Deep()
# %% deep_training
def moved(x):
    down, right = np.random.randint(-1, 2, 2)
    return np.roll(x.reshape(-1, 28, 28), (down, right), axis=(1, 2)).reshape(-1, 784)

def deep_training():
    net = Deep()
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    for _ in range(net.n_epochs):
        order = np.random.permutation(60000)[: 60000 // net.size * net.size]
        for rows in order.reshape(-1, net.size):
            sess.run(net.train_op, {net.X: moved(x_train[rows]), net.Y: y_train_1_hot[rows]})
        parts = np.split(np.arange(60000), 10)
        acc_trn.append(np.mean([sess.run(net.accuracy, {net.X: x_train[p], net.Y: y_train_1_hot[p]}) for p in parts]))
        acc_val.append(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot}))
    return net, sess, acc_trn, acc_val

net, sess, acc_trn, acc_val = deep_training()
