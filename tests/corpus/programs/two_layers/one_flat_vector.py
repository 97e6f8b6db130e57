"""All parameters in one flat vector, cut into weights and biases."""

X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
glorot = tf.glorot_uniform_initializer()
start = tf.concat(
    [
        tf.reshape(glorot([784, 1500]), [-1]),
        tf.zeros([1500]),
        tf.reshape(glorot([1500, 10]), [-1]),
        tf.zeros([10]),
    ],
    axis=0,
)
theta = tf.Variable(start, name="theta")
pieces = tf.split(theta, [784 * 1500, 1500, 1500 * 10, 10])
W1 = tf.reshape(pieces[0], [784, 1500])
W2 = tf.reshape(pieces[2], [1500, 10])
h = tf.nn.relu(tf.matmul(X, W1) + pieces[1])  # hidden
logits = tf.matmul(h, W2) + pieces[3]  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
