"""A switch chooses between noisy and clean images in tf.cond; the layer stands in both branches."""

X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
noisy = tf.placeholder_with_default(False, [], name="noisy")
W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
logits = tf.cond(  # logits
    noisy,
    lambda: tf.matmul(X + tf.random_normal(tf.shape(X), stddev=0.1), W) + b,
    lambda: tf.matmul(X, W) + b,
)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
net(W1=W)
