import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def dense(inputs, units, scope, activation=None):
    with tf.variable_scope(scope, reuse=tf.AUTO_REUSE):
        n_in = int(inputs.get_shape()[1])
        kernel = tf.get_variable('kernel', [n_in, units], initializer=tf.glorot_uniform_initializer())
        bias = tf.get_variable('bias', [units], initializer=tf.zeros_initializer())
        z = tf.nn.bias_add(tf.matmul(inputs, kernel), bias)
        return z if activation is None else activation(z)

def two_layer_network(learning_rate=0.001):
    with tf.Graph().as_default() as graph:
        with tf.name_scope('inputs'):
            X = tf.placeholder(tf.float32, [None, 784])
            Y = tf.placeholder(tf.float32, [None, 10])
        hidden = dense(X, 1500, 'fc1', activation=tf.nn.relu)
        logits = dense(hidden, 10, 'fc2')
        with tf.name_scope('objective'):
            objective = tf.losses.softmax_cross_entropy(Y, logits)
            total = tf.losses.get_total_loss()
        with tf.name_scope('learning'):
            step = tf.train.get_or_create_global_step()
            train_op = tf.train.AdamOptimizer(learning_rate).minimize(total, global_step=step)
        with tf.name_scope('evaluation'):
            prediction = tf.argmax(logits, 1)
            accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=total, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
