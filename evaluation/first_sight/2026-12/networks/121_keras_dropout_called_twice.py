import tensorflow.compat.v1 as tf
from tensorflow import keras

tf.disable_v2_behavior()


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        model = keras.Sequential([
            keras.layers.Input((784,)),
            keras.layers.Dense(800, activation="relu"),
            keras.layers.Dropout(0.4),
            keras.layers.Dense(800, activation="relu"),
            keras.layers.Dropout(0.4),
            keras.layers.Dense(10),
        ])
        noisy = model(X, training=True)
        logits = model(X, training=False)
        prediction = tf.nn.softmax(logits)
        xent = tf.nn.softmax_cross_entropy_with_logits
        train_loss = tf.reduce_mean(xent(labels=Y, logits=noisy))
        loss = tf.reduce_mean(xent(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        lr = tf.train.polynomial_decay(0.001, step, 10 * 600, 0.00001)
        train_op = tf.train.AdamOptimizer(lr).minimize(train_loss, global_step=step)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
