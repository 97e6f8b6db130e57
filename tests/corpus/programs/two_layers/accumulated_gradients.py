"""Gradients are accumulated over two minibatches before Adam takes a step."""

EVERY = 2


W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer(), use_resource=True)
b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer(), use_resource=True)
W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer(), use_resource=True)
b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer(), use_resource=True)
h = tf.nn.relu(X @ W1 + b1)  # hidden
logits = h @ W2 + b2  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss

optimizer = tf.train.AdamOptimizer(learning_rate)
pairs = optimizer.compute_gradients(loss)  # train
sums = [tf.Variable(tf.zeros(v.shape), trainable=False, use_resource=True) for _, v in pairs]
count = tf.Variable(0, trainable=False, use_resource=True)
add = tf.group(*[s.assign_add(g) for s, (g, _) in zip(sums, pairs)], count.assign_add(1))


def apply():
    step = optimizer.apply_gradients([(s / EVERY, v) for s, (_, v) in zip(sums, pairs)])
    with tf.control_dependencies([step]):
        return tf.group(*[s.assign(tf.zeros_like(s)) for s in sums])


with tf.control_dependencies([add]):
    train_op = tf.cond(tf.equal(count.read_value() % EVERY, 0), apply, tf.no_op)
