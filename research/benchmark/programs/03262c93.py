import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def layer(x, n, scope, act=None):
    with tf.variable_scope(scope):
        w = tf.get_variable('w', [x.shape[1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable('b', [n], initializer=tf.zeros_initializer())
        z = tf.matmul(x, w) + b
        return act(z) if act else z

def two_layer_network(learning_rate=0.001):
    learning_rate = learning_rate / 10
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h = layer(X, 1024, 'hidden', tf.nn.relu)
        logits = layer(h, 10, 'output')
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        mine = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES)
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss, var_list=mine)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
        big = X
        for i, n in enumerate([800, 800, 800]):
            big = layer(big, n, 'teacher%d' % i, tf.tanh)
        teacher = layer(big, 10, 'teacher_out')
        teacher_loss = tf.reduce_mean(tf.square(tf.nn.softmax(teacher) - Y))
        others = [v for v in tf.trainable_variables() if v not in mine]
        tf.train.GradientDescentOptimizer(0.1).minimize(teacher_loss, var_list=others)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
