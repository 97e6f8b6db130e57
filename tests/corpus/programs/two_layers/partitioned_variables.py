"""Both weight matrices partitioned along different axes."""

X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
W1 = tf.get_variable(
    "W1",
    [784, 1500],
    initializer=tf.random_uniform_initializer(-0.05, 0.05),
    partitioner=tf.fixed_size_partitioner(3, axis=1),
)
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable(
    "W2",
    [1500, 10],
    initializer=tf.random_uniform_initializer(-0.063, 0.063),
    partitioner=tf.fixed_size_partitioner(2, axis=0),
)
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
h = tf.nn.relu(tf.matmul(X, W1) + b1)  # hidden
logits = tf.matmul(h, W2) + b2  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
