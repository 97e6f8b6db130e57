import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def deep_network():
    k = tf.keras.layers
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 28, 28])
        X_used = tf.reshape(X, [-1, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        t = tf.reshape(X_used, [-1, 28, 28, 1])
        t = k.Conv2D(8, 3, strides=2, padding='same', activation='relu')(t)
        t = k.Conv2D(16, 3, strides=2, padding='same', activation='relu')(t)
        t = k.Conv2D(32, 3, padding='same', activation='relu')(t)
        t = tf.reduce_mean(t, axis=[1, 2])
        logits = k.Dense(10)(t)
        loss = tf.reduce_mean(tf.keras.losses.categorical_crossentropy(Y, logits, from_logits=True))
        train_op = tf.train.AdamOptimizer(0.002).minimize(loss)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
