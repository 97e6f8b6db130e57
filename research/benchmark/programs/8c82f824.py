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

def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, shape=(None, 784), name='X')
        Y = tf.placeholder(tf.float32, shape=(None, 10), name='Y')
        logits, W1 = fully_connected_layer(X, 10, name='layer1')
        prediction = tf.argmax(logits, axis=1, name='prediction')
        with tf.name_scope('loss'):
            ce = tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.stop_gradient(Y), logits=logits)
            loss = tf.reduce_mean(ce, name='loss')
        optimizer = tf.train.AdamOptimizer(learning_rate=learning_rate)
        train_op = optimizer.minimize(loss, name='train')
        correct = tf.equal(prediction, tf.argmax(Y, axis=1))
        accuracy = tf.reduce_mean(tf.cast(correct, tf.float32), name='accuracy')
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, W1=W1)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
