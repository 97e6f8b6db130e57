import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def deep_network():
    depth, width = (3, 256)
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W_in = tf.get_variable('W_in', [784, width], initializer=tf.glorot_uniform_initializer())
        b_in = tf.get_variable('b_in', [width], initializer=tf.zeros_initializer())
        Ws = tf.get_variable('Ws', [depth, width, width], initializer=tf.random_uniform_initializer(-0.11, 0.11))
        bs = tf.get_variable('bs', [depth, width], initializer=tf.zeros_initializer())
        W_out = tf.get_variable('W_out', [width, 10], initializer=tf.glorot_uniform_initializer())
        b_out = tf.get_variable('b_out', [10], initializer=tf.zeros_initializer())
        first = tf.nn.relu(tf.matmul(X, W_in) + b_in)

        def body(i, h):
            return (i + 1, tf.nn.relu(tf.matmul(h, Ws[i]) + bs[i]))
        _, last = tf.while_loop(lambda i, h: i < depth, body, [tf.constant(0), first])
        logits = tf.matmul(last, W_out) + b_out
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
