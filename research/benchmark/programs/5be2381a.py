import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def build(x, getter=None):
    with tf.variable_scope('net', reuse=tf.AUTO_REUSE, custom_getter=getter):
        w1 = tf.get_variable('w1', [784, 1500], initializer=tf.random_normal_initializer())
        b1 = tf.get_variable('b1', [1500], initializer=tf.zeros_initializer())
        w2 = tf.get_variable('w2', [1500, 10], initializer=tf.random_normal_initializer())
        b2 = tf.get_variable('b2', [10], initializer=tf.zeros_initializer())
    h = tf.nn.relu(tf.matmul(x, w1) + b1)
    z = tf.matmul(h, w2) + b2
    return z

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        trained = build(X)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=trained))
        step = tf.train.get_or_create_global_step()
        minimise = tf.train.AdamOptimizer(learning_rate).minimize(loss, step)
        ema = tf.train.ExponentialMovingAverage(0.995, num_updates=step)
        with tf.control_dependencies([minimise]):
            train_op = ema.apply(tf.trainable_variables())
        logits = build(X, lambda getter, *args, **kw: ema.average(getter(*args, **kw)))
        prediction = tf.nn.softmax(logits)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
