import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        picture = tf.reshape(X, [-1, 28, 28, 1])
        flat = tf.reshape(tf.image.extract_patches(picture, [1, 28, 28, 1], [1, 1, 1, 1], [1, 1, 1, 1], 'VALID'), [-1, 784])
        W1 = tf.get_variable('W1', [784, 1500], initializer=tf.glorot_uniform_initializer())
        b1 = tf.get_variable('b1', [1500], initializer=tf.zeros_initializer())
        W2 = tf.get_variable('W2', [1500, 10], initializer=tf.glorot_uniform_initializer())
        b2 = tf.get_variable('b2', [10], initializer=tf.zeros_initializer())
        h = tf.nn.relu(tf.tensordot(flat, W1, [[1], [0]]) + b1)
        logits = tf.tensordot(h, W2, [[1], [0]]) + b2
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        opt = tf.train.RMSPropOptimizer(learning_rate)
        clipped = [(tf.clip_by_value(g, -1.0, 1.0), v) for g, v in opt.compute_gradients(loss)]
        train_op = opt.apply_gradients(clipped)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 0), tf.argmax(Y, 0)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
