"""Strided Keras convolutions, global average pooling, a dense head."""

k = tf.keras.layers
X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
t = tf.reshape(X, [-1, 28, 28, 1])
t = k.Conv2D(8, 3, strides=2, padding="same", activation="relu")(t)  # hidden
t = k.Conv2D(16, 3, strides=2, padding="same", activation="relu")(t)  # hidden
t = k.Conv2D(32, 3, padding="same", activation="relu")(t)  # hidden
t = tf.reduce_mean(t, axis=[1, 2])
logits = k.Dense(10)(t)  # logits
loss = tf.reduce_mean(tf.keras.losses.categorical_crossentropy(Y, logits, from_logits=True))  # loss
train_op = tf.train.AdamOptimizer(0.002).minimize(loss)  # train
