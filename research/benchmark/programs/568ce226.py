import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    net = SimpleNamespace(graph=tf.Graph())
    with net.graph.as_default():
        net.X = tf.placeholder('float', [None, 784])
        net.Y = tf.placeholder('float', [None, 10])
        digits = tf.argmax(net.Y, axis=-1, output_type=tf.int32)
        net.W1 = tf.get_variable('weights', shape=[784, 10], initializer=tf.glorot_uniform_initializer())
        biases = tf.get_variable('biases', shape=[10], initializer=tf.zeros_initializer())
        net.logits = tf.nn.xw_plus_b(net.X, net.W1, biases)
        net.prediction = tf.argmax(net.logits, axis=-1, output_type=tf.int32)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=digits, logits=net.logits)
        net.loss = tf.reduce_sum(each) / tf.cast(tf.size(each), tf.float32)
        net.train_op = tf.train.AdamOptimizer(learning_rate).minimize(net.loss)
        hits = tf.count_nonzero(tf.equal(net.prediction, digits))
        net.accuracy = tf.cast(hits, tf.float32) / tf.cast(tf.size(digits), tf.float32)
    return net

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
