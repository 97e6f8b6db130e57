import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder_with_default(False, [])
        updates = []

        def bn_relu(z, width, name):
            scale = tf.get_variable(name + '/scale', [width], initializer=tf.ones_initializer())
            shift = tf.get_variable(name + '/shift', [width], initializer=tf.zeros_initializer())
            m, v = tf.nn.moments(z, [0])
            ema = tf.train.ExponentialMovingAverage(0.9)
            updates.append(ema.apply([m, v]))
            mean = tf.where(training, m, ema.average(m))
            var = tf.where(training, v, ema.average(v))
            act = tf.nn.relu(tf.nn.batch_normalization(z, mean, var, shift, scale, 0.001))
            return act
        h = X
        for k, (n_in, n_out) in enumerate([(784, 400), (400, 400)]):
            W = tf.get_variable('W%d' % k, [n_in, n_out], initializer=tf.initializers.he_uniform())
            h = bn_relu(tf.matmul(h, W), n_out, 'bn%d' % k)
        W_out = tf.get_variable('W_out', [400, 10], initializer=tf.glorot_uniform_initializer())
        b_out = tf.get_variable('b_out', [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(h, W_out) + b_out
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.002).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, training=training)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
