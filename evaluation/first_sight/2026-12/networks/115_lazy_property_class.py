import functools

import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def lazy_property(function):
    attribute = "_cache_" + function.__name__

    @property
    @functools.wraps(function)
    def wrapper(self):
        if not hasattr(self, attribute):
            setattr(self, attribute, function(self))
        return getattr(self, attribute)
    return wrapper


class Model:
    def __init__(self, image, label):
        self.image, self.label = image, label
        self.prediction, self.optimize, self.accuracy

    @lazy_property
    def logits(self):
        w = tf.Variable(tf.truncated_normal([784, 10], 0.0, 0.05))
        return tf.matmul(self.image, w) + tf.Variable(tf.zeros([10]))

    @lazy_property
    def prediction(self):
        return tf.nn.softmax(self.logits)

    @lazy_property
    def cost(self):
        return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(
            labels=self.label, logits=self.logits))

    @lazy_property
    def optimize(self):
        return tf.train.AdamOptimizer(0.003).minimize(self.cost)

    @lazy_property
    def accuracy(self):
        mistakes = tf.not_equal(tf.argmax(self.label, 1), tf.argmax(self.prediction, 1))
        return 1.0 - tf.reduce_mean(tf.cast(mistakes, tf.float32))


def build():
    with tf.Graph().as_default() as graph:
        image = tf.placeholder(tf.float32, [None, 784])
        label = tf.placeholder(tf.float32, [None, 10])
        m = Model(image, label)
    return {"graph": graph, "X": image, "Y": label, "logits": m.logits,
            "prediction": m.prediction, "loss": m.cost, "train_op": m.optimize,
            "accuracy": m.accuracy}
