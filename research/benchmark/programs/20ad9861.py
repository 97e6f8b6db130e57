import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        x = tf.cast(X, tf.float64)
        y = tf.cast(Y, tf.float64)
        W1 = tf.get_variable('W1', [784, 784], tf.float64, tf.glorot_uniform_initializer())
        b1 = tf.Variable(tf.zeros([784], tf.float64))
        W2 = tf.get_variable('W2', [784, 10], tf.float64, tf.glorot_uniform_initializer())
        b2 = tf.Variable(tf.zeros([10], tf.float64))
        h = tf.nn.relu(tf.einsum('bi,ih->bh', x, W1) + b1)
        logits = tf.einsum('bh,ho->bo', x, W2) + b2
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
