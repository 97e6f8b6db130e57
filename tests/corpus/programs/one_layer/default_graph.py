"""Built in the default graph, which is emptied first."""

import tensorflow.compat.v1 as tf


class AttrDict(dict):
    __getattr__ = dict.__getitem__


def one_layer_network(learning_rate=0.003):
    tf.reset_default_graph()
    net = AttrDict()
    net["X"] = X = tf.placeholder(tf.float32, [None, 784])  # images
    net["Y"] = Y = tf.placeholder(tf.float32, [None, 10])  # labels
    net["W1"] = W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
    b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
    logits = tf.matmul(X, W) + b  # logits
    loss = tf.losses.sparse_softmax_cross_entropy(tf.argmax(Y, 1), logits)  # loss
    train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
    correct = tf.nn.in_top_k(predictions=logits, targets=tf.argmax(Y, 1), k=1)
    accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))  # accuracy
    net.update(graph=tf.get_default_graph(), logits=logits, loss=loss, train_op=train_op)
    net.update(prediction=tf.argmax(logits, 1), accuracy=accuracy)
    return net
