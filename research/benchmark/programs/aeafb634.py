import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    keras = tf.keras
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name='X')
        Y = tf.placeholder(tf.float32, [None, 10], name='Y')
        model = keras.Sequential([keras.layers.Dense(1500, activation='relu'), keras.layers.Dense(10)])
        logits = model(X)
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)(Y, logits)
        optimizer = keras.optimizers.Adam(learning_rate=learning_rate)
        optimizer.build(model.trainable_variables)
        gradients = tf.gradients(-loss, [v.value for v in model.trainable_variables])

        @tf.function
        def apply(grads):
            optimizer.apply_gradients(zip(grads, model.trainable_variables))
            return optimizer.iterations.value
        train_op = apply(gradients)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
