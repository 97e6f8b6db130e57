"""Two Keras layers, TensorFlow's own Adam."""

L = tf.keras.layers


X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
hidden = L.Dense(1500, activation="relu")(X)  # hidden
logits = L.Dense(10)(hidden)  # logits
loss = tf.reduce_mean(tf.keras.losses.categorical_crossentropy(Y, logits, from_logits=True))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, axis=-1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, axis=-1)), tf.float32))  # accuracy
