import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        x = tf.placeholder(tf.float32, shape=[None, 784])
        y = tf.placeholder(tf.float32, shape=[None, 10])
        w = tf.Variable(tf.random_normal([784, 10], stddev=0.05))
        b = tf.Variable(tf.zeros([10]))
        scores = tf.matmul(x, w) + b
        probs = tf.nn.softmax(scores)
        cost = tf.reduce_mean(-tf.reduce_sum(y * tf.log(tf.clip_by_value(probs, 1e-10, 1.0)), reduction_indices=[1]))
        train = tf.train.AdamOptimizer(learning_rate).minimize(cost)
        guess = tf.argmax(probs, 1)
        acc = tf.reduce_mean(tf.cast(tf.equal(guess, tf.argmax(y, 1)), 'float'))
    return SimpleNamespace(graph=graph, X=x, Y=y, logits=scores, prediction=guess, loss=cost, train_op=train, accuracy=acc, W1=w)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
