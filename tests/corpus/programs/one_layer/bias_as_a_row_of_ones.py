"""The bias is the last row of the weights; a column of ones is put beside the images."""

X = tf.placeholder(tf.float32, [None, 784])  # images
T = tf.placeholder(tf.float32, [None, 10])  # labels
ones = tf.ones([tf.shape(X)[0], 1])
X_ext = tf.concat([X, ones], axis=1)
lim = np.sqrt(6.0 / 794)
theta = tf.Variable(tf.concat([tf.random_uniform([784, 10], -lim, lim), tf.zeros([1, 10])], axis=0))
a = tf.matmul(X_ext, theta)  # logits
E = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=T, logits=a))  # loss
update = tf.train.AdamOptimizer(learning_rate).minimize(E)  # train
k = tf.argmax(a, 1)
acc = tf.reduce_mean(tf.cast(tf.equal(k, tf.argmax(T, 1)), tf.float32))  # accuracy
net(Y=T, logits=a, prediction=k, loss=E, train_op=update, accuracy=acc, W1=theta[:784])
