"""Momentum written out by hand with Nesterov's look ahead, velocities in a list."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


h1 = tf.nn.relu(dense(X, 300, "h1"))  # hidden
h2 = tf.nn.relu(dense(h1, 300, "h2"))  # hidden
logits = dense(h2, 10, "out")  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
params = tf.trainable_variables()
grads = tf.gradients(loss, params)
moves = []
slots = [tf.Variable(tf.zeros(p.shape), trainable=False) for p in params]
with tf.control_dependencies(grads):
    for p, g, v in zip(params, grads, slots):
        new = 0.9 * v - 0.05 * g
        with tf.control_dependencies([new]):
            ahead = 0.9 * new - 0.05 * g
            with tf.control_dependencies([ahead]):
                moves += [v.assign(new), p.assign_add(ahead)]
train_op = tf.group(*moves)
