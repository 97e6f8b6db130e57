import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


class MLP(object):
    def __init__(self, n_hidden=1500, learning_rate=0.001):
        self.n_hidden = n_hidden
        self.learning_rate = learning_rate
        self.graph = tf.Graph()
        with self.graph.as_default():
            self._placeholders()
            self._forward()
            self._loss()
            self._optimizer()
            self._metrics()

    def _placeholders(self):
        self.X = tf.placeholder(tf.float32, [None, 784], name="X")
        self.Y = tf.placeholder(tf.float32, [None, 10], name="Y")

    def _forward(self):
        shapes = [[784, self.n_hidden], [self.n_hidden], [self.n_hidden, 10], [10]]
        self.params = [
            tf.Variable(tf.truncated_normal(s, stddev=0.05) if len(s) == 2 else tf.zeros(s))
            for s in shapes
        ]
        w1, b1, w2, b2 = self.params
        self.hidden = tf.nn.relu(tf.matmul(self.X, w1) + b1)
        self.logits = tf.matmul(self.hidden, w2) + b2
        self.prediction = tf.nn.softmax(self.logits)

    def _loss(self):
        self.loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(
            labels=self.Y, logits=self.logits))

    def _optimizer(self):
        self.train_op = tf.train.AdamOptimizer(self.learning_rate).minimize(self.loss)

    def _metrics(self):
        hits = tf.equal(tf.argmax(self.prediction, 1), tf.argmax(self.Y, 1))
        self.accuracy = tf.reduce_mean(tf.cast(hits, tf.float32))


def build():
    net = MLP()
    names = ["graph", "X", "Y", "logits", "prediction", "loss", "train_op", "accuracy"]
    return {name: getattr(net, name) for name in names}
