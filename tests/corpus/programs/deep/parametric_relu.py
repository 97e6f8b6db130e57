"""PReLU with a trained slope, and Adagrad."""


def prelu(z, name):
    alpha = tf.get_variable(name, [z.shape[-1]], initializer=tf.constant_initializer(0.25))
    return tf.maximum(z, 0.0) + alpha * tf.minimum(z, 0.0)


net = X
for i, n in enumerate([400, 200]):
    W = tf.get_variable("W%d" % i, [net.shape[1], n], initializer=tf.initializers.he_normal())
    b = tf.get_variable("b%d" % i, [n], initializer=tf.zeros_initializer())
    net = prelu(tf.matmul(net, W) + b, "alpha%d" % i)  # hidden
W = tf.get_variable("W_last", [200, 10], initializer=tf.glorot_uniform_initializer())
b = tf.get_variable("b_last", [10], initializer=tf.zeros_initializer())
logits = tf.matmul(net, W) + b  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdagradOptimizer(0.05).minimize(loss)  # train
