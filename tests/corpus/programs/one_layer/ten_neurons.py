"""Ten neurons, each with weights and a bias of its own, put side by side."""

X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
columns, neurons = [], []
for digit in range(10):
    w = tf.Variable(tf.random_uniform([784, 1], -0.087, 0.087), name="w%d" % digit)
    b = tf.Variable(0.0, name="b%d" % digit)
    columns.append(w)
    neurons.append(tf.matmul(X, w) + b)
logits = tf.concat(neurons, axis=1)  # logits
W1 = tf.concat(columns, axis=1)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
net(W1=W1)
