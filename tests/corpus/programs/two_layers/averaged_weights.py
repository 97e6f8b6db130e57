"""Moving averages of the weights; accuracy and logits are taken on the averages, the loss on the weights."""

W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())


def model(get):
    h = tf.nn.relu(tf.matmul(X, get(W1)) + get(b1))  # hidden
    z = tf.matmul(h, get(W2)) + get(b2)  # logits
    return z


raw = model(lambda v: v)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=raw))  # loss
step = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
ema = tf.train.ExponentialMovingAverage(decay=0.99)
with tf.control_dependencies([step]):
    train_op = ema.apply(tf.trainable_variables())
logits = model(ema.average)
