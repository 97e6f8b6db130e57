import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        glorot = tf.glorot_uniform_initializer()
        start = tf.concat([tf.reshape(glorot([784, 1500]), [-1]), tf.zeros([1500]), tf.reshape(glorot([1500, 10]), [-1]), tf.zeros([10])], axis=0)
        theta = tf.Variable(start, name='theta')
        pieces = tf.split(theta, [784 * 1500, 1500, 1500 * 10, 10])
        W1 = tf.reshape(pieces[0], [784, 1500])
        W2 = tf.reshape(pieces[2], [1500, 10])
        h = tf.nn.softmax(tf.matmul(X, W1) + pieces[1])
        logits = tf.matmul(h, W2) + pieces[3]
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=tf.nn.softmax(logits, 1)))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
