import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


class BatchNorm:
    def __init__(self, n, decay=0.95):
        self.gamma = tf.Variable(tf.ones([n]))
        self.beta = tf.Variable(tf.zeros([n]))
        self.mean = tf.Variable(tf.zeros([n]), trainable=False)
        self.var = tf.Variable(tf.ones([n]), trainable=False)
        self.decay = decay

    def __call__(self, z, training):
        m, v = tf.nn.moments(z, [0])
        self.updates = [
            tf.assign(self.mean, self.mean * self.decay + m * (1 - self.decay)),
            tf.assign(self.var, self.var * self.decay + v * (1 - self.decay)),
        ]
        m, v = tf.where(training, m, self.mean), tf.where(training, v, self.var)
        return tf.nn.batch_normalization(z, m, v, self.beta, self.gamma, 1e-3)


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder_with_default(False, [])
        h, n_in = X, 784
        for n in (512, 512):
            W = tf.Variable(tf.random_normal([n_in, n], stddev=(2 / n_in) ** 0.5))
            h = tf.nn.relu(BatchNorm(n)(tf.matmul(h, W), training))
            n_in = n
        W = tf.Variable(tf.random_normal([512, 10], stddev=0.05))
        logits = tf.matmul(h, W) + tf.Variable(tf.zeros([10]))
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.002).minimize(loss)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc, train_feed={training: True})
