"""Weights and bias of a layer packed in one matrix and sliced; weights masked to half; relu6."""

rng = np.random.RandomState(5)


def packed(t, n_in, n_out, name, masked):
    P = tf.get_variable(name, [n_in + 1, n_out], initializer=tf.glorot_uniform_initializer())
    W, b = P[:-1, :], P[-1, :]
    if masked:
        W = W * (rng.rand(n_in, n_out) < 0.5).astype(np.float32)
    return tf.matmul(t, W) + b


a = tf.nn.relu6(packed(X, 784, 200, "P1", False))  # hidden
a = tf.nn.relu6(packed(a, 200, 200, "P2", True))  # hidden
logits = packed(a, 200, 10, "P3", False)  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(0.002).minimize(loss)  # train
