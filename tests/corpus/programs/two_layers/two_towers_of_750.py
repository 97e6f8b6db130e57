"""The 1500 neurons as two layers of 750 side by side."""

towers = []
for name in ("left", "right"):
    with tf.variable_scope(name):
        W = tf.get_variable("W", [784, 750], initializer=tf.random_uniform_initializer(-0.05, 0.05))
        b = tf.get_variable("b", [750], initializer=tf.zeros_initializer())
        towers.append(tf.nn.relu(tf.matmul(X, W) + b))
h = tf.concat(towers, axis=1)  # hidden
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
logits = tf.matmul(h, W2) + b2  # logits
