"""Images moved by a random pixel in training, as they are otherwise."""

train = tf.placeholder_with_default(False, [])


def moved():
    image = tf.pad(tf.reshape(X, [-1, 28, 28]), [[0, 0], [1, 1], [1, 1]])
    dy, dx = tf.unstack(tf.random_uniform([2], 0, 3, dtype=tf.int32))
    return tf.reshape(image[:, dy : dy + 28, dx : dx + 28], [-1, 784])


x = tf.cond(train, moved, lambda: tf.identity(X))
x.set_shape([None, 784])
W1 = tf.get_variable("W1", [784, 800], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [800], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [800, 400], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [400], initializer=tf.zeros_initializer())
W3 = tf.get_variable("W3", [400, 10], initializer=tf.glorot_uniform_initializer())
b3 = tf.get_variable("b3", [10], initializer=tf.zeros_initializer())
h1 = tf.nn.relu(x @ W1 + b1)  # hidden
h2 = tf.nn.relu(h1 @ W2 + b2)  # hidden
logits = h2 @ W3 + b3  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer().minimize(loss)  # train
net(train=train)
