"""Each product is divided by the root of how many numbers went into it; the bias is added behind that."""

W1 = tf.get_variable("W1", [784, 1500], initializer=tf.random_normal_initializer(stddev=1.0))
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.random_normal_initializer(stddev=1.0))
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
h = tf.nn.relu(tf.matmul(X, W1) / 28.0 + b1)  # hidden
logits = tf.matmul(h, W2) / 1500.0**0.5 + b2  # logits
