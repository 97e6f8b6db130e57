import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W1 = tf.Variable(tf.glorot_uniform_initializer()([784, 1500]))
        b1 = tf.Variable(tf.zeros([1500]))
        W2 = tf.Variable(tf.glorot_uniform_initializer()([1500, 10]))
        b2 = tf.Variable(tf.zeros([10]))
        z = tf.matmul(X, W1) + b1
        a = z * tf.cast(z > 0, tf.float32)
        logits = tf.matmul(a, W2) + b2
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        step = tf.Variable(0, trainable=False)
        rate = tf.train.exponential_decay(learning_rate, step, decay_steps=938, decay_rate=0.95)
        train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
