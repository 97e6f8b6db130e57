import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

class Network:
    pass

def one_layer_network(learning_rate=0.003):
    n = Network()
    n.graph = tf.Graph()
    with n.graph.as_default():
        n.X = tf.placeholder(tf.float32, (None, 28 * 28))
        n.Y = tf.placeholder(tf.float32, (None, 10))
        n.W1 = tf.Variable(tf.glorot_uniform_initializer(seed=1)([784, 10]))
        n.b1 = tf.Variable(tf.constant(0.0, shape=[1, 10]))
        n.logits = tf.einsum('nd,dc->nc', n.X, n.W1) + n.b1
        n.prediction = tf.argmax(n.logits, axis=1)
        n.loss = tf.reduce_mean(tf.reduce_logsumexp(n.logits, axis=0)) - tf.reduce_mean(tf.reduce_sum(n.Y * n.logits, axis=1))
        n.train_op = tf.train.AdamOptimizer(learning_rate).minimize(n.loss)
        n.accuracy = tf.reduce_mean(tf.keras.metrics.categorical_accuracy(n.Y, n.logits))
    return n

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
