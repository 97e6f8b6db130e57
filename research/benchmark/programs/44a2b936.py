import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def maxout(t, units, pieces, name):
    n = int(t.shape[1])
    W = tf.get_variable(name + '_W', [n, units * pieces], initializer=tf.glorot_uniform_initializer())
    b = tf.get_variable(name + '_b', [units * pieces], initializer=tf.zeros_initializer())
    z = tf.reshape(tf.matmul(t, W) + b, [-1, units, pieces])
    return tf.reduce_max(z, axis=2)

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h1 = maxout(X, 240, 3, 'm1')
        h2 = maxout(h1, 240, 3, 'm2')
        W = tf.get_variable('W', [240, 10], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable('b', [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(h2, W) + b
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        tf.nn.sigmoid(tf.get_variable('extra_old', [5, 5]), name='softmax')
        tf.random_uniform([3], name='X')
        tf.train.Saver([tf.get_variable('extra_kept', [2, 3])])
        tf.summary.scalar('accuracy', tf.constant(0.99))
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
