"""Pixels are standardised inside the graph; the loss is summed over the batch."""

MEAN, STD = 0.1307, 0.3081


W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
logits = tf.matmul((X - MEAN) / STD, W) + b  # logits
loss = tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
net(W1=W)
