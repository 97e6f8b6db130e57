"""Everything in float64, with tensordot."""

f64 = tf.float64
X = tf.placeholder(f64, [None, 784])  # images
Y = tf.placeholder(f64, [None, 10])  # labels
W = tf.get_variable("W", [784, 10], f64, tf.glorot_uniform_initializer(dtype=f64))
b = tf.get_variable("b", [10], f64, tf.zeros_initializer(dtype=f64))
Z = tf.tensordot(X, W, axes=[[1], [0]]) + b  # logits
J = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=Z))  # loss
step = tf.train.AdamOptimizer(learning_rate).minimize(J)  # train
k = tf.argmax(Z, 1)
acc = tf.reduce_mean(tf.cast(tf.equal(k, tf.argmax(Y, 1)), f64))  # accuracy
net(logits=Z, prediction=k, loss=J, train_op=step, accuracy=acc, W1=W)
