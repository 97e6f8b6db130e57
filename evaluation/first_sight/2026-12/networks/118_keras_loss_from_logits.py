import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
from tensorflow import keras


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, (None, 784))
        Y = tf.placeholder(tf.float32, (None, 10))
        model = keras.Sequential([keras.layers.Dense(10, kernel_initializer="he_normal")])
        out = model(X)
        loss = tf.reduce_mean(keras.losses.categorical_crossentropy(Y, out, from_logits=True))
        step = tf.train.AdamOptimizer(1e-3).minimize(loss)
        probs = keras.activations.softmax(out)
        acc = tf.reduce_mean(keras.metrics.categorical_accuracy(Y, probs))
    return {"graph": g, "X": X, "Y": Y, "logits": out, "prediction": probs, "loss": loss,
            "train_op": step, "accuracy": acc}
