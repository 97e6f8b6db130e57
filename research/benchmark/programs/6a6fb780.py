import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        rng = np.random.RandomState(5)

        def packed(t, n_in, n_out, name, masked):
            P = tf.get_variable(name, [n_in + 1, n_out], initializer=tf.glorot_uniform_initializer())
            W, b = (P[:-1, :], P[-1, :])
            if masked:
                W = W * (rng.rand(n_in, n_out) < 0.5).astype(np.float32)
            return tf.matmul(t, W) + b
        a = tf.nn.relu6(packed(X, 784, 200, 'P1', False))
        a = tf.nn.relu6(packed(a, 200, 200, 'P2', True))
        logits = packed(a, 200, 10, 'P3', False)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.002).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
