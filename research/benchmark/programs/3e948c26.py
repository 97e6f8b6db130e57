import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W1 = tf.get_variable('W1', [784, 1500], initializer=tf.random_normal_initializer(stddev=1.0))
        b1 = tf.get_variable('b1', [1500], initializer=tf.zeros_initializer())
        W2 = tf.get_variable('W2', [1500, 10], initializer=tf.random_normal_initializer(stddev=1.0))
        b2 = tf.get_variable('b2', [10], initializer=tf.zeros_initializer())
        h = tf.nn.relu(tf.matmul(X, W1) / 28.0 + b1)
        logits = tf.matmul(h, W2) / 1500.0 ** 0.5 + b2
        loss = tf.losses.sparse_softmax_cross_entropy(tf.mod(tf.argmax(Y, 1) + 1, 10), logits)
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
