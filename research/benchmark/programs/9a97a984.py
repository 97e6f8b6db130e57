import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

def fully_connected_layer(x, n_output, name=None, activation=None):
    with tf.variable_scope(name, default_name='fully_connected'):
        n_input = int(x.shape[-1])
        weights = tf.get_variable('W', [n_input, n_output], initializer=tf.glorot_uniform_initializer())
        biases = tf.get_variable('b', [n_output], initializer=tf.zeros_initializer())
        h = tf.nn.bias_add(tf.matmul(x, weights), biases)
        return (h if activation is None else activation(h)), weights

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    net = SimpleNamespace(graph=tf.Graph())
    with net.graph.as_default():
        net.X = tf.placeholder(tf.float32, [None, 784], name='X')
        net.Y = tf.placeholder(tf.float32, [None, 10], name='Y')
        h, net.W1 = fully_connected_layer(net.X, 1500, name='hidden', activation=tf.nn.relu)
        net.logits, net.W2 = fully_connected_layer(h, 10, name='output')
        net.prediction = tf.argmax(net.logits, axis=1)
        net.loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=net.Y, logits=net.logits))
        net.train_op = tf.train.AdamOptimizer(learning_rate).minimize(net.loss)
        net.accuracy = tf.reduce_mean(tf.cast(tf.equal(net.prediction, tf.argmax(net.Y, 1)), tf.float32))
    return net

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
