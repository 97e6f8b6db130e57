"""Weights with a row a class, multiplied by tf.linalg.matvec; the digits are taken out of Y for a sparse Keras loss."""

W = tf.get_variable("W", [10, 784], initializer=tf.glorot_uniform_initializer())
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
logits = tf.linalg.matvec(W, X) + b  # logits
digits = tf.argmax(Y, axis=1)
per_image = tf.keras.losses.sparse_categorical_crossentropy(digits, logits, from_logits=True)  # loss
loss = tf.reduce_mean(per_image)
optimizer = tf.train.AdamOptimizer(learning_rate)
grads = optimizer.compute_gradients(loss, var_list=[W, b])  # train
train_op = optimizer.apply_gradients(grads)
prediction = tf.argmax(logits, axis=1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, digits), tf.float32))  # accuracy
net(W1=W)
