import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def glorot(n_in, n_out):
    r = np.sqrt(6.0 / (n_in + n_out))
    return np.random.uniform(-r, r, size=(n_in, n_out)).astype('float32')

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder('float32', [None, 784])
        Y = tf.placeholder('float32', [None, 10])
        W1 = tf.Variable(glorot(784, 1500))
        b1 = tf.Variable(np.zeros(1500, 'float32'))
        W2 = tf.Variable(glorot(1500, 10))
        b2 = tf.Variable(np.zeros(10, 'float32'))
        h = tf.nn.relu(tf.matmul(X, W1) + b1)
        logits = tf.matmul(h, W2) + b2
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
