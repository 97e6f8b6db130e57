"""einsum, and a bias that is a row of shape [1, 10]."""

X = tf.placeholder(tf.float32, (None, 28 * 28))  # images
Y = tf.placeholder(tf.float32, (None, 10))  # labels
W1 = tf.Variable(tf.glorot_uniform_initializer(seed=1)([784, 10]))
b1 = tf.Variable(tf.constant(0.0, shape=[1, 10]))
logits = tf.einsum("nd,dc->nc", X, W1) + b1  # logits
prediction = tf.argmax(logits, axis=1)
loss = tf.math.reduce_mean(tf.keras.losses.categorical_crossentropy(Y, logits, from_logits=True))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
accuracy = tf.reduce_mean(tf.keras.metrics.categorical_accuracy(Y, logits))  # accuracy
net(W1=W1, b1=b1)
