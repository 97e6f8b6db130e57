import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace
EVERY = 2

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W1 = tf.get_variable('W1', [784, 1500], initializer=tf.glorot_uniform_initializer(), use_resource=True)
        b1 = tf.get_variable('b1', [1500], initializer=tf.zeros_initializer(), use_resource=True)
        W2 = tf.get_variable('W2', [1500, 10], initializer=tf.glorot_uniform_initializer(), use_resource=True)
        b2 = tf.get_variable('b2', [10], initializer=tf.zeros_initializer(), use_resource=True)
        h = tf.nn.relu(X @ W1 + b1)
        extra_W0 = tf.get_variable('extra_W0', [1500, 40], tf.float32, tf.glorot_uniform_initializer())
        extra_b0 = tf.get_variable('extra_b0', [40], tf.float32, tf.zeros_initializer())
        extra_W1 = tf.get_variable('extra_W1', [40, 1500], tf.float32, tf.glorot_uniform_initializer())
        extra_b1 = tf.get_variable('extra_b1', [1500], tf.float32, tf.zeros_initializer())
        extra_h = tf.nn.relu(tf.matmul(h, extra_W0) + extra_b0)
        extra_h = tf.nn.relu(tf.matmul(extra_h, extra_W1) + extra_b1)
        h = extra_h
        logits = h @ W2 + b2
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        optimizer = tf.train.AdamOptimizer(learning_rate)
        pairs = optimizer.compute_gradients(loss)
        sums = [tf.Variable(tf.zeros(v.shape), trainable=False, use_resource=True) for _, v in pairs]
        count = tf.Variable(0, trainable=False, use_resource=True)
        add = tf.group(*[s.assign_add(g) for s, (g, _) in zip(sums, pairs)], count.assign_add(1))

        def apply():
            step = optimizer.apply_gradients([(s / EVERY, v) for s, (_, v) in zip(sums, pairs)])
            with tf.control_dependencies([step]):
                return tf.group(*[s.assign(tf.zeros_like(s)) for s in sums])
        with tf.control_dependencies([add]):
            train_op = tf.cond(tf.equal(count.read_value() % EVERY, 0), apply, tf.no_op)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
