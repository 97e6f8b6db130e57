"""Averaged weights come through a custom getter: the same function builds the network for evaluation."""


def build(x, getter=None):
    with tf.variable_scope("net", reuse=tf.AUTO_REUSE, custom_getter=getter):
        w1 = tf.get_variable("w1", [784, 1500], initializer=tf.glorot_uniform_initializer())
        b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
        w2 = tf.get_variable("w2", [1500, 10], initializer=tf.glorot_uniform_initializer())
        b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
    h = tf.nn.relu(tf.matmul(x, w1) + b1)  # hidden
    z = tf.matmul(h, w2) + b2  # logits
    return z


trained = build(X)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=trained))  # loss
step = tf.train.get_or_create_global_step()
minimise = tf.train.AdamOptimizer(learning_rate).minimize(loss, step)  # train
ema = tf.train.ExponentialMovingAverage(0.995, num_updates=step)
with tf.control_dependencies([minimise]):
    train_op = ema.apply(tf.trainable_variables())
logits = build(X, lambda getter, *args, **kw: ema.average(getter(*args, **kw)))
prediction = tf.nn.softmax(logits)
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32))  # accuracy
