"""ReLU as (x + |x|) / 2, a summed loss."""

from types import SimpleNamespace

import tensorflow.compat.v1 as tf


def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])  # images
        Y = tf.placeholder(tf.float32, [None, 10])  # labels
        init = tf.glorot_uniform_initializer()
        params = {
            "W1": tf.Variable(init([784, 1500])),
            "b1": tf.Variable(tf.zeros([1500])),
            "W2": tf.Variable(init([1500, 10])),
            "b2": tf.Variable(tf.zeros([10])),
        }
        s = tf.nn.xw_plus_b(X, params["W1"], params["b1"])
        h = 0.5 * (s + tf.abs(s))  # hidden
        logits = tf.nn.xw_plus_b(h, params["W2"], params["b2"])  # logits
        loss = tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
    return SimpleNamespace(
        graph=graph,
        X=X,
        Y=Y,
        logits=logits,
        prediction=prediction,
        loss=loss,
        train_op=train_op,
        accuracy=accuracy,
        **params,
    )
