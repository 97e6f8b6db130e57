"""ReLU as x * (x > 0), the rate decayed by an exponential schedule."""

W1 = tf.Variable(tf.glorot_uniform_initializer()([784, 1500]))
b1 = tf.Variable(tf.zeros([1500]))
W2 = tf.Variable(tf.glorot_uniform_initializer()([1500, 10]))
b2 = tf.Variable(tf.zeros([10]))
z = tf.matmul(X, W1) + b1
a = z * tf.cast(z > 0, tf.float32)  # hidden
logits = tf.matmul(a, W2) + b2  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
step = tf.Variable(0, trainable=False)
rate = tf.train.exponential_decay(learning_rate, step, decay_steps=938, decay_rate=0.95)
train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)  # train
