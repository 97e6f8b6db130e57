import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        keep = tf.placeholder_with_default(tf.constant(1.0), [])

        def drop(t):
            mask = tf.floor(1 - keep + tf.random_uniform(tf.shape(t)))
            return t * mask / keep

        def dense(t, n):
            W = tf.Variable(tf.glorot_uniform_initializer()([int(t.shape[1]), n]))
            b = tf.Variable(tf.zeros([n]))
            return tf.matmul(t, W) + b
        a1 = tf.nn.relu(dense(X, 600))
        a2 = tf.nn.relu(dense(drop(a1), 600))
        logits = dense(drop(a2), 10)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        step = tf.Variable(0, trainable=False, dtype=tf.int64)
        rate = tf.train.piecewise_constant(step, [5000, 8000], [0.001, 0.0003, 0.0001])
        train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, keep=keep)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
