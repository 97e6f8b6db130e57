import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        A = tf.transpose(X)
        params = []
        sizes = [784, 300, 100, 10]
        for l in range(1, 4):
            W = tf.get_variable('W%d' % l, [sizes[l], sizes[l - 1]], initializer=tf.initializers.he_normal())
            b = tf.get_variable('b%d' % l, [sizes[l], 1], initializer=tf.zeros_initializer())
            params += [W, b]
            Z = tf.matmul(W, A) + b
            A = tf.nn.relu(Z)
        logits = tf.transpose(Z)
        J = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        alpha = tf.Variable(0.05, trainable=False, name='alpha')
        grads = tf.gradients(J, params)
        speeds = [tf.Variable(tf.zeros(p.shape), trainable=False) for p in params]
        with tf.control_dependencies(grads):
            moved = [s.assign(0.9 * s + g) for s, g in zip(speeds, grads)]
            train_op = tf.group(*[p.assign_sub(alpha * s) for p, s in list(zip(params, moved))[-2:]])
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=J, train_op=train_op, accuracy=accuracy, alpha=alpha)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
