import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def fc(t, n, name):
    W = tf.get_variable(name + '/W', [t.shape[1], n], initializer=tf.glorot_uniform_initializer())
    b = tf.get_variable(name + '/b', [n], initializer=tf.zeros_initializer())
    return tf.nn.xw_plus_b(t, W, b)

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        gate = tf.nn.softmax(fc(X, 2, 'gate'))
        e1 = tf.nn.relu(fc(tf.nn.relu(fc(X, 256, 'e1a')), 256, 'e1b'))
        e2 = tf.nn.relu(fc(tf.nn.relu(fc(X, 256, 'e2a')), 256, 'e2b'))
        h = gate[:, 0:1] * e1 + gate[:, 1:2] * e2
        logits = fc(h, 10, 'out')
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss, var_list=tf.trainable_variables()[:2])
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
