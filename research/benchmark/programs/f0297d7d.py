import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def conv(t, kernel_shape, name):
    with tf.variable_scope(name):
        w = tf.get_variable('w', kernel_shape, initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable('b', kernel_shape[-1:], initializer=tf.zeros_initializer())
        return tf.nn.conv2d(t, w, [1, 1, 1, 1], 'VALID') + b

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        picture = tf.reshape(X, [-1, 28, 28, 1])
        features = tf.nn.relu(conv(picture, [28, 28, 1, 500], 'c1'))
        logits = tf.squeeze(conv(features, [1, 1, 500, 10], 'c2'), [1, 2])
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
