import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    f64 = tf.float64
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(f64, [None, 784])
        Y = tf.placeholder(f64, [None, 10])
        W = tf.get_variable('W', [784, 10], f64, tf.glorot_uniform_initializer(dtype=f64))
        b = tf.get_variable('b', [10], f64, tf.zeros_initializer(dtype=f64))
        Z = tf.tensordot(X, W, axes=[[1], [0]]) + b
        J = tf.reduce_mean(tf.reduce_logsumexp(Z, axis=0)) - tf.reduce_mean(tf.reduce_sum(Y * Z, axis=1))
        step = tf.train.AdamOptimizer(learning_rate).minimize(J)
        k = tf.argmax(Z, 1)
        acc = tf.reduce_mean(tf.cast(tf.equal(k, tf.argmax(Y, 1)), f64))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=Z, prediction=k, loss=J, train_op=step, accuracy=acc, W1=W)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
