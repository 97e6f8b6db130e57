from dataclasses import asdict, dataclass
from typing import Any

import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


@dataclass
class Parts:
    graph: Any
    X: Any
    Y: Any
    logits: Any
    prediction: Any
    loss: Any
    train_op: Any
    accuracy: Any


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(dtype=tf.float32, shape=[None, 784])
        Y = tf.placeholder(dtype=tf.float32, shape=[None, 10])
        h_w = tf.get_variable("h_w", [784, 1500])
        h_b = tf.get_variable("h_b", [1500], initializer=tf.constant_initializer(0.01))
        o_w = tf.get_variable("o_w", [1500, 10])
        o_b = tf.get_variable("o_b", [10], initializer=tf.constant_initializer(0.01))
        h = tf.nn.relu(tf.matmul(X, h_w) + h_b)
        logits = tf.matmul(h, o_w) + o_b
        loss = tf.math.divide(
            tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits)),
            tf.cast(tf.size(Y) // 10, tf.float32))
        train_op = tf.train.AdamOptimizer(0.001, beta1=0.9, beta2=0.999).minimize(loss)
        correct = tf.math.count_nonzero(
            tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), dtype=tf.float32)
        accuracy = correct / tf.cast(tf.shape(Y)[0], tf.float32)
    parts = Parts(graph, X, Y, logits, tf.nn.softmax(logits), loss, train_op, accuracy)
    return {k: getattr(parts, k) for k in Parts.__dataclass_fields__}
