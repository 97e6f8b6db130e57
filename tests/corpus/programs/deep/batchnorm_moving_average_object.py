"""Batch normalisation with tf.train.ExponentialMovingAverage; updates run before the train op."""

training = tf.placeholder_with_default(False, [])
updates = []


def bn_relu(z, width, name):
    scale = tf.get_variable(name + "/scale", [width], initializer=tf.ones_initializer())
    shift = tf.get_variable(name + "/shift", [width], initializer=tf.zeros_initializer())
    m, v = tf.nn.moments(z, [0])
    ema = tf.train.ExponentialMovingAverage(0.9)
    updates.append(ema.apply([m, v]))
    mean = tf.where(training, m, ema.average(m))
    var = tf.where(training, v, ema.average(v))
    act = tf.nn.relu(tf.nn.batch_normalization(z, mean, var, shift, scale, 1e-3))  # hidden
    return act


h = X
for k, (n_in, n_out) in enumerate([(784, 400), (400, 400)]):
    W = tf.get_variable("W%d" % k, [n_in, n_out], initializer=tf.initializers.he_uniform())
    h = bn_relu(tf.matmul(h, W), n_out, "bn%d" % k)
W_out = tf.get_variable("W_out", [400, 10], initializer=tf.glorot_uniform_initializer())
b_out = tf.get_variable("b_out", [10], initializer=tf.zeros_initializer())
logits = tf.matmul(h, W_out) + b_out  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
with tf.control_dependencies(updates):
    train_op = tf.train.AdamOptimizer(0.002).minimize(loss)  # train
net(training=training)
