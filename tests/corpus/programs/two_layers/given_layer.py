"""The notebook's fully_connected_layer, twice."""

from types import SimpleNamespace

import tensorflow.compat.v1 as tf


def two_layer_network(learning_rate=0.001):
    net = SimpleNamespace(graph=tf.Graph())
    with net.graph.as_default():
        net.X = tf.placeholder(tf.float32, [None, 784], name="X")  # images
        net.Y = tf.placeholder(tf.float32, [None, 10], name="Y")  # labels
        h, net.W1 = fully_connected_layer(net.X, 1500, name="hidden", activation=tf.nn.relu)  # hidden
        net.logits, net.W2 = fully_connected_layer(h, 10, name="output")  # logits
        net.prediction = tf.argmax(net.logits, axis=1)
        net.loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=net.Y, logits=net.logits))  # loss
        net.train_op = tf.train.AdamOptimizer(learning_rate).minimize(net.loss)  # train
        net.accuracy = tf.reduce_mean(tf.cast(tf.equal(net.prediction, tf.argmax(net.Y, 1)), tf.float32))  # accuracy
    return net
