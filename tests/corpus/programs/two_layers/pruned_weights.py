"""The first layer's weights are multiplied by a mask and a gain that is learned; the mask is a variable of ones."""

W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
mask = tf.get_variable("mask", [784, 1500], initializer=tf.ones_initializer(), trainable=False)
h = tf.nn.relu(tf.matmul(X, W1 * mask) + b1)  # hidden
logits = tf.matmul(h, W2) + b2  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
keep = tf.cast(tf.abs(W1) > 0.005, tf.float32)
prune = tf.assign(mask, keep)
net(prune=prune)
