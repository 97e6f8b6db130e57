import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W = tf.Variable(tf.glorot_uniform_initializer()([784, 10]))
        b = tf.Variable(tf.zeros(10))
        strips = tf.split(X, 28, axis=1)
        slices = [W[28 * i:28 * (i + 1)] for i in range(28)]
        logits = tf.add_n([tf.matmul(x, w) for x, w in zip(strips, slices)]) + b
        log_p = tf.nn.log_softmax(logits)
        loss = -tf.reduce_mean(tf.reduce_sum(tf.nn.softmax(logits) * tf.log(Y + 1e-07), axis=1))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        prediction = tf.exp(log_p)
        accuracy = tf.reduce_mean(tf.to_float(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1))))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, W1=W)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
