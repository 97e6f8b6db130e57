"""Placeholders without a shape; the graph learns sizes from a reshape."""

X = tf.placeholder(tf.float32)  # images
Y = tf.placeholder(tf.float32)  # labels
flat = tf.reshape(X, [-1, 784])
W = tf.Variable(tf.truncated_normal([784, 10], stddev=0.05))
b = tf.Variable(tf.zeros(10))
logits = tf.nn.bias_add(tf.matmul(flat, W), b)  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(learning_rate=learning_rate).minimize(loss)  # train
net(W1=W)
