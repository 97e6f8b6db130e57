import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def init(shape):
    limit = (6.0 / (shape[0] + shape[1])) ** 0.5
    return tf.random_uniform(shape, -limit, limit)

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        params = {'w_h': tf.Variable(init([784, 1500])), 'b_h': tf.Variable(tf.zeros([1500])), 'w_o': tf.Variable(init([1500, 10])), 'b_o': tf.Variable(tf.zeros([10]))}
        both = tf.nn.crelu(tf.matmul(X, params['w_h']) + params['b_h'])
        h = both[:, :1500]
        logits = tf.matmul(h, params['w_o']) + params['b_o']
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        step = tf.Variable(0, trainable=False)
        rate = tf.train.piecewise_constant(step, [2000, 4000], [learning_rate, learning_rate / 3, learning_rate / 10])
        train_op = tf.train.AdamOptimizer(tf.placeholder(tf.float32, [])).minimize(loss, global_step=step)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
