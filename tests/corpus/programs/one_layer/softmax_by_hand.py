"""Softmax and its logarithm by hand, with the largest logit taken off first."""


def log_softmax(z):
    z = z - tf.reduce_max(z, axis=1, keepdims=True)
    return z - tf.log(tf.reduce_sum(tf.exp(z), axis=1, keepdims=True))


X = tf.placeholder(tf.float32, [None, 784], "x")  # images
Y = tf.placeholder(tf.float32, [None, 10], "y")  # labels
init = tf.variance_scaling_initializer(scale=1.0, mode="fan_avg", distribution="uniform")
W = tf.get_variable("W", [784, 10], initializer=init)
b = tf.get_variable("b", [10], initializer=tf.constant_initializer(0.0))
logits = tf.matmul(X, W) + b  # logits
logp = log_softmax(logits)  # loss
p = tf.exp(logp)
loss = -tf.reduce_mean(tf.reduce_sum(Y * logp, axis=1))
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(p, axis=1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, axis=1)), tf.float32))  # accuracy
net(W1=W)
