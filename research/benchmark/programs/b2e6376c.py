import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def deep_network():
    keras = tf.keras
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(256, use_bias=False), keras.layers.BatchNormalization(), keras.layers.ReLU(), keras.layers.Dense(256, use_bias=False), keras.layers.BatchNormalization(), keras.layers.ReLU(), keras.layers.Dense(10)])
        ce = keras.losses.CategoricalCrossentropy(from_logits=True)
        optimizer = keras.optimizers.AdamW(0.001, weight_decay=0.0001)
        optimizer.build(model.trainable_variables)

        @tf.function
        def step(x, y):
            with tf.GradientTape() as tape:
                cost = ce(y, model(x, training=False))
            gradients = tape.gradient(cost, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            return cost
        train_op = step(X, Y)
        logits = model(X, training=False)
        loss = ce(Y, logits)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = deep_network()
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
