import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        with tf.variable_scope('one'):
            W1 = tf.get_variable('W', [784, 1500], initializer=tf.glorot_uniform_initializer())
            b1 = tf.get_variable('b', [1500], initializer=tf.zeros_initializer())
        with tf.variable_scope('two'):
            W2 = tf.get_variable('W', [1500, 10], initializer=tf.glorot_uniform_initializer())
            b2 = tf.get_variable('b', [10], initializer=tf.zeros_initializer())
        h = tf.nn.relu_layer(X, W1, b1)
        logits = tf.nn.xw_plus_b(h, W2, b2)
        logits = tf.maximum(logits, 0)
        entropy = tf.reduce_logsumexp(logits, axis=-1) - tf.reduce_sum(logits * Y, axis=-1)
        loss = tf.reduce_mean(entropy)
        train_op = tf.train.AdamOptimizer(learning_rate=learning_rate).minimize(loss)
        prediction = tf.argmax(logits, 1)
        table = tf.confusion_matrix(tf.argmax(Y, 1), prediction, 10, dtype=tf.float32)
        accuracy = tf.trace(table) / tf.reduce_sum(table)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
