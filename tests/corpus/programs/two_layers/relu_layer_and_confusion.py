"""tf.nn.relu_layer, and an accuracy taken from the confusion matrix."""

with tf.variable_scope("one"):
    W1 = tf.get_variable("W", [784, 1500], initializer=tf.glorot_uniform_initializer())
    b1 = tf.get_variable("b", [1500], initializer=tf.zeros_initializer())
with tf.variable_scope("two"):
    W2 = tf.get_variable("W", [1500, 10], initializer=tf.glorot_uniform_initializer())
    b2 = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
h = tf.nn.relu_layer(X, W1, b1)  # hidden
logits = tf.nn.xw_plus_b(h, W2, b2)  # logits
entropy = tf.reduce_logsumexp(logits, axis=-1) - tf.reduce_sum(logits * Y, axis=-1)  # loss
loss = tf.reduce_mean(entropy)
train_op = tf.train.AdamOptimizer(learning_rate=learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
table = tf.confusion_matrix(tf.argmax(Y, 1), prediction, 10, dtype=tf.float32)
accuracy = tf.trace(table) / tf.reduce_sum(table)  # accuracy
