import tensorflow.compat.v1 as tf
from tensorflow import keras

tf.disable_v2_behavior()


def make_model():
    inputs = keras.Input(shape=(784,))
    x = keras.layers.Dense(1500)(inputs)
    x = keras.layers.ReLU()(x)
    outputs = keras.layers.Dense(10)(x)
    return keras.Model(inputs, outputs)


def build():
    with tf.Graph().as_default() as g:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        model = make_model()
        logits = model(X)
        probs = tf.nn.softmax(logits)
        loss = tf.losses.softmax_cross_entropy(Y, logits)
        train_op = tf.train.AdamOptimizer(0.002).minimize(loss)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(probs, -1), tf.argmax(Y, -1)), tf.float32))
    return {"graph": g, "X": X, "Y": Y, "logits": logits, "prediction": probs, "loss": loss,
            "train_op": train_op, "accuracy": accuracy}
