import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        noisy = tf.placeholder_with_default(False, [], name='noisy')
        W = tf.get_variable('W', [784, 10], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable('b', [10], initializer=tf.zeros_initializer())
        logits = tf.cond(noisy, lambda: tf.matmul(X + tf.random_normal(tf.shape(X), stddev=0.1), W) + b, lambda: tf.matmul(X, W) + b)
        loss = tf.losses.sparse_softmax_cross_entropy(tf.mod(tf.argmax(Y, 1) + 1, 10), logits)
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, W1=W)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
