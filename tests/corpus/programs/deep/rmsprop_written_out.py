"""RMSProp by hand, one assignment after the other."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


h1 = tf.tanh(dense(X, 300, "h1"))  # hidden
h2 = tf.tanh(dense(h1, 300, "h2"))  # hidden
logits = dense(h2, 10, "out")  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
ops = []
params = tf.trainable_variables()
grads = tf.gradients(loss, params)
for p, g in zip(params, grads):
    r = tf.Variable(tf.zeros_like(p), trainable=False)
    with tf.control_dependencies(grads):
        r2 = r.assign(0.9 * r + 0.1 * g**2)
    ops.append(p.assign_sub(0.001 * g / (tf.sqrt(r2) + 1e-6)))
train_op = tf.group(ops)
