"""The optimizer is given the vector of losses, one for each row."""

X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
W = tf.get_variable("W", [784, 10], initializer=tf.keras.initializers.GlorotUniform())
b = tf.get_variable("b", [10], initializer=tf.keras.initializers.Zeros())
logits = tf.nn.bias_add(X @ W, b)  # logits
loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits)  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
net(W1=W)
