"""The unreduced loss is minimised; the mean is only shown."""

sizes = [784, 1500, 10]
Ws, bs = [], []
for i in range(2):
    Ws.append(tf.get_variable("W%d" % i, sizes[i : i + 2], initializer=tf.glorot_uniform_initializer()))
    bs.append(tf.get_variable("b%d" % i, [sizes[i + 1]], initializer=tf.zeros_initializer()))
hidden = tf.nn.relu(tf.matmul(X, Ws[0]) + bs[0])  # hidden
logits = tf.matmul(hidden, Ws[1]) + bs[1]  # logits
each_row = tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits)  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(each_row)  # train
shown = tf.reduce_mean(each_row)
net(loss=shown)
