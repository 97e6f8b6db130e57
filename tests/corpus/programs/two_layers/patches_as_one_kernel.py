"""The image as one patch: tf.image.extract_patches flattens it; the output by tensordot; gradients clipped by value."""

picture = tf.reshape(X, [-1, 28, 28, 1])
flat = tf.reshape(tf.image.extract_patches(picture, [1, 28, 28, 1], [1, 1, 1, 1], [1, 1, 1, 1], "VALID"), [-1, 784])
W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
h = tf.nn.relu(tf.tensordot(flat, W1, [[1], [0]]) + b1)  # hidden
logits = tf.tensordot(h, W2, [[1], [0]]) + b2  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
opt = tf.train.AdamOptimizer(learning_rate)
clipped = [(tf.clip_by_value(g, -1.0, 1.0), v) for g, v in opt.compute_gradients(loss)]  # train
train_op = opt.apply_gradients(clipped)
