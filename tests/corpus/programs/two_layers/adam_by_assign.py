"""Adam by hand: one step counter, corrected rate, assignments after all gradients are known."""


def adam(loss, variables, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8):
    gradients = tf.gradients(loss, variables)
    t = tf.Variable(0.0, trainable=False, name="t")
    with tf.control_dependencies(gradients):
        t_next = tf.assign_add(t, 1.0)
    alpha_t = alpha * tf.sqrt(1.0 - beta2**t_next) / (1.0 - beta1**t_next)
    ops = [t_next]
    for w, g in zip(variables, gradients):
        shape = w.shape.as_list()
        m = tf.Variable(np.zeros(shape, np.float32), trainable=False)
        v = tf.Variable(np.zeros(shape, np.float32), trainable=False)
        with tf.control_dependencies(gradients):
            m_t = m.assign(beta1 * m + (1 - beta1) * g)
            v_t = v.assign(beta2 * v + (1 - beta2) * g * g)
        ops.append(w.assign(w - alpha_t * m_t / (tf.sqrt(v_t) + epsilon)))
    return tf.group(*ops)


W1 = tf.Variable(tf.glorot_uniform_initializer()([784, 1500]))
b1 = tf.Variable(tf.zeros([1500]))
W2 = tf.Variable(tf.glorot_uniform_initializer()([1500, 10]))
b2 = tf.Variable(tf.zeros([10]))
h = tf.nn.relu(X @ W1 + b1)  # hidden
logits = h @ W2 + b2  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = adam(loss, [W1, b1, W2, b2], learning_rate)
