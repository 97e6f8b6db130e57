"""A product spelled out: every pixel times every weight, summed over the pixels; accuracy from the hits counted."""

W = tf.get_variable("weights", (784, 10), initializer=tf.glorot_uniform_initializer())
b = tf.get_variable("bias", (10,), initializer=tf.zeros_initializer())
logits = tf.reduce_sum(X[:, :, None] * W[None, :, :], axis=1) + b  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(Y, logits))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.nn.softmax(logits)
wrong = tf.count_nonzero(tf.argmax(logits, 1) - tf.argmax(Y, 1))
accuracy = 1.0 - tf.cast(wrong, tf.float32) / tf.cast(tf.shape(Y)[0], tf.float32)  # accuracy
net(W1=W)
