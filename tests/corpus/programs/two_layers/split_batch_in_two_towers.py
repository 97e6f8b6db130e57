"""As for two graphics cards: each half of the batch in a tower of its own, gradients averaged, one step."""


def tower(x, y):
    with tf.variable_scope("model", reuse=tf.AUTO_REUSE):
        w1 = tf.get_variable("w1", [784, 1500], initializer=tf.glorot_uniform_initializer())
        b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
        w2 = tf.get_variable("w2", [1500, 10], initializer=tf.glorot_uniform_initializer())
        b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
    h = tf.nn.relu(tf.matmul(x, w1) + b1)  # hidden
    z = tf.matmul(h, w2) + b2
    return z, tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z))


def average(tower_gradients):
    result = []
    for pairs in zip(*tower_gradients):
        g = tf.reduce_mean(tf.stack([pair[0] for pair in pairs]), 0)
        result.append((g, pairs[0][1]))
    return result


optimizer = tf.train.AdamOptimizer(learning_rate)
half = tf.shape(X)[0] // 2
scores, losses, gradients = [], [], []
for i, part in enumerate((slice(None, half), slice(half, None))):
    with tf.name_scope("tower_%d" % i):
        z, total = tower(X[part], Y[part])
        scores.append(z)
        losses.append(total)
        gradients.append(optimizer.compute_gradients(total))
train_op = optimizer.apply_gradients(average(gradients))
logits = tf.concat(scores, 0)  # logits
loss = tf.add_n(losses) / tf.cast(tf.shape(X)[0], tf.float32)
