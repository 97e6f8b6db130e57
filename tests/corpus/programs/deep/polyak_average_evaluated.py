"""Dropout by rate and an averaged copy of the weights that everything is evaluated on."""

sizes = [784, 400, 400, 10]
weights, averages = [], []
for i in range(3):
    for kind, shape in (("W", sizes[i : i + 2]), ("b", sizes[i + 1 : i + 2])):
        init = tf.glorot_uniform_initializer() if kind == "W" else tf.zeros_initializer()
        w = tf.get_variable("%s%d" % (kind, i), shape, initializer=init)
        weights.append(w)
        averages.append(tf.Variable(w.initialized_value(), trainable=False, name="avg_%s%d" % (kind, i)))


def run(p, rate):
    h = X
    for i in range(2):
        h = tf.nn.relu(tf.matmul(h, p[2 * i]) + p[2 * i + 1])  # hidden
        if rate:
            h = tf.nn.dropout(h, rate=rate)
    z = tf.matmul(h, p[4]) + p[5]  # logits
    return z


loss = tf.reduce_mean(  # loss
    tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=run(weights, 0.2))
)
step = tf.train.AdamOptimizer(0.001).minimize(loss)  # train
with tf.control_dependencies([step]):
    train_op = tf.group(*[a.assign_sub(0.02 * (a - w)) for a, w in zip(averages, weights)])
logits = run(averages, None)
