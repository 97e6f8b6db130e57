"""A list of sizes and a loop; cosine decay of the rate."""

SIZES = [784, 512, 256, 128, 10]


X = tf.placeholder(tf.float32, [None, SIZES[0]])  # images
Y = tf.placeholder(tf.float32, [None, SIZES[-1]])  # labels
h = X
for i, (n_in, n_out) in enumerate(zip(SIZES[:-1], SIZES[1:])):
    W = tf.get_variable("W%d" % i, [n_in, n_out], initializer=tf.initializers.he_normal())
    b = tf.get_variable("b%d" % i, [n_out], initializer=tf.zeros_initializer())
    z = tf.matmul(h, W) + b
    h = tf.nn.relu(z)  # hidden
logits = z
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
step = tf.train.get_or_create_global_step()
rate = tf.train.cosine_decay(0.001, step, 7000)
train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)  # train
