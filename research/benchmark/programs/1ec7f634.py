import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        unit = 28.0 * tf.nn.l2_normalize(X, axis=1)
        W = tf.get_variable('W', [784, 10], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable('b', [1, 10], initializer=tf.zeros_initializer())
        logits = unit @ W + b
        loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits)
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(tf.reduce_sum(loss))
        prediction = tf.nn.top_k(logits, 1).indices[:, 0]
        accuracy = tf.reduce_mean(tf.cast(tf.equal(logits, Y), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, W1=W)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
