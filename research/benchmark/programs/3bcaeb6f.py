import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable('w', [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable('b', [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder_with_default(False, [], name='training')
        averages = []

        def normed(x, n, name):
            with tf.variable_scope(name):
                w = tf.get_variable('w', [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
                scale = tf.get_variable('scale', [n], initializer=tf.ones_initializer())
                shift = tf.get_variable('shift', [n], initializer=tf.zeros_initializer())
                mean = tf.get_variable('moving_mean', [n], initializer=tf.zeros_initializer(), trainable=False)
                var = tf.get_variable('moving_var', [n], initializer=tf.ones_initializer(), trainable=False)
            z = tf.matmul(x, w)
            batch_mean, batch_var = tf.nn.moments(z, [0])
            averages.append(tf.assign_sub(mean, 0.1 * (mean - batch_mean)))
            averages.append(tf.assign_sub(var, 0.1 * (var - batch_var)))
            m = tf.where(training, batch_mean, mean)
            v = tf.where(training, batch_var, var)
            return tf.nn.batch_normalization(z, m, v, shift, scale, 0.001)
        h1 = tf.nn.relu(normed(X, 400, 'bn1'))
        h2 = tf.nn.relu(normed(h1, 200, 'bn2'))
        logits = dense(h2, 10, 'out')
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=logits, logits=Y))
        with tf.control_dependencies(averages):
            train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, training=training, eval_feed={training: False})

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
