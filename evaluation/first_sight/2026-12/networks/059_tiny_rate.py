import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
from tensorflow.keras import layers


def build(learning_rate=1e-6):
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h = layers.Dense(1500, activation=tf.nn.relu)(X)
        logits = layers.Dense(10, activation=None)(h)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
