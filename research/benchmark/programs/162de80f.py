import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

import math
from types import SimpleNamespace
TOTAL = 9380

class Softmax:

    def __init__(self, rate):
        with tf.variable_scope('softmax_regression'):
            self.x = tf.placeholder(tf.float32, [None, 784])
            self.y = tf.placeholder(tf.float32, [None, 10])
            self.w = tf.get_variable('w', [784, 10], initializer=tf.keras.initializers.GlorotUniform())
            self.b = tf.get_variable('b', [10], initializer=tf.constant_initializer(0.0))
            self.z = tf.add(tf.matmul(self.x, self.w), self.b)
            self.cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=self.y, logits=self.z))
            counter = tf.get_variable('counter', [], tf.int64, initializer=tf.zeros_initializer(), trainable=False)
            part = tf.minimum(tf.cast(counter, tf.float32) / TOTAL, 1.0)
            now = rate * 0.5 * (1.0 + tf.cos(math.pi * part))
            self.step = tf.train.AdamOptimizer(now).minimize(self.cost, global_step=counter)
            self.guess = tf.cast(tf.argmax(self.z, 1), tf.int32)
            truth = tf.cast(tf.argmax(self.y, 1), tf.int32)
            self.acc = tf.reduce_mean(tf.cast(tf.equal(self.guess, truth), tf.float32))

def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        m = Softmax(learning_rate)
    return SimpleNamespace(graph=graph, X=m.x, Y=m.y, logits=m.z, prediction=m.guess, loss=m.cost, train_op=m.step, accuracy=m.acc, W1=m.w)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
