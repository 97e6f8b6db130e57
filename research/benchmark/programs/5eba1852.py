import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace
SIZES = [784, 512, 256, 128, 10]

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, SIZES[0]])
        Y = tf.placeholder(tf.float32, [None, SIZES[-1]])
        h = X
        for i, (n_in, n_out) in enumerate(zip(SIZES[:-1], SIZES[1:])):
            W = tf.get_variable('W%d' % i, [n_in, n_out], initializer=tf.initializers.he_normal())
            b = tf.get_variable('b%d' % i, [n_out], initializer=tf.zeros_initializer())
            z = tf.matmul(h, W) + b
            h = tf.nn.relu(z)
            h = tf.nn.dropout(h, keep_prob=0.5)
        logits = z
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.cosine_decay(0.001, step, 7000)
        train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
