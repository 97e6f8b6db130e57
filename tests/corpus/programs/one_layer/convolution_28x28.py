"""A dense layer spelled as one convolution as large as the image."""

image = tf.reshape(X, [-1, 28, 28, 1])
kernel = tf.get_variable("kernel", [28, 28, 1, 10], initializer=tf.random_uniform_initializer(-0.087, 0.087))
bias = tf.get_variable("bias", [10], initializer=tf.zeros_initializer())
score_map = tf.nn.bias_add(tf.nn.conv2d(image, kernel, strides=[1, 1, 1, 1], padding="VALID"), bias)
logits = tf.squeeze(score_map, axis=[1, 2])  # logits
prediction = tf.argmax(logits, 1)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=Y))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
W1 = tf.reshape(kernel, [784, 10])
net(W1=W1)
