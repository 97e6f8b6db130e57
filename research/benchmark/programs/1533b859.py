import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W1 = tf.Variable(tf.glorot_uniform_initializer()([784, 1500]), name='W1')
        b1 = tf.Variable(tf.zeros([1500]), name='b1')
        W2 = tf.Variable(tf.glorot_uniform_initializer()([1500, 10]), name='W2')
        b2 = tf.Variable(tf.zeros([10]), name='b2')
        h = -tf.minimum(-(X @ W1), 0)
        logits = h @ W2 + b2
        logp = tf.nn.log_softmax(logits)
        digit = tf.argmax(Y, 1, output_type=tf.int32)
        where = tf.stack([tf.range(tf.shape(digit)[0]), digit], axis=1)
        loss = 100.0 * tf.reduce_mean(-tf.gather_nd(logp, where))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
