"""Momentum by hand; feature-major; a triangular rate kept in a variable."""

A = tf.transpose(X)
params = []
sizes = [784, 300, 100, 10]
for l in range(1, 4):
    W = tf.get_variable("W%d" % l, [sizes[l], sizes[l - 1]], initializer=tf.initializers.he_normal())
    b = tf.get_variable("b%d" % l, [sizes[l], 1], initializer=tf.zeros_initializer())
    params += [W, b]
    Z = tf.matmul(W, A) + b
    A = tf.nn.relu(Z)  # hidden
logits = tf.transpose(Z)
J = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
alpha = tf.Variable(0.05, trainable=False, name="alpha")
grads = tf.gradients(J, params)
speeds = [tf.Variable(tf.zeros(p.shape), trainable=False) for p in params]
with tf.control_dependencies(grads):
    moved = [s.assign(0.9 * s + g) for s, g in zip(speeds, grads)]
    train_op = tf.group(*[p.assign_sub(alpha * s) for p, s in zip(params, moved)])
net(loss=J, alpha=alpha)
