"""The rate climbs to its value over the first hundred steps and stays there."""

W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
h = tf.nn.relu(tf.matmul(X, W1) + b1)  # hidden
logits = tf.matmul(h, W2) + b2  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
step = tf.train.get_or_create_global_step()
warm = tf.minimum(1.0, (tf.cast(step, tf.float32) + 1.0) / 100.0)
train_op = tf.train.AdamOptimizer(learning_rate * warm).minimize(loss, global_step=step)
