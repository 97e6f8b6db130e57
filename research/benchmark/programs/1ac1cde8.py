import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        seen = X
        for k in range(3):
            W = tf.get_variable('W%d' % k, [seen.shape[1], 128], initializer=tf.glorot_uniform_initializer())
            b = tf.get_variable('b%d' % k, [128], initializer=tf.zeros_initializer())
            new = tf.nn.relu(tf.matmul(seen, W) + b)
            seen = tf.concat([seen, new], axis=1)
        W = tf.get_variable('W_out', [seen.shape[1], 10], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable('b_out', [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(seen, W) + b
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.0005).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
