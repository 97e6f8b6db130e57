"""The cross-entropy is written by hand and given to compile, as the accuracy is."""


def cross_entropy(y_true, y_pred):
    z = y_pred
    losses = tf.nn.softmax_cross_entropy_with_logits(labels=y_true, logits=z)  # loss
    return tf.reduce_mean(losses)


def right(y_true, y_pred):
    return tf.cast(tf.equal(tf.argmax(y_true, 1), tf.argmax(y_pred, 1)), tf.float32)


inputs = keras.Input((784,))
h = layers.Dense(64, activation="relu")(inputs)
z = layers.Dense(10)(h)
model = keras.Model(inputs, z)
model.compile(optimizer=keras.optimizers.Adam(), loss=cross_entropy, metrics=[right])
