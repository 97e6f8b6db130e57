import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def tower(x, sizes, f, scope):
    with tf.variable_scope(scope):
        for i, n in enumerate(sizes):
            w = tf.get_variable('w%d' % i, [x.shape[1], n], initializer=tf.glorot_uniform_initializer())
            c = tf.get_variable('c%d' % i, [n], initializer=tf.zeros_initializer())
            x = tf.matmul(x, w) + c
            if i < len(sizes) - 1:
                x = f(x)
    return x

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        a = tower(X, [300, 300, 10], tf.nn.elu, 'a')
        b = tower(X, [200, 200, 10], tf.nn.tanh, 'b')
        logits = (a + b) / 2.0
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
