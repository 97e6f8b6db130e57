"""Labels are fed as digits and made one-hot inside the graph; W is [10, 784], used transposed."""

X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.int64, [None])  # labels
one_hot = tf.one_hot(Y, depth=10)
W = tf.get_variable("W", [10, 784], initializer=tf.glorot_uniform_initializer())
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
logits = tf.matmul(X, W, transpose_b=True) + b  # logits
loss = tf.losses.softmax_cross_entropy(onehot_labels=one_hot, logits=logits)  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, Y), tf.float32))  # accuracy
W1 = tf.transpose(W)
net(W1=W1)
