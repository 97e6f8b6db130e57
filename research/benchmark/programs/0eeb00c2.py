import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace
SCALE = 128.0

def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W = tf.get_variable('W', [784, 10], initializer=tf.random_normal_initializer())
        b = tf.get_variable('b', [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(X, W) + b
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        adam = tf.train.AdamOptimizer(learning_rate)
        pairs = adam.compute_gradients(loss * SCALE)
        train_op = adam.apply_gradients([(g / SCALE, v) for g, v in pairs])
        prediction = tf.argmax(logits, 1)
        hits = tf.reduce_sum(tf.one_hot(prediction, 10) * Y)
        accuracy = hits / tf.cast(tf.shape(X)[0], tf.float32)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, W1=W)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
