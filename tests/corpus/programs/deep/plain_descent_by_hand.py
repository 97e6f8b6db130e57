"""Gradient descent by assign_sub in a loop, with a decay of the rate by a counter."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


h1 = tf.nn.relu(dense(X, 300, "h1"))  # hidden
h2 = tf.nn.relu(dense(h1, 100, "h2"))  # hidden
logits = dense(h2, 10, "out")  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
count = tf.Variable(0.0, trainable=False)
rate = 0.3 / (1.0 + 1e-4 * count)
params = tf.trainable_variables()
grads = tf.gradients(loss, params)
with tf.control_dependencies(grads):
    steps = [tf.assign(p, p - rate * g) for p, g in zip(params, grads)]
with tf.control_dependencies(steps):
    train_op = tf.assign_add(count, 1.0)
