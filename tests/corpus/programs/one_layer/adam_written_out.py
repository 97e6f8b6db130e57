"""Adam by hand: gradients, two moments for each variable, powers of beta kept in variables."""

W = tf.Variable(tf.glorot_uniform_initializer()((784, 10)))
b = tf.Variable(tf.zeros((10,)))
logits = X @ W + b  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss

b1, b2, eps = 0.9, 0.999, 1e-8
p1 = tf.Variable(1.0, trainable=False)
p2 = tf.Variable(1.0, trainable=False)
new_p1, new_p2 = tf.assign(p1, p1 * b1), tf.assign(p2, p2 * b2)
updates = []
for v, grad in zip([W, b], tf.gradients(loss, [W, b])):
    m = tf.Variable(tf.zeros_like(v.initialized_value()), trainable=False)
    s = tf.Variable(tf.zeros_like(v.initialized_value()), trainable=False)
    m_new = tf.assign(m, b1 * m + (1 - b1) * grad)
    s_new = tf.assign(s, b2 * s + (1 - b2) * tf.square(grad))
    m_hat = m_new / (1 - new_p1)
    s_hat = s_new / (1 - new_p2)
    updates.append(tf.assign_sub(v, learning_rate * m_hat / (tf.sqrt(s_hat) + eps)))
train_op = tf.group(*updates)  # train
net(W1=W)
