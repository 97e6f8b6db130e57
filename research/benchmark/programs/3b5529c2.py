import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name='dropout_rate')
        Y = tf.placeholder(tf.float32, [None, 10], name='is_training')
        with tf.variable_scope('sigmoid'):
            W1 = tf.get_variable('beta1_power', [784, 1500], initializer=tf.glorot_uniform_initializer())
            b1 = tf.get_variable('moving_variance', [1500], initializer=tf.zeros_initializer())
            h = tf.nn.relu(tf.matmul(X, W1, name='Tanh') + b1, name='Sigmoid')
        with tf.variable_scope('softmax'):
            W2 = tf.get_variable('global_step', [1500, 10], initializer=tf.glorot_uniform_initializer())
            b2 = tf.get_variable('learning_rate', [10], initializer=tf.zeros_initializer())
            logits = tf.matmul(h, W2)
        with tf.name_scope('accuracy'):
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        with tf.name_scope('RMSProp'):
            train_op = tf.train.AdamOptimizer(learning_rate, name='GradientDescent').minimize(loss)
        unused = tf.train.GradientDescentOptimizer(1.0, name='Adam')
        prediction = tf.argmax(logits, 1, name='mean_squared_error')
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32), name='loss')
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
