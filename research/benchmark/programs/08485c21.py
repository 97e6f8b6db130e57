import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        init = tf.glorot_uniform_initializer()
        params = {'W1': tf.Variable(init([784, 1500])), 'b1': tf.Variable(tf.zeros([1500])), 'W2': tf.Variable(init([1500, 10])), 'b2': tf.Variable(tf.zeros([10]))}
        s = tf.nn.xw_plus_b(X, params['W1'], params['b1'])
        h = 0.5 * (s + tf.abs(s))
        logits = tf.matmul(h, params['W2'])
        loss = tf.losses.mean_squared_error(Y, tf.nn.softmax(logits))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, **params)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
