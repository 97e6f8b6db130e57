"""A Keras layer and a Keras loss inside the graph."""

from types import SimpleNamespace

import tensorflow.compat.v1 as tf


def one_layer_network(learning_rate=0.003):
    net = SimpleNamespace()
    net.graph = tf.Graph()
    with net.graph.as_default():
        net.X = tf.placeholder(tf.float32, [None, 784], name="X")  # images
        net.Y = tf.placeholder(tf.float32, [None, 10], name="Y")  # labels
        dense = tf.keras.layers.Dense(10, kernel_initializer="glorot_uniform")
        net.logits = dense(net.X)  # logits
        net.W1 = dense.kernel.value
        net.prediction = tf.argmax(net.logits, 1)
        net.loss = tf.keras.losses.CategoricalCrossentropy(from_logits=True)(net.Y, net.logits)  # loss
        net.train_op = tf.train.AdamOptimizer(learning_rate).minimize(net.loss)  # train
        net.accuracy = tf.reduce_mean(tf.cast(tf.equal(net.prediction, tf.argmax(net.Y, 1)), tf.float32))  # accuracy
    return net
