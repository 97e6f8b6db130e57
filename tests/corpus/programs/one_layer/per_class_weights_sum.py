"""The matrix product as an elementwise product and a sum, the rate as a placeholder with a default."""

lr = tf.placeholder_with_default(tf.constant(learning_rate), shape=[])
W = tf.Variable(tf.glorot_uniform_initializer()([784, 10]))
b = tf.Variable(tf.zeros([10]))
logits = tf.stack([tf.reduce_sum(X * W[:, k], axis=1) + b[k] for k in range(10)], axis=1)  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(lr).minimize(loss)  # train
net(W1=W, lr=lr)
