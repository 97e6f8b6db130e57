"""Images are brought to unit length in the graph and the scores sharpened by a constant."""

unit = 28.0 * tf.nn.l2_normalize(X, axis=1)
W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
b = tf.get_variable("b", [1, 10], initializer=tf.zeros_initializer())
logits = unit @ W + b  # logits
loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits)  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(tf.reduce_sum(loss))  # train
prediction = tf.nn.top_k(logits, 1).indices[:, 0]
accuracy = tf.reduce_mean(tf.cast(tf.nn.in_top_k(logits, tf.argmax(Y, 1), 1), tf.float32))  # accuracy
net(W1=W)
