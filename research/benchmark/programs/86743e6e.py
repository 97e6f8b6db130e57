import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

import functools

def lazy(function):
    name = '_lazy_' + function.__name__

    @property
    @functools.wraps(function)
    def wrapper(self):
        if not hasattr(self, name):
            with self.graph.as_default(), tf.variable_scope(function.__name__):
                setattr(self, name, function(self))
        return getattr(self, name)
    return wrapper

class SoftmaxRegression:

    def __init__(self, learning_rate):
        self.learning_rate = learning_rate
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.X = tf.placeholder(tf.float32, [None, 784])
            self.Y = tf.placeholder(tf.float32, [None, 10])
            self.W1 = tf.get_variable('W1', [784, 10], initializer=tf.glorot_uniform_initializer())
            self.b1 = tf.get_variable('b1', [10], initializer=tf.zeros_initializer())
        self.logits
        self.prediction
        self.train_op
        self.accuracy

    @lazy
    def logits(self):
        scores = tf.matmul(self.X, self.W1) + self.b1
        return scores

    @lazy
    def prediction(self):
        return tf.argmax(self.logits, 1)

    @lazy
    def loss(self):
        cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=self.Y, logits=self.logits))
        return cost

    @lazy
    def train_op(self):
        step = tf.train.AdamOptimizer(self.learning_rate).minimize(self.loss)
        return step

    @lazy
    def accuracy(self):
        hit_rate = tf.reduce_mean(tf.cast(tf.equal(self.prediction, tf.argmax(self.Y, 1)), tf.float32))
        return hit_rate

def one_layer_network(learning_rate=0.003):
    return SoftmaxRegression(learning_rate)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
