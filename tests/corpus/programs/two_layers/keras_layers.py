"""Two Keras layers, TensorFlow's own Adam."""

from types import SimpleNamespace

import tensorflow.compat.v1 as tf

L = tf.keras.layers


def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])  # images
        Y = tf.placeholder(tf.float32, [None, 10])  # labels
        hidden = L.Dense(1500, activation="relu")(X)  # hidden
        logits = L.Dense(10)(hidden)  # logits
        loss = tf.reduce_mean(tf.keras.losses.categorical_crossentropy(Y, logits, from_logits=True))  # loss
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
        prediction = tf.argmax(logits, axis=-1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, axis=-1)), tf.float32))  # accuracy
    return SimpleNamespace(
        graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy
    )
