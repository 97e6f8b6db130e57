import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W = tf.get_variable('plus', [784, 10], initializer=tf.glorot_uniform_initializer())
        minus = tf.get_variable('minus', [784, 10], initializer=tf.zeros_initializer())
        b = tf.get_variable('b', [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(X, W - minus) + b
        extra_W = tf.get_variable('extra_W', [10, 10], tf.float32, tf.glorot_uniform_initializer())
        extra_b = tf.get_variable('extra_b', [10], tf.float32, tf.zeros_initializer())
        logits = tf.matmul(tf.nn.sigmoid(logits), extra_W) + extra_b
        p = tf.nn.softmax(logits)
        loss = tf.reduce_mean(-tf.reduce_sum(Y * tf.log(tf.maximum(p, 1e-12)), axis=1))
        step = tf.train.get_or_create_global_step()
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss, global_step=step)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op, accuracy=accuracy, W1=W)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
