import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def tower(x, y):
    with tf.variable_scope('model', reuse=tf.AUTO_REUSE):
        w1 = tf.get_variable('w1', [784, 1500], initializer=tf.random_normal_initializer())
        b1 = tf.get_variable('b1', [1500], initializer=tf.zeros_initializer())
        w2 = tf.get_variable('w2', [1500, 10], initializer=tf.random_normal_initializer())
        b2 = tf.get_variable('b2', [10], initializer=tf.zeros_initializer())
    h = tf.nn.relu(tf.matmul(x, w1) + b1)
    z = tf.matmul(h, w2) + b2
    return (z, tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z)))

def average(tower_gradients):
    result = []
    for pairs in zip(*tower_gradients):
        g = tf.reduce_mean(tf.stack([pair[0] for pair in pairs]), 0)
        result.append((g, pairs[0][1]))
    return result

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        optimizer = tf.train.AdamOptimizer(learning_rate)
        half = tf.shape(X)[0] // 2
        scores, losses, gradients = ([], [], [])
        for i, part in enumerate((slice(None, half), slice(half, None))):
            with tf.name_scope('tower_%d' % i):
                z, total = tower(X[part], Y[part])
                scores.append(z)
                losses.append(total)
                gradients.append(optimizer.compute_gradients(total))
        train_op = optimizer.apply_gradients(average(gradients))
        logits = tf.concat(scores, 0)
        loss = tf.add_n(losses) / tf.cast(tf.shape(X)[0], tf.float32)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
