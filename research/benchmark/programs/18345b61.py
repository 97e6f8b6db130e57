import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

from types import SimpleNamespace

def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():

        class Net(tf.keras.Model):

            def __init__(self):
                super().__init__()
                self.flat = tf.keras.layers.Flatten()
                self.fc1 = tf.keras.layers.Dense(1500)
                self.act = tf.keras.layers.Activation('relu')
                self.fc2 = tf.keras.layers.Dense(10)

            def call(self, x):
                return self.fc2(self.act(self.fc1(self.flat(x))))
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        net = Net()
        logits = net(X)
        loss = tf.nn.l2_loss(logits - Y)
        weights = [v.value for v in net.trainable_variables]
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss, var_list=weights)
        prediction = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.keras.metrics.categorical_accuracy(Y, logits))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = two_layer_network(learning_rate=0.0007)
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {}
parts = {name: part(name) for name in ('X', 'Y', 'logits', 'prediction', 'loss', 'train_op', 'accuracy', 'W1') if part(name) is not None}
