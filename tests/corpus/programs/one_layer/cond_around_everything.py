"""A switch chooses between noisy and clean images in tf.cond; the layer stands in both branches."""

noisy = tf.placeholder_with_default(False, [], name="noisy")
W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
logits = tf.cond(  # logits
    noisy,
    lambda: tf.matmul(X + tf.random_normal(tf.shape(X), stddev=0.1), W) + b,
    lambda: tf.matmul(X, W) + b,
)
net(W1=W)
