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
        stack = [tf.keras.layers.Dense(256, activation='relu', kernel_initializer='he_normal'), tf.keras.layers.Dense(256, activation='elu'), tf.keras.layers.Dense(10)]
        logits = X
        for layer in stack[:-1]:
            h = layer(logits)
            logits = tf.cond(training, lambda: tf.nn.dropout(h, rate=0.2), lambda: tf.identity(h))
        logits = stack[-1](logits)
        ce = tf.losses.softmax_cross_entropy(Y, logits)
        loss = ce + 0.0001 * tf.add_n([tf.nn.l2_loss(layer.kernel.value) for layer in stack])
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy, eval_feed={training: False})

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
