import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable('w', [x.shape[-1], n], initializer=tf.constant_initializer(0.02))
        b = tf.get_variable('b', [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])

        def kernel(name, shape):
            return tf.get_variable(name, shape, initializer=tf.constant_initializer(0.02))
        t = tf.reshape(X, [-1, 28, 28, 1])
        t = tf.nn.relu(tf.nn.conv2d(t, kernel('k1', [5, 5, 1, 12]), [1, 2, 2, 1], 'SAME'))
        t = tf.nn.depthwise_conv2d(t, kernel('d', [3, 3, 12, 1]), [1, 1, 1, 1], 'SAME')
        t = tf.nn.relu(tf.nn.conv2d(t, kernel('p', [1, 1, 12, 24]), [1, 1, 1, 1], 'SAME'))
        t = tf.nn.relu(tf.nn.conv2d(t, kernel('k2', [3, 3, 24, 24]), [1, 1, 1, 1], 'SAME', dilations=[1, 2, 2, 1]))
        logits = dense(tf.reduce_mean(t, [1, 2]), 10, 'out')
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
