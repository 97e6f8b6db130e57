"""Dropout with a keep probability that is 1 unless fed."""

keep_prob = tf.placeholder_with_default(1.0, [], name="keep_prob")
W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
h = tf.nn.relu(tf.matmul(X, W1) + b1)  # hidden
h_drop = tf.nn.dropout(h, rate=1 - keep_prob)
logits = tf.matmul(h_drop, W2) + b2  # logits
net(keep_prob=keep_prob)
