"""The @ operator, a named tuple, no names, probabilities shown beside the logits."""

from collections import namedtuple

import numpy as np
import tensorflow.compat.v1 as tf

Net = namedtuple("Net", "graph X Y logits prediction loss train_op accuracy W1 probabilities")


def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])  # images
        Y = tf.placeholder(tf.float32, [None, 10])  # labels
        limit = np.sqrt(6 / (784 + 10))
        W1 = tf.Variable(tf.random_uniform([784, 10], -limit, limit))
        b1 = tf.Variable(tf.zeros([10]))
        logits = X @ W1 + b1  # logits
        probabilities = tf.nn.softmax(logits)
        prediction = tf.argmax(probabilities, 1)
        loss = tf.losses.softmax_cross_entropy(Y, logits)  # loss
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
        accuracy = tf.reduce_mean(tf.to_float(tf.equal(prediction, tf.argmax(Y, 1))))  # accuracy
    return Net(graph, X, Y, logits, prediction, loss, train_op, accuracy, W1, probabilities)
