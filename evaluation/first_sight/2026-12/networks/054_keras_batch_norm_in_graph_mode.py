import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
from tensorflow.keras import layers


def block(x, units, training):
    x = layers.Dense(units, use_bias=False)(x)
    bn = layers.BatchNormalization()
    x = tf.cond(training, lambda: bn(x, training=True), lambda: bn(x, training=False))
    x = tf.reshape(x, [-1, units])
    return tf.nn.relu(x)


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder_with_default(False, [])
        h = block(X, 512, training)
        h = block(h, 512, training)
        logits = layers.Dense(10)(h)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc, train_feed={training: True})
