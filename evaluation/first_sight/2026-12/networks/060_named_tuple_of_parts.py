from collections import namedtuple

import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

Net = namedtuple("Net", "graph X Y logits prediction loss train_op accuracy")


def softmax_regression(lr):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W = tf.get_variable("kernel", (784, 10), tf.float32, tf.variance_scaling_initializer())
        b = tf.get_variable("bias", (10,), tf.float32, tf.zeros_initializer())
        logits = tf.add(tf.linalg.matmul(X, W), b)
        p = tf.nn.softmax(logits)
        xent = tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.stop_gradient(Y), logits=logits)
        cost = tf.math.reduce_mean(xent)
        op = tf.train.AdamOptimizer(lr).minimize(cost, var_list=[W, b])
        right = tf.boolean_mask(Y, tf.equal(p, tf.reduce_max(p, 1, keepdims=True)))
        acc = tf.reduce_sum(right) / tf.reduce_sum(Y)
    return Net(graph, X, Y, logits, p, cost, op, acc)


def build():
    return softmax_regression(lr=0.004)._asdict()
