"""Columns are images, as in the lecture: W x + b with b a column; turned back at the end."""

W = tf.get_variable("W", [10, 784], initializer=tf.glorot_uniform_initializer())
b = tf.get_variable("b", [10, 1], initializer=tf.zeros_initializer())
z = tf.add(tf.matmul(W, tf.transpose(X)), b)
logits = tf.transpose(z)  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(z, axis=0)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
W1 = tf.transpose(W)
net(W1=W1)
