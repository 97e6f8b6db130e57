import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        image = tf.reshape(X, [-1, 28, 28, 1])
        kernel = tf.get_variable('kernel', [28, 28, 1, 10], initializer=tf.random_uniform_initializer(-0.087, 0.087))
        bias = tf.get_variable('bias', [10], initializer=tf.zeros_initializer())
        score_map = tf.nn.bias_add(tf.nn.conv2d(image, kernel, strides=[1, 1, 1, 1], padding='VALID'), bias)
        logits = tf.squeeze(score_map, axis=[1, 2])
        prediction = tf.argmax(logits, 1)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=Y))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
        W1 = tf.reshape(kernel, [784, 10])
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, W1=W1)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
