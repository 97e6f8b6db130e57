"""What notebook 1 made, for notebooks 2 and 3, so that they can be done by whoever got stuck there.

It ships with them only, after the deadline of notebook 1.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import tensorflow.compat.v1 as tf

from netgrader.student import Live, load_mnist

__all__ = [
    "fully_connected_layer",
    "one_layer_network",
    "short_training",
    "train",
    "x_test",
    "x_train",
    "y_test_1_hot",
    "y_train_1_hot",
]

ROWS_AT_ONCE = 10_000  # divides both sets; the hidden layer of all 60,000 images at once would fill the memory


def prepare_data(images, labels):
    """Grey levels from 0 to 1, an image a row of 784, and one-hot labels; both float32."""
    return images.reshape(len(images), -1).astype(np.float32) / 255, np.eye(10, dtype=np.float32)[labels]


(_x_train_2d, _y_train), (_x_test_2d, _y_test) = load_mnist()
x_train, y_train_1_hot = prepare_data(_x_train_2d, _y_train)
x_test, y_test_1_hot = prepare_data(_x_test_2d, _y_test)


def fully_connected_layer(x, n_output, name=None, activation=None):
    """Add a fully connected layer to the default graph.

    Parameters
    ----------
    x
        A tensor of shape (n, number of inputs).
    n_output
        The number of neurons.
    name
        The scope of its variables; if None, a free one is chosen.
    activation
        A function for the nonlinear step, such as ``tf.nn.relu``; if None, there is no such step.

    Returns
    -------
    h
        The output, a tensor of shape (n, n_output).
    W
        The weights, a variable of shape (number of inputs, n_output), which begin Glorot-uniform.
    """
    n_input = int(x.shape[-1])
    with tf.variable_scope(name, default_name="layer"):
        W = tf.get_variable("W", [n_input, n_output], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n_output], initializer=tf.zeros_initializer())
        z = tf.matmul(x, W) + b
        h = z if activation is None else activation(z)
    return h, W


def one_layer_network(learning_rate=0.003):
    """The network of notebook 1: one layer of 10 neurons, softmax cross-entropy, Adam."""
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        logits, W1 = fully_connected_layer(X, 10, name="layer_1")
        prediction = tf.nn.softmax(logits, name="prediction")
        with tf.name_scope("loss"):
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        with tf.name_scope("accuracy"):
            correct = tf.equal(tf.argmax(prediction, axis=1), tf.argmax(Y, axis=1))
            accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(
        graph=graph,
        X=X,
        Y=Y,
        logits=logits,
        W1=W1,
        prediction=prediction,
        loss=loss,
        train_op=train_op,
        accuracy=accuracy,
    )


def train(sess, net, n_epochs, mini_batch_size=64):
    """Train `net` in the session `sess` on all training images, from the beginning, and show how it goes.

    Parameters
    ----------
    sess
        A session on ``net.graph``.
    net
        A network with the parts ``graph, X, Y, train_op, accuracy``.
    n_epochs
        How often to go through all training images.
    mini_batch_size
        The number of images in a training step.

    Returns
    -------
    acc_trn, acc_val
        Lists of the accuracy on all training images and on all test images after each epoch.
    """
    _initialise(sess, net)
    acc_trn, acc_val = [], []
    live = Live(n_epochs)
    for _ in range(n_epochs):
        order = np.random.permutation(len(x_train))
        for start in live.progress(range(0, len(order), mini_batch_size)):
            rows = order[start : start + mini_batch_size]
            sess.run(net.train_op, feed_dict={net.X: x_train[rows], net.Y: y_train_1_hot[rows]})
        acc_trn.append(_accuracy(sess, net, x_train, y_train_1_hot))
        acc_val.append(_accuracy(sess, net, x_test, y_test_1_hot))
        live.curves(training=acc_trn, test=acc_val)
    return acc_trn, acc_val


def short_training(sess, net, n_steps=300, mini_batch_size=64):
    """Train `net` in the session `sess` from the beginning, for a few steps only.

    Parameters
    ----------
    sess
        A session on ``net.graph``.
    net
        A network with the parts ``graph, X, Y, loss, train_op``.
    n_steps
        How many training steps to take, on minibatches in a random order; at most one epoch.
    mini_batch_size
        The number of images in a training step.

    Returns
    -------
    list
        The loss of each minibatch, before its step.
    """
    _initialise(sess, net)
    order = np.random.permutation(len(x_train))
    losses = []
    for start in range(0, len(order), mini_batch_size)[:n_steps]:
        rows = order[start : start + mini_batch_size]
        loss, _ = sess.run([net.loss, net.train_op], feed_dict={net.X: x_train[rows], net.Y: y_train_1_hot[rows]})
        losses.append(float(loss))
    return losses


def _initialise(sess, net):
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())


def _accuracy(sess, net, x, y_1_hot):
    parts = [
        sess.run(net.accuracy, feed_dict={net.X: x[start:][:ROWS_AT_ONCE], net.Y: y_1_hot[start:][:ROWS_AT_ONCE]})
        for start in range(0, len(x), ROWS_AT_ONCE)
    ]
    return float(np.mean(parts))
