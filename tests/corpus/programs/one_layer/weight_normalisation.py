"""Each neuron's weights are a direction times a length, both trained."""

X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
direction = tf.get_variable("direction", [784, 10], initializer=tf.glorot_uniform_initializer())
length = tf.get_variable("length", [10], initializer=tf.ones_initializer())
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
W1 = length * tf.nn.l2_normalize(direction, axis=0)
logits = tf.matmul(X, W1) + b  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
net(W1=W1)
