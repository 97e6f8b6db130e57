import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def relu(t):
    return tf.where(t > 0, t, tf.zeros_like(t))

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W1 = tf.get_variable('W1', shape=[784, 1500], initializer=tf.glorot_uniform_initializer())
        b1 = tf.get_variable('b1', shape=[1500], initializer=tf.zeros_initializer())
        h = relu(tf.matmul(X, W1) + b1)
        W2 = tf.get_variable('W2', shape=[1500, 10], initializer=tf.glorot_uniform_initializer())
        b2 = tf.get_variable('b2', shape=[10], initializer=tf.zeros_initializer())
        logits = tf.matmul(h, W2) + b2
        targets = tf.argmax(Y, axis=1)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
        loss = tf.reduce_mean(losses)
        train_op = tf.train.AdamOptimizer(tf.placeholder(tf.float32, [])).minimize(loss)
        prediction = tf.argmax(tf.nn.softmax(logits), 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, targets), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
