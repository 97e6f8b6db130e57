"""Residual connections around two layers each."""


def linear(t, n, name):
    with tf.variable_scope(name):
        W = tf.get_variable("W", [t.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return t @ W + b


h = tf.nn.relu(linear(X, 300, "stem"))  # hidden
for i in range(3):
    inner = tf.nn.relu(linear(h, 300, "block%d_a" % i))  # hidden
    h = tf.nn.relu(h + linear(inner, 300, "block%d_b" % i))  # hidden
logits = linear(h, 10, "head")  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(5e-4).minimize(loss)  # train
