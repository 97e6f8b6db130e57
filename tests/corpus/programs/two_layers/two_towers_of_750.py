"""The 1500 neurons as two layers of 750 side by side."""

X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
towers = []
for name in ("left", "right"):
    with tf.variable_scope(name):
        W = tf.get_variable("W", [784, 750], initializer=tf.random_uniform_initializer(-0.05, 0.05))
        b = tf.get_variable("b", [750], initializer=tf.zeros_initializer())
        towers.append(tf.nn.relu(tf.matmul(X, W) + b))
h = tf.concat(towers, axis=1)  # hidden
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
logits = tf.matmul(h, W2) + b2  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
