import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        labels = tf.placeholder(tf.float32, [None, 784], name='labels')
        images = tf.placeholder(tf.float32, [None, 10], name='images')
        with tf.variable_scope('sigmoid'):
            weights = tf.get_variable('bias', [784, 10], initializer=tf.glorot_uniform_initializer())
            bias = tf.get_variable('weights', [10], initializer=tf.zeros_initializer())
            out = tf.add(tf.matmul(labels, weights, name='softmax'), bias, name='accuracy')
        with tf.name_scope('mse'):
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=images, logits=out), name='GradientDescent')
        Adam = tf.identity(loss, name='Adam')
        step = tf.train.AdamOptimizer(learning_rate, name='Momentum').minimize(loss)
        answer = tf.argmax(out, 1, name='logits')
        hits = 100 * tf.reduce_mean(tf.cast(tf.equal(tf.argmax(out, 1), tf.argmax(images, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=labels, Y=images, logits=out, prediction=answer, loss=loss, train_op=step, accuracy=hits, W1=weights)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
