import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        T = tf.placeholder(tf.float32, [None, 10])
        ones = tf.zeros([tf.shape(X)[0], 1])
        X_ext = tf.concat([X, ones], axis=1)
        lim = np.sqrt(6.0 / 794)
        theta = tf.Variable(tf.concat([tf.random_uniform([784, 10], -lim, lim), tf.zeros([1, 10])], axis=0))
        a = tf.matmul(X_ext, theta)
        E = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=T, logits=a))
        update = tf.train.AdamOptimizer(learning_rate).minimize(E)
        k = tf.argmax(a, 1)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(a, 0), tf.argmax(T, 0)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=T, logits=a, prediction=k, loss=E, train_op=update, accuracy=acc, W1=theta[:784])

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
