import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])

        def block(t, width, name):
            with tf.variable_scope(name):
                W = tf.get_variable('W', [t.shape[1], width], initializer=tf.glorot_uniform_initializer())
                g = tf.get_variable('g', [width], initializer=tf.ones_initializer())
                b = tf.get_variable('b', [width], initializer=tf.zeros_initializer())
            z = tf.matmul(t, W)
            mu, var = tf.nn.moments(z, axes=[1], keep_dims=True)
            out = tf.nn.leaky_relu(g * (z - mu) * tf.rsqrt(var + 1e-05) + b)
            out = (out - tf.reduce_mean(out, 0, keepdims=True)) / (tf.math.reduce_std(out, 0, keepdims=True) + 0.001)
            return out
        h = block(block(X, 500, 'one'), 300, 'two')
        W3 = tf.get_variable('W3', [300, 10], initializer=tf.glorot_uniform_initializer())
        b3 = tf.get_variable('b3', [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(h, W3) + b3
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        train_op = tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
