"""Adam written out on all gradients joined in one long vector; values and gradients as functions of it."""

W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
logits = tf.nn.xw_plus_b(X, W, b)  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
size = 784 * 10 + 10
m = tf.Variable(tf.zeros([size]), trainable=False)
v = tf.Variable(tf.zeros([size]), trainable=False)
t = tf.Variable(0.0, trainable=False)
gW, gb = tf.gradients(loss, [W, b])
g = tf.concat([tf.reshape(gW, [-1]), gb], 0)
t1 = t + 1.0
m1 = 0.9 * m + 0.1 * g
v1 = 0.999 * v + 0.001 * tf.square(g)
move = learning_rate * (m1 / (1.0 - tf.pow(0.9, t1))) / (tf.sqrt(v1 / (1.0 - tf.pow(0.999, t1))) + 1e-8)
with tf.control_dependencies([move]):
    train_op = tf.group(
        tf.assign(m, m1),
        tf.assign(v, v1),
        tf.assign(t, t1),
        tf.assign_sub(W, tf.reshape(move[: 784 * 10], [784, 10])),
        tf.assign_sub(b, move[784 * 10 :]),
    )
net(W1=W)
