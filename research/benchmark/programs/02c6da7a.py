import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def weight_variable(shape):
    return tf.Variable(tf.truncated_normal(shape, stddev=0.05))

def bias_variable(shape):
    return tf.Variable(tf.constant(0.1, shape=shape))

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        x = tf.placeholder(tf.float32, shape=[None, 784])
        y_ = tf.placeholder(tf.float32, shape=[None, 10])
        W_fc1 = weight_variable([784, 1500])
        b_fc1 = bias_variable([1500])
        h_fc1 = tf.nn.softsign(tf.matmul(x, W_fc1) + b_fc1)
        W_fc2 = weight_variable([1500, 10])
        b_fc2 = bias_variable([10])
        y = tf.matmul(h_fc1, W_fc2) + b_fc2
        cross_entropy = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=y))
        train_step = tf.train.AdamOptimizer(learning_rate).minimize(cross_entropy)
        prediction = tf.argmax(y, 1)
        correct_prediction = tf.equal(prediction, tf.argmax(y_, 1))
        accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))
    return SimpleNamespace(graph=graph, X=x, Y=y_, logits=y, prediction=prediction, loss=cross_entropy, train_op=train_step, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
