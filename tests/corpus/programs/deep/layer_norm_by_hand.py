"""Layer normalisation by hand, leaky ReLU, momentum."""


def block(t, width, name):
    with tf.variable_scope(name):
        W = tf.get_variable("W", [t.shape[1], width], initializer=tf.glorot_uniform_initializer())
        g = tf.get_variable("g", [width], initializer=tf.ones_initializer())
        b = tf.get_variable("b", [width], initializer=tf.zeros_initializer())
    z = tf.matmul(t, W)
    mu, var = tf.nn.moments(z, axes=[1], keep_dims=True)
    out = tf.nn.leaky_relu(g * (z - mu) * tf.rsqrt(var + 1e-5) + b)  # hidden
    return out


h = block(block(X, 500, "one"), 300, "two")
W3 = tf.get_variable("W3", [300, 10], initializer=tf.glorot_uniform_initializer())
b3 = tf.get_variable("b3", [10], initializer=tf.zeros_initializer())
logits = tf.matmul(h, W3) + b3  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True).minimize(loss)  # train
