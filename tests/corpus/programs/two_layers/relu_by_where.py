"""ReLU by tf.where, the loss by the sparse form with the argmax of the labels."""


def relu(t):
    return tf.where(t > 0, t, tf.zeros_like(t))


W1 = tf.get_variable("W1", shape=[784, 1500], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", shape=[1500], initializer=tf.zeros_initializer())
h = relu(tf.matmul(X, W1) + b1)  # hidden
W2 = tf.get_variable("W2", shape=[1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", shape=[10], initializer=tf.zeros_initializer())
logits = tf.matmul(h, W2) + b2  # logits
targets = tf.argmax(Y, axis=1)
losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)  # loss
loss = tf.reduce_mean(losses)
train_op = tf.train.AdamOptimizer(learning_rate=learning_rate).minimize(loss)  # train
prediction = tf.argmax(tf.nn.softmax(logits), 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, targets), tf.float32))  # accuracy
