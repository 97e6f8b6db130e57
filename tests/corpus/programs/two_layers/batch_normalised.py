"""Batch normalisation of the hidden layer by hand, whose shift is its bias; averages are used where nothing is trained."""

X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
training = tf.placeholder(tf.bool, [])


def normalised(z):
    with tf.variable_scope("norm"):
        size = [int(z.shape[-1])]
        gain = tf.get_variable("gain", size, initializer=tf.ones_initializer())
        shift = tf.get_variable("shift", size, initializer=tf.zeros_initializer())
        mean = tf.get_variable("mean", size, initializer=tf.zeros_initializer(), trainable=False)
        var = tf.get_variable("var", size, initializer=tf.ones_initializer(), trainable=False)

    def learn():
        m, v = tf.nn.moments(z, [0])
        with tf.control_dependencies([mean.assign(0.9 * mean + 0.1 * m), var.assign(0.9 * var + 0.1 * v)]):
            return tf.identity(m), tf.identity(v)

    m, v = tf.cond(training, learn, lambda: (tf.identity(mean), tf.identity(var)))
    return tf.nn.batch_normalization(z, m, v, shift, gain, 1e-3)


W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
h = tf.nn.relu(normalised(tf.matmul(X, W1)))  # hidden
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
logits = tf.matmul(h, W2) + b2  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
net(training=training, eval_feed={training: False})
