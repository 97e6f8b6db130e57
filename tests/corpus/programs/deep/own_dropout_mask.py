"""Dropout by a mask of one's own; the keep probability is 1 unless fed."""

keep = tf.placeholder_with_default(tf.constant(1.0), [])


def drop(t):
    mask = tf.floor(keep + tf.random_uniform(tf.shape(t)))
    return t * mask / keep


def dense(t, n):
    W = tf.Variable(tf.glorot_uniform_initializer()([int(t.shape[1]), n]))
    b = tf.Variable(tf.zeros([n]))
    return tf.matmul(t, W) + b


a1 = tf.nn.relu(dense(X, 600))  # hidden
a2 = tf.nn.relu(dense(drop(a1), 600))  # hidden
logits = dense(drop(a2), 10)  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
step = tf.Variable(0, trainable=False, dtype=tf.int64)
rate = tf.train.piecewise_constant(step, [5000, 8000], [1e-3, 3e-4, 1e-4])
train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)  # train
net(keep=keep)
