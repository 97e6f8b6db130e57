import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def deep_network():
    gamma = 2.0
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        lecun = tf.initializers.lecun_normal()
        W1, b1 = (tf.Variable(lecun([784, 300])), tf.Variable(tf.zeros([300])))
        W2, b2 = (tf.Variable(lecun([300, 300])), tf.Variable(tf.zeros([300])))
        W3, b3 = (tf.Variable(lecun([300, 10])), tf.Variable(tf.zeros([10])))
        h1 = tf.nn.selu(X @ W1 + b1)
        h2 = tf.nn.selu(h1 @ W2 + b2)
        logits = h2 @ W3 + b3
        logp = tf.nn.log_softmax(logits)
        p_true = tf.reduce_sum(Y * tf.exp(logp), 1)
        loss = tf.reduce_mean(-tf.pow(1 - p_true, gamma) * tf.reduce_sum(Y * logp, 1))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
