"""Moving averages are kept, but nothing reads them yet."""

W1 = tf.get_variable("W1", [784, 1500])
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [1500, 10])
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
h = tf.nn.leaky_relu(tf.matmul(X, W1) + b1, alpha=0.0)  # hidden
logits = tf.matmul(h, W2) + b2  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
global_step = tf.train.create_global_step()
minimise = tf.train.AdamOptimizer(learning_rate).minimize(loss, global_step)  # train
ema = tf.train.ExponentialMovingAverage(0.999, global_step)
with tf.control_dependencies([minimise]):
    train_op = ema.apply([W1, b1, W2, b2])
