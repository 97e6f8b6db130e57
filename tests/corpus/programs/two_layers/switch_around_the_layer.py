"""A switch in the graph: noise on the hidden layer while training, none otherwise (the default)."""

noisy = tf.placeholder_with_default(False, [], name="noisy")
W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
z = tf.matmul(X, W1) + b1
z = tf.cond(noisy, lambda: z + tf.random_normal(tf.shape(z), stddev=0.1), lambda: tf.identity(z))
h = tf.nn.relu(z)  # hidden
logits = tf.matmul(h, W2) + b2  # logits
