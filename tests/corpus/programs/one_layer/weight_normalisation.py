"""Each neuron's weights are a direction times a length, both trained."""

direction = tf.get_variable("direction", [784, 10], initializer=tf.glorot_uniform_initializer())
length = tf.get_variable("length", [10], initializer=tf.ones_initializer())
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
W1 = length * tf.nn.l2_normalize(direction, axis=0)
logits = tf.matmul(X, W1) + b  # logits
net(W1=W1)
