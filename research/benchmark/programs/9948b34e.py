import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder(tf.bool, [])

        def normalised(z):
            with tf.variable_scope('norm'):
                size = [int(z.shape[-1])]
                gain = tf.get_variable('gain', size, initializer=tf.ones_initializer())
                shift = tf.get_variable('shift', size, initializer=tf.zeros_initializer())
                mean = tf.get_variable('mean', size, initializer=tf.zeros_initializer(), trainable=False)
                var = tf.get_variable('var', size, initializer=tf.ones_initializer(), trainable=False)

            def learn():
                m, v = tf.nn.moments(z, [0])
                with tf.control_dependencies([mean.assign(0.9 * mean + 0.1 * m), var.assign(0.9 * var + 0.1 * v)]):
                    return (tf.identity(m), tf.identity(v))
            m, v = tf.cond(training, learn, lambda: (tf.identity(mean), tf.identity(var)))
            return tf.nn.batch_normalization(z, m, v, shift, gain, 0.001)
        W1 = tf.get_variable('W1', [784, 1500], initializer=tf.glorot_uniform_initializer())
        h = tf.nn.relu(normalised(tf.matmul(X, W1)))
        W2 = tf.get_variable('W2', [1500, 10], initializer=tf.glorot_uniform_initializer())
        b2 = tf.get_variable('b2', [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(h, W2) + b2
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, training=training, eval_feed={training: False})

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
