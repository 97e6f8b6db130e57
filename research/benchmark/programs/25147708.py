import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable('w', [x.shape[-1], n], initializer=tf.constant_initializer(0.1))
        b = tf.get_variable('b', [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h1 = tf.nn.relu(dense(X, 400, 'h1'))
        h2 = tf.nn.relu(dense(h1, 400, 'h2'))
        logits = dense(h2, 10, 'out')
        soft = 0.95 * Y + 0.05 / 10
        per_image = -tf.reduce_sum(soft * tf.nn.log_softmax(logits / 1.5), 1)
        p = tf.nn.softmax(logits)
        entropy = -tf.reduce_sum(p * tf.log(p + 1e-09), 1)
        loss = tf.reduce_mean(per_image - 0.05 * entropy)
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
