import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable('w', [x.shape[-1], n], initializer=tf.zeros_initializer())
        b = tf.get_variable('b', [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])

        def rms(t, name):
            gain = tf.get_variable(name, [t.shape[-1]], initializer=tf.ones_initializer())
            return gain * t * tf.rsqrt(tf.reduce_mean(tf.square(t), axis=1, keepdims=True) + 1e-06)
        slope = tf.get_variable('slope', [], initializer=tf.ones_initializer())

        def swish(t):
            return t * tf.sigmoid(slope * t)
        h1 = swish(rms(dense(X, 400, 'h1'), 'gain1'))
        h2 = swish(rms(dense(h1, 400, 'h2'), 'gain2'))
        logits = dense(h2, 10, 'out')
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
