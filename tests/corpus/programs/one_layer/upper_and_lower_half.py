"""The image in two halves, each with weights of its own, added up."""

upper, lower = tf.split(X, 2, axis=1)
Wu = tf.get_variable("Wu", [392, 10], initializer=tf.random_uniform_initializer(-0.087, 0.087))
Wl = tf.get_variable("Wl", [392, 10], initializer=tf.random_uniform_initializer(-0.087, 0.087))
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
logits = tf.matmul(upper, Wu) + tf.matmul(lower, Wl) + b  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
W1 = tf.concat([Wu, Wl], axis=0)
net(W1=W1)
