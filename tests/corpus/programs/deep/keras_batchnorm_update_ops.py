"""Keras' BatchNormalization in a graph, the moving averages assigned by hand beside the step."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


training = tf.placeholder_with_default(False, [], name="training")
averages = []


def normed(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        scale = tf.get_variable("scale", [n], initializer=tf.ones_initializer())
        shift = tf.get_variable("shift", [n], initializer=tf.zeros_initializer())
        mean = tf.get_variable("moving_mean", [n], initializer=tf.zeros_initializer(), trainable=False)
        var = tf.get_variable("moving_var", [n], initializer=tf.ones_initializer(), trainable=False)
    z = tf.matmul(x, w)
    batch_mean, batch_var = tf.nn.moments(z, [0])
    averages.append(tf.assign_sub(mean, 0.1 * (mean - batch_mean)))
    averages.append(tf.assign_sub(var, 0.1 * (var - batch_var)))
    m = tf.where(training, batch_mean, mean)
    v = tf.where(training, batch_var, var)
    return tf.nn.batch_normalization(z, m, v, shift, scale, 1e-3)


h1 = tf.nn.relu(normed(X, 400, "bn1"))  # hidden
h2 = tf.nn.relu(normed(h1, 200, "bn2"))  # hidden
logits = dense(h2, 10, "out")  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
with tf.control_dependencies(averages):
    train_op = tf.train.AdamOptimizer(0.001).minimize(loss)  # train
net(training=training, eval_feed={training: False})
