from functools import partial, reduce

import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def layer(x, n_in, n_out, act):
    w = tf.Variable(tf.random_normal([n_in, n_out], stddev=n_in ** -0.5))
    return act(x @ w + tf.Variable(tf.zeros([n_out])))


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        stack = [
            partial(layer, n_in=784, n_out=1500, act=tf.nn.relu),
            partial(layer, n_in=1500, n_out=10, act=lambda z: z),
        ]
        logits = reduce(lambda h, f: f(h), stack, X)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        prediction = tf.nn.softmax(logits)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(*(tf.argmax(t, 1) for t in (prediction, Y))), tf.float32))
    return {"graph": graph, "X": X, "Y": Y, "logits": logits, "prediction": prediction,
            "loss": loss, "train_op": train_op, "accuracy": accuracy}
