"""ReLU as the first half of a concatenated ReLU; names of parameters in a dictionary; the rate falls in steps."""


def init(shape):
    limit = (6.0 / (shape[0] + shape[1])) ** 0.5
    return tf.random_uniform(shape, -limit, limit)


params = {
    "w_h": tf.Variable(init([784, 1500])),
    "b_h": tf.Variable(tf.zeros([1500])),
    "w_o": tf.Variable(init([1500, 10])),
    "b_o": tf.Variable(tf.zeros([10])),
}
both = tf.nn.crelu(tf.matmul(X, params["w_h"]) + params["b_h"])
h = both[:, :1500]
logits = tf.matmul(h, params["w_o"]) + params["b_o"]  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
step = tf.Variable(0, trainable=False)
rate = tf.train.piecewise_constant(step, [2000, 4000], [learning_rate, learning_rate / 3, learning_rate / 10])
train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)  # train
