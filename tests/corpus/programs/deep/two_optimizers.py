"""Adam for the weights, momentum for the biases, in one group."""

W1 = tf.get_variable("W1", [784, 300], initializer=tf.glorot_uniform_initializer())
W2 = tf.get_variable("W2", [300, 300], initializer=tf.glorot_uniform_initializer())
W3 = tf.get_variable("W3", [300, 10], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [300], initializer=tf.zeros_initializer())
b2 = tf.get_variable("b2", [300], initializer=tf.zeros_initializer())
b3 = tf.get_variable("b3", [10], initializer=tf.zeros_initializer())
h1 = tf.nn.softplus(X @ W1 + b1)  # hidden
h2 = tf.nn.softplus(h1 @ W2 + b2)  # hidden
logits = h2 @ W3 + b3  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
step_w = tf.train.AdamOptimizer(0.001).minimize(loss, var_list=[W1, W2, W3])
step_b = tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss, var_list=[b1, b2, b3])
train_op = tf.group(step_w, step_b)
