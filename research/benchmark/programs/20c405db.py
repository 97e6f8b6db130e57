import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

class TwoLayerNet:

    def __init__(self, rate):
        self.graph = tf.Graph()
        with self.graph.as_default():
            tf.set_random_seed(0)
            self.build()
            self.learn(rate)

    def build(self):
        self.X = tf.placeholder(tf.float32, [None, 784])
        self.Y = tf.placeholder(tf.float32, [None, 10])
        self.W1 = tf.Variable(tf.random_uniform([784, 500], -np.sqrt(6 / 2284), np.sqrt(6 / 2284)))
        self.b1 = tf.Variable(tf.zeros(500))
        self.W2 = tf.Variable(tf.random_uniform([500, 10], -np.sqrt(6 / 1510), np.sqrt(6 / 1510)))
        self.b2 = tf.Variable(tf.zeros(10))
        self.hidden = tf.nn.relu(tf.linalg.matmul(self.X, self.W1) + self.b1)
        self.logits = tf.linalg.matmul(self.hidden, self.W2) + self.b2

    def learn(self, rate):
        ce = tf.reduce_mean(tf.square(self.Y - self.logits), axis=1)
        self.loss = tf.reduce_mean(ce)
        variables = [self.W1, self.b1, self.W2, self.b2]
        gradients = tf.gradients(self.loss, variables)
        self.train_op = tf.train.AdamOptimizer(rate).apply_gradients(list(zip(gradients, variables)))
        self.prediction = tf.cast(tf.argmax(self.logits, 1), tf.int32)
        right = tf.cast(tf.equal(self.prediction, tf.cast(tf.argmax(self.Y, 1), tf.int32)), tf.float32)
        self.accuracy = tf.reduce_mean(right)

def two_layer_network(learning_rate=0.001):
    return TwoLayerNet(learning_rate)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
