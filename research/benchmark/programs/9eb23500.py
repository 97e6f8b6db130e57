import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    net = SimpleNamespace()
    net.graph = tf.Graph()
    with net.graph.as_default():
        net.X = tf.placeholder(tf.float32, [None, 784], name='X')
        net.Y = tf.placeholder(tf.float32, [None, 10], name='Y')
        dense = tf.keras.layers.Dense(10, kernel_initializer='glorot_uniform')
        net.logits = dense(net.X)
        net.W1 = dense.kernel.value
        net.prediction = tf.argmax(net.logits, 1)
        net.loss = tf.keras.losses.CategoricalCrossentropy(from_logits=True)(net.Y, net.logits)
        net.train_op = tf.train.AdamOptimizer(learning_rate).minimize(net.loss)
        net.accuracy = tf.reduce_mean(tf.cast(tf.equal(net.prediction, tf.argmax(net.Y, 1)), tf.float32))
    return net

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
