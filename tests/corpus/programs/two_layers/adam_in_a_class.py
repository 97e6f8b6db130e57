"""Adam in a class of its own that keeps slots in a dictionary and runs each assignment under the gradients."""


class Adam:
    def __init__(self, rate, b1=0.9, b2=0.999, eps=1e-8):
        self.rate, self.b1, self.b2, self.eps = rate, b1, b2, eps

    def minimize(self, cost, params):
        grads = tf.gradients(cost, params)
        t = tf.Variable(1, dtype=tf.float32, trainable=False)
        corrected = self.rate * tf.sqrt(1 - tf.pow(self.b2, t)) / (1 - tf.pow(self.b1, t))
        ms = [tf.Variable(tf.zeros(p.shape), trainable=False) for p in params]
        vs = [tf.Variable(tf.zeros(p.shape), trainable=False) for p in params]
        with tf.control_dependencies(grads):
            corrected = tf.identity(corrected)
            moves, slots = [], []
            for p, g, m, v in zip(params, grads, ms, vs):
                m_new = m + (1 - self.b1) * (g - m)
                v_new = v + (1 - self.b2) * (g * g - v)
                moves.append(corrected * m_new / (tf.sqrt(v_new) + self.eps))
                slots += [(m, m_new), (v, v_new)]
        with tf.control_dependencies(moves + [new for _, new in slots]):
            updates = [p.assign_sub(d) for p, d in zip(params, moves)] + [s.assign(new) for s, new in slots]
            with tf.control_dependencies(updates):
                return t.assign_add(1.0)


W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
h = tf.nn.relu(X @ W1 + b1)  # hidden
logits = h @ W2 + b2  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = Adam(learning_rate).minimize(loss, [W1, b1, W2, b2])
