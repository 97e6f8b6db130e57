import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
from tensorflow.keras.layers import Conv2D, Dense, Flatten, MaxPooling2D


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        img = tf.reshape(X, (-1, 28, 28, 1))
        net = Conv2D(32, (3, 3), activation="relu")(img)
        net = MaxPooling2D((2, 2))(net)
        net = Conv2D(64, (3, 3), activation="relu")(net)
        net = MaxPooling2D((2, 2))(net)
        net = Flatten()(net)
        net = Dense(128, activation="relu")(net)
        logits = Dense(10)(net)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer().minimize(loss)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
