"""Label smoothing in the loss and weight decay on the weights, added up by the losses' collection."""

W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
h = tf.nn.relu(tf.matmul(X, W1) + b1)  # hidden
logits = tf.matmul(h, W2) + b2  # logits
data_term = tf.losses.softmax_cross_entropy(Y, logits, label_smoothing=0.1)  # loss
decay = 1e-5 * (tf.nn.l2_loss(W1) + tf.nn.l2_loss(W2))
loss = data_term + decay
