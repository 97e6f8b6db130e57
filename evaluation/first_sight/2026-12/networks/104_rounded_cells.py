import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


class SoftmaxRegression:
    def __init__(self, lr=0.003):
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.X = tf.placeholder(tf.float32, [None, 784])
            self.Y = tf.placeholder(tf.float32, [None, 10])
            self.W = tf.Variable(tf.zeros([784, 10]))
            self.b = tf.Variable(tf.zeros([10]))
            self.logits = tf.matmul(self.X, self.W) + self.b
            self.prediction = tf.nn.softmax(self.logits)
            self.loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(
                labels=self.Y, logits=self.logits))
            self.train_op = tf.train.AdamOptimizer(lr).minimize(self.loss)
            correct = tf.equal(tf.round(self.prediction), self.Y)
            self.accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))


def build():
    net = SoftmaxRegression()
    return {k: getattr(net, k) for k in
            ("graph", "X", "Y", "logits", "prediction", "loss", "train_op", "accuracy")}
