"""Images and labels come out of a tf.data iterator, and are fed in its place."""

data = tf.data.Dataset.from_tensor_slices((np.zeros([1, 784], np.float32), np.zeros([1, 10], np.float32)))
iterator = tf.data.make_one_shot_iterator(data.repeat().batch(64))
X, Y = iterator.get_next()
W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
h = tf.nn.relu(tf.matmul(X, W1) + b1)  # hidden
logits = tf.matmul(h, W2) + b2  # logits
