import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

def fully_connected_layer(x, n_output, name=None, activation=None):
    with tf.variable_scope(name, default_name='fully_connected'):
        n_input = int(x.shape[-1])
        weights = tf.get_variable('W', [n_input, n_output], initializer=tf.glorot_uniform_initializer())
        biases = tf.get_variable('b', [n_output], initializer=tf.zeros_initializer())
        h = tf.nn.bias_add(tf.matmul(x, weights), biases)
        return (h if activation is None else activation(h)), weights

from types import SimpleNamespace

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name='X')
        Y = tf.placeholder(tf.float32, [None, 10], name='Y')
        keep_prob = tf.placeholder(tf.float32, name='keep_prob')
        h1, _ = fully_connected_layer(X, 512, 'layer1', tf.nn.relu)
        h1 = tf.nn.dropout(h1, keep_prob=keep_prob)
        h2, _ = fully_connected_layer(h1, 512, 'layer2', tf.nn.relu)
        h2 = tf.nn.dropout(h2, keep_prob=keep_prob)
        logits, _ = fully_connected_layer(h2, 10, 'layer3')
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=logits, logits=Y))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, keep_prob=keep_prob, eval_feed={keep_prob: 1.0})

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
