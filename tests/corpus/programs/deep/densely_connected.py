"""Each layer sees the outputs of all layers before it."""

seen = X
for k in range(3):
    W = tf.get_variable("W%d" % k, [seen.shape[1], 128], initializer=tf.glorot_uniform_initializer())
    b = tf.get_variable("b%d" % k, [128], initializer=tf.zeros_initializer())
    new = tf.nn.relu(tf.matmul(seen, W) + b)  # hidden
    seen = tf.concat([seen, new], axis=1)
W = tf.get_variable("W_out", [seen.shape[1], 10], initializer=tf.glorot_uniform_initializer())
b = tf.get_variable("b_out", [10], initializer=tf.zeros_initializer())
logits = tf.matmul(seen, W) + b  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(0.0005).minimize(loss)  # train
