"""Every gradient clipped to a range, then applied."""

W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
z1 = tf.add(tf.matmul(X, W1), b1)
a1 = tf.nn.relu(z1)  # hidden
logits = tf.add(tf.matmul(a1, W2), b2)  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
opt = tf.train.AdamOptimizer(learning_rate)
clipped = [(tf.clip_by_value(g, -0.1, 0.1), v) for g, v in opt.compute_gradients(loss) if g is not None]
train_op = opt.apply_gradients(clipped)  # train
