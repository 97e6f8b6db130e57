import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W = tf.Variable(tf.glorot_uniform_initializer()((784, 10)))
        b = tf.Variable(tf.zeros((10,)))
        logits = X @ W + b
        loss = tf.reduce_mean(tf.square(Y - tf.nn.softmax(logits)))
        b1, b2, eps = (0.9, 0.999, 1e-08)
        p1 = tf.Variable(1.0, trainable=False)
        p2 = tf.Variable(1.0, trainable=False)
        new_p1, new_p2 = (tf.assign(p1, p1 * b1), tf.assign(p2, p2 * b2))
        updates = []
        for v, grad in zip([W, b], tf.gradients(loss, [W, b])):
            m = tf.Variable(tf.zeros_like(v.initialized_value()), trainable=False)
            s = tf.Variable(tf.zeros_like(v.initialized_value()), trainable=False)
            m_new = tf.assign(m, b1 * m + (1 - b1) * grad)
            s_new = tf.assign(s, b2 * s + (1 - b2) * tf.square(grad))
            m_hat = m_new / (1 - new_p1)
            s_hat = s_new / (1 - new_p2)
            updates.append(tf.assign_sub(v, learning_rate * m_hat / (tf.sqrt(s_hat) + eps)))
        train_op = tf.group(*updates)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, W1=W)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = one_layer_network(learning_rate=0.0023)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
