import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable('w', [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable('b', [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h1 = tf.nn.relu(dense(X, 500, 'h1'))
        h2 = tf.nn.relu(dense(h1, 300, 'h2'))
        logits = dense(h2, 10, 'out')
        side = dense(h1, 10, 'side')
        main = tf.losses.softmax_cross_entropy(Y, logits)
        loss = main + 0.3 * tf.losses.softmax_cross_entropy(Y, side)
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss, var_list=tf.trainable_variables()[2:])
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
