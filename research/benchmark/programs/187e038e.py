import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        A0 = tf.transpose(X)
        W1 = tf.get_variable('W1', [1500, 784], initializer=tf.glorot_uniform_initializer())
        b1 = tf.get_variable('b1', [1500, 1], initializer=tf.zeros_initializer())
        W2 = tf.get_variable('W2', [10, 1500], initializer=tf.glorot_uniform_initializer())
        b2 = tf.get_variable('b2', [10, 1], initializer=tf.zeros_initializer())
        A1 = tf.nn.relu(tf.matmul(W1, A0) + b1)
        Z2 = tf.matmul(W2, A1) + b2
        cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.transpose(Y), logits=Z2, axis=0))
        optimizer = tf.train.AdamOptimizer(learning_rate).minimize(cost)
        prediction = tf.argmax(Z2, axis=0)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(tf.transpose(Z2), 0), tf.argmax(Y, 0)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=tf.transpose(Z2), prediction=prediction, loss=cost, train_op=optimizer, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
