import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def deep_network():
    d = 32
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [64, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        rows = tf.reshape(X, [-1, 28, 28])
        glorot = tf.glorot_uniform_initializer()
        Wq, Wk, Wv = [tf.get_variable(n, [28, d], initializer=glorot) for n in ('Wq', 'Wk', 'Wv')]
        q, k, v = [tf.tensordot(rows, w, [[2], [0]]) for w in (Wq, Wk, Wv)]
        attention = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) / np.sqrt(d))
        flat = tf.reshape(tf.matmul(attention, v), [-1, 28 * d])
        W1 = tf.get_variable('W1', [28 * d, 256], initializer=glorot)
        b1 = tf.get_variable('b1', [256], initializer=tf.zeros_initializer())
        W2 = tf.get_variable('W2', [256, 10], initializer=glorot)
        b2 = tf.get_variable('b2', [10], initializer=tf.zeros_initializer())
        h = tf.nn.relu(tf.matmul(flat, W1) + b1)
        logits = tf.matmul(h, W2) + b2
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
