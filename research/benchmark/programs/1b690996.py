import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from collections import namedtuple
Net = namedtuple('Net', 'graph X Y logits prediction loss train_op accuracy W1 probabilities')

def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        limit = np.sqrt(6 / (784 + 10))
        W1 = tf.Variable(tf.random_uniform([784, 10], -limit, limit))
        b1 = tf.Variable(tf.zeros([10]))
        logits = X @ W1 + b1
        probabilities = tf.nn.softmax(logits)
        prediction = tf.argmax(probabilities, 1)
        loss = tf.losses.softmax_cross_entropy(Y, logits)
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        accuracy = tf.reduce_mean(tf.to_float(tf.equal(prediction, tf.argmax(Y, 1))))
    return Net(graph, X, Y, logits, prediction, loss, train_op, accuracy, W1, probabilities)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
