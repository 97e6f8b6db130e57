"""Dropout in a branch, at a rate that is a placeholder of no shape, as is the switch."""

training, rate = tf.placeholder(tf.bool), tf.placeholder(tf.float32)
W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
h = tf.nn.relu(tf.matmul(X, W1) + b1)  # hidden
kept = tf.cond(training, lambda: tf.nn.dropout(h, rate=rate), lambda: h)
logits = tf.matmul(kept, W2) + b2  # logits
net(eval_feed={training: False, rate: 0.4})
