import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])

        def affine(t, n, name, bias=0.0):
            W = tf.get_variable('W_' + name, [t.shape[1], n], initializer=tf.glorot_uniform_initializer())
            b = tf.get_variable('b_' + name, [n], initializer=tf.constant_initializer(bias))
            return tf.matmul(t, W) + b
        y = tf.nn.softmax(affine(X, 256, 'in'))
        for k in range(2):
            H = tf.nn.relu(affine(y, 256, 'H%d' % k))
            T = tf.sigmoid(affine(y, 256, 'T%d' % k, bias=-1.0))
            y = H * T + y * (1.0 - T)
        logits = affine(y, 10, 'out')
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
