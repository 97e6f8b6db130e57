import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


class DeepNet:
    widths = [900, 900, 900]

    def __init__(self):
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.X = tf.placeholder(tf.float32, [None, 784])
            self.Y = tf.placeholder(tf.float32, [None, 10])
            self.sigma = tf.placeholder_with_default(0.0, [])
            h = self.X + self.sigma * tf.random_normal(tf.shape(self.X))
            h = tf.reshape(h, [-1, 784])
            for n in self.widths:
                h = self.layer(h, n, tf.nn.swish)
            self.logits = self.layer(h, 10, tf.identity)
            self.prediction = tf.nn.softmax(self.logits)
            self.loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(
                labels=self.Y, logits=self.logits))
            step = tf.train.get_or_create_global_step()
            rate = tf.train.polynomial_decay(0.001, step, 9380, 0.0)
            self.train_op = tf.train.AdamOptimizer(rate).minimize(self.loss, global_step=step)
            hit = tf.equal(tf.argmax(self.logits, 1), tf.argmax(self.Y, 1))
            self.accuracy = tf.reduce_mean(tf.cast(hit, tf.float32))

    def layer(self, x, n, act):
        with tf.variable_scope(None, "layer"):
            w = tf.get_variable("w", [x.shape[1], n], initializer=tf.initializers.he_normal())
            b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
            return act(tf.matmul(x, w) + b)


def build():
    net = DeepNet()
    parts = {k: v for k, v in vars(net).items() if k != "sigma"}
    return {**parts, "train_feed": {net.sigma: 0.2}}
