import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
from tensorflow import keras
from tensorflow.keras import layers as L


def residual_model(width=512, blocks=2):
    inp = keras.Input((784,))
    x = L.Dense(width, activation="relu")(inp)
    for _ in range(blocks):
        y = L.Dense(width, activation="relu", kernel_initializer="he_normal")(x)
        x = L.Add()([x, y])
    return keras.Model(inp, L.Dense(10)(x))


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        logits = residual_model()(X)
        prediction = tf.nn.softmax(logits)
        loss = tf.losses.softmax_cross_entropy(Y, logits)
        gs = tf.train.create_global_step()
        lr = tf.train.piecewise_constant(gs, [3000, 6000], [1e-3, 3e-4, 1e-4])
        train_op = tf.train.AdamOptimizer(lr).minimize(loss, gs)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
