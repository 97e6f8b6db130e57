import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        direction = tf.get_variable('direction', [784, 10], initializer=tf.glorot_uniform_initializer())
        length = tf.get_variable('length', [10], initializer=tf.ones_initializer())
        b = tf.get_variable('b', [10], initializer=tf.zeros_initializer())
        W1 = length * tf.nn.l2_normalize(direction, axis=0)
        logits = tf.matmul(X, W1) + b
        logits = (logits - tf.reduce_mean(logits, 0, keepdims=True)) / (tf.math.reduce_std(logits, 0, keepdims=True) + 0.001)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, W1=W1)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
