import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def prelu(z, name):
    alpha = tf.get_variable(name, [z.shape[-1]], initializer=tf.constant_initializer(0.25))
    return tf.maximum(z, 0.0) + alpha * tf.minimum(z, 0.0)

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        net = X
        for i, n in enumerate([400, 200]):
            W = tf.get_variable('W%d' % i, [net.shape[1], n], initializer=tf.initializers.he_normal())
            b = tf.get_variable('b%d' % i, [n], initializer=tf.zeros_initializer())
            net = prelu(tf.matmul(net, W) + b, 'alpha%d' % i)
            net = (net - tf.reduce_mean(net, 0, keepdims=True)) / (tf.math.reduce_std(net, 0, keepdims=True) + 0.001)
        W = tf.get_variable('W_last', [200, 10], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable('b_last', [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(net, W) + b
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        train_op = tf.train.AdagradOptimizer(0.05).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
