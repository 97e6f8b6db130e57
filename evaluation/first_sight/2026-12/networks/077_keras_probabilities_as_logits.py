import tensorflow.compat.v1 as tf
from tensorflow import keras

tf.disable_v2_behavior()


def make():
    i = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(16, 5, strides=2, padding="same", activation="relu")(i)
    x = keras.layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(100, activation="relu")(x)
    return keras.Model(i, keras.layers.Dense(10, activation="softmax")(x))


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        prediction = make()(tf.reshape(X, [-1, 28, 28, 1]))
        loss = tf.reduce_mean(
            keras.losses.categorical_crossentropy(Y, tf.identity(prediction), from_logits=True))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, prediction=prediction, loss=loss, train_op=train_op,
                accuracy=acc)
