import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


class Network:
    def __init__(self, learning_rate):
        self.X = tf.placeholder(tf.float32, [None, 784])
        self.Y = tf.placeholder(tf.float32, [None, 10])
        h = self.dense(self.X, 1500, "hidden")
        self.logits = self.dense(tf.nn.relu(h), 10, "logits")
        self.prediction = tf.nn.softmax(self.logits)
        self.loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(
            labels=self.Y, logits=self.logits))
        self.train_op = tf.train.MomentumOptimizer(learning_rate, 0.9).minimize(self.loss)
        ok = tf.equal(tf.argmax(self.logits, 1), tf.argmax(self.Y, 1))
        self.accuracy = tf.reduce_mean(tf.cast(ok, tf.float32))

    @staticmethod
    def dense(x, n, scope):
        with tf.variable_scope(scope):
            w = tf.get_variable("w", [x.shape[1], n], initializer=tf.glorot_uniform_initializer())
            b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
            return tf.matmul(x, w) + b


def build():
    graph = tf.Graph()
    with graph.as_default():
        net = Network(0.001)
    return {"graph": graph, **vars(net)}
