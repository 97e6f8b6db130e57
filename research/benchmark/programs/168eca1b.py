import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.uint8, [None, 784])
        X_used = tf.cast(X, tf.float32)
        Y = tf.placeholder(tf.float32, [None, 10])
        sizes = [784, 1500, 10]
        Ws, bs = ([], [])
        for i in range(2):
            Ws.append(tf.get_variable('W%d' % i, sizes[i:i + 2], initializer=tf.glorot_uniform_initializer()))
            bs.append(tf.get_variable('b%d' % i, [sizes[i + 1]], initializer=tf.zeros_initializer()))
        hidden = tf.nn.relu(tf.matmul(X_used, Ws[0]) + bs[0])
        logits = tf.matmul(hidden, Ws[1]) + bs[1]
        each_row = tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits)
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(each_row)
        shown = tf.reduce_mean(each_row)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=shown, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
