import tensorflow.compat.v1 as tf
from tensorflow.keras.layers import Dense

tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as g:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        logits = Dense(10, use_bias=False, kernel_initializer="glorot_uniform")(X)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
        pred = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(pred, 1), tf.argmax(Y, 1)), tf.float32))
    return {"graph": g, "X": X, "Y": Y, "logits": logits, "prediction": pred, "loss": loss,
            "train_op": train_op, "accuracy": acc}
