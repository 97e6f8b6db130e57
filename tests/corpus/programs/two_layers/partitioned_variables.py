"""Both weight matrices partitioned along different axes."""

W1 = tf.get_variable(
    "W1",
    [784, 1500],
    initializer=tf.random_uniform_initializer(-0.05, 0.05),
    partitioner=tf.fixed_size_partitioner(3, axis=1),
)
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable(
    "W2",
    [1500, 10],
    initializer=tf.random_uniform_initializer(-0.063, 0.063),
    partitioner=tf.fixed_size_partitioner(2, axis=0),
)
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
h = tf.nn.relu(tf.matmul(X, W1) + b1)  # hidden
logits = tf.matmul(h, W2) + b2  # logits
