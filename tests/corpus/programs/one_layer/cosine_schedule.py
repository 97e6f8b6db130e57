"""The rate falls along a cosine, written out with a step counter of one's own; everything in a class with a scope."""

import math


TOTAL = 9380


class Softmax:
    def __init__(self, rate):
        with tf.variable_scope("softmax_regression"):
            self.x = tf.placeholder(tf.float32, [None, 784])  # images
            self.y = tf.placeholder(tf.float32, [None, 10])  # labels
            self.w = tf.get_variable("w", [784, 10], initializer=tf.keras.initializers.GlorotUniform())
            self.b = tf.get_variable("b", [10], initializer=tf.constant_initializer(0.0))
            self.z = tf.add(tf.matmul(self.x, self.w), self.b)  # logits
            self.cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=self.y, logits=self.z))  # loss
            counter = tf.get_variable("counter", [], tf.int64, initializer=tf.zeros_initializer(), trainable=False)
            part = tf.minimum(tf.cast(counter, tf.float32) / TOTAL, 1.0)
            now = rate * 0.5 * (1.0 + tf.cos(math.pi * part))
            self.step = tf.train.AdamOptimizer(now).minimize(self.cost, global_step=counter)  # train
            self.guess = tf.cast(tf.argmax(self.z, 1), tf.int32)
            truth = tf.cast(tf.argmax(self.y, 1), tf.int32)
            self.acc = tf.reduce_mean(tf.cast(tf.equal(self.guess, truth), tf.float32))  # accuracy


m = Softmax(learning_rate)
net(X=m.x, Y=m.y, logits=m.z, prediction=m.guess, loss=m.cost, train_op=m.step, accuracy=m.acc, W1=m.w)
