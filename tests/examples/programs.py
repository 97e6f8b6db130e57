"""Networks for clothes and for prices, each in three spellings that share nothing but the task, and how they are changed."""

from __future__ import annotations

SPELLINGS = ("by hand", "with helpers", "with Keras layers")

CLOTHES_GIVEN = """
import numpy as np
import tensorflow.compat.v1 as tf
from types import SimpleNamespace
from netgrader.student import load_data

(x_train_2d, y_train), (x_test_2d, y_test) = load_data()
"""
CLOTHES_DATA = """
x_train = x_train_2d.reshape(len(x_train_2d), 784).astype(np.float32) / 255
x_test = x_test_2d.reshape(len(x_test_2d), 784).astype(np.float32) / 255
y_train_1_hot = np.eye(10, dtype=np.float32)[y_train]
y_test_1_hot = np.eye(10, dtype=np.float32)[y_test]
"""

CONVOLUTIONAL = (
    """
def convolutional_network(dropout=0.0):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        on = tf.placeholder_with_default(False, [])
        first = tf.glorot_uniform_initializer()
        def layer(*shape):
            return tf.Variable(first(shape)), tf.Variable(tf.zeros(shape[-1:]))
        images = tf.reshape(X, [-1, 28, 28, 1])
        W1, b1 = layer(3, 3, 1, 8)
        features = tf.nn.relu(tf.nn.conv2d(images, W1, 2, "SAME") + b1)
        W2, b2 = layer(3, 3, 8, 8)
        maps = tf.nn.relu(tf.nn.conv2d(features, W2, 2, "SAME") + b2)
        flat = tf.reshape(maps, [-1, 7 * 7 * 8])
        W3, b3 = layer(392, 32)
        hidden = tf.nn.relu(tf.matmul(flat, W3) + b3)
        hidden = tf.nn.dropout(hidden, rate=dropout * tf.cast(on, tf.float32))
        W4, b4 = layer(32, 10)
        logits = tf.matmul(hidden, W4) + b4
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        correct = tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))
        accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
        train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy, train_feed={on: True})
""",
    """
class Net:
    pass

def convolutional_network(dropout=0.0):
    net = Net()
    net.graph = g = tf.Graph()
    with g.as_default():
        def weights(name, shape):
            fan = np.prod(shape[:-1])
            return tf.get_variable(name, shape, initializer=tf.random_normal_initializer(0, (2 / fan) ** 0.5))
        def bias(name, n):
            return tf.get_variable(name, [n], initializer=tf.zeros_initializer())
        net.X = tf.placeholder("float", (None, 784), "rows")
        net.Y = tf.placeholder("float", (None, 10), "kinds")
        training = tf.placeholder_with_default(False, (), "training")
        x = tf.expand_dims(tf.reshape(net.X, (-1, 28, 28)), 3)
        z = tf.nn.bias_add(tf.nn.conv2d(x, weights("k1", [5, 5, 1, 6]), strides=[1, 2, 2, 1], padding="VALID"), bias("b1", 6))
        first = tf.maximum(z, 0)
        z = tf.nn.bias_add(tf.nn.conv2d(first, weights("k2", [3, 3, 6, 8]), [1, 1, 1, 1], "SAME"), bias("b2", 8))
        h = tf.maximum(z, 0)
        h = tf.nn.max_pool2d(h, 2, 2, "VALID")
        h = tf.reshape(h, (-1, 6 * 6 * 8))
        h = tf.maximum(tf.nn.xw_plus_b(h, weights("w3", [288, 24]), bias("b3", 24)), 0)
        h = tf.cond(training, lambda: tf.nn.dropout(h, rate=dropout), lambda: h)
        net.logits = tf.nn.xw_plus_b(h, weights("w4", [24, 10]), bias("b4", 10))
        net.prediction = tf.argmax(net.logits, axis=1)
        net.loss = -tf.reduce_mean(tf.reduce_sum(net.Y * tf.nn.log_softmax(net.logits), axis=1))
        same = tf.equal(net.prediction, tf.argmax(net.Y, axis=1))
        net.accuracy = tf.reduce_mean(tf.to_float(same))
        adam = tf.train.AdamOptimizer(learning_rate=2e-3)
        net.train_op = adam.apply_gradients(adam.compute_gradients(net.loss))
        net.train_feed, net.eval_feed = {training: True}, {training: False}
    return net
""",
    """
def convolutional_network(dropout=0.0):
    graph = tf.Graph()
    layers = tf.keras.layers
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        share = tf.placeholder_with_default(0.0, [])
        x = tf.reshape(X, (-1, 28, 28, 1))
        features = layers.Conv2D(6, 3, padding="same", activation="relu")(x)
        x = tf.nn.avg_pool2d(features, 4, 4, "SAME")
        x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
        x = tf.reshape(x, (-1, 7 * 7 * 8))
        x = layers.Dense(30, activation="relu")(x)
        mask = tf.cast(tf.random.uniform(tf.shape(x)) >= share, tf.float32)
        x = x * mask / (1 - share)
        logits = layers.Dense(10)(x)
        kinds = tf.argmax(Y, 1)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=kinds, logits=logits))
        accuracy = tf.reduce_mean(tf.cast(tf.nn.in_top_k(logits, kinds, 1), tf.float32))
        train_op = tf.train.AdamOptimizer(3e-3).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy, train_feed={share: dropout})
""",
)

SWEEP = """
def trained(dropout, n_epochs):
    net = convolutional_network(dropout)
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    for _ in range(n_epochs):
        order = np.random.permutation(len(x_train))
        for k in range(0, len(order), 100):
            rows = order[k:k + 100]
            sess.run(net.train_op, {net.X: x_train[rows], net.Y: y_train_1_hot[rows], **net.train_feed})
        acc_trn.append(sess.run(net.accuracy, {net.X: x_train, net.Y: y_train_1_hot}))
        acc_val.append(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot}))
    return net, sess, acc_trn, acc_val
"""
SWEPT = """
sweep = {}
for value in (0.0, 0.3, 0.6, 0.9):
    _, sess, _, acc_val = trained(value, 1)
    sweep[value] = acc_val[-1]
    sess.close()
best_dropout = max(sweep, key=sweep.get)
"""

PRICES_GIVEN = """
import numpy as np
import tensorflow.compat.v1 as tf
from types import SimpleNamespace
from netgrader.student import load_data

(x_train_raw, y_train), (x_test_raw, y_test) = load_data()
"""
PRICES_DATA = """
mean, deviation = x_train_raw.mean(axis=0), x_train_raw.std(axis=0)
x_train = ((x_train_raw - mean) / deviation).astype(np.float32)
x_test = ((x_test_raw - mean) / deviation).astype(np.float32)
"""

REGRESSION = (
    """
def network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 7])
        Y = tf.placeholder(tf.float32, [None])
        first = tf.glorot_uniform_initializer()
        W1, b1 = tf.Variable(first([7, 64])), tf.Variable(tf.zeros([64]))
        hidden = tf.nn.relu(tf.matmul(X, W1) + b1)
        W2, b2 = tf.Variable(first([64, 1])), tf.Variable(tf.zeros([1]))
        output = tf.squeeze(tf.matmul(hidden, W2) + b2, axis=1)
        prediction = 60.0 + 30.0 * output
        loss = tf.reduce_mean(tf.square(prediction - Y)) / 900
        train_op = tf.train.AdamOptimizer(0.01).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, prediction=prediction, loss=loss, train_op=train_op)
""",
    """
def network():
    net = SimpleNamespace(graph=tf.Graph())
    with net.graph.as_default():
        net.X = tf.placeholder("float", (None, 7), "garments")
        net.Y = tf.placeholder("float", (None,), "euros")
        h = net.X
        for number, (n, m) in enumerate([(7, 32), (32, 16)]):
            w = tf.get_variable(f"w{number}", [n, m], initializer=tf.glorot_normal_initializer())
            b = tf.get_variable(f"b{number}", [m], initializer=tf.zeros_initializer())
            h = tf.nn.elu(tf.nn.xw_plus_b(h, w, b))
        w = tf.get_variable("w", [16, 1], initializer=tf.glorot_normal_initializer())
        z = tf.nn.xw_plus_b(h, w, tf.Variable([60.0]))
        net.prediction = z[:, 0]
        net.loss = tf.reduce_mean(tf.abs(net.Y - net.prediction))
        adam = tf.train.AdamOptimizer(learning_rate=0.01)
        net.train_op = adam.apply_gradients(adam.compute_gradients(net.loss))
    return net
""",
    """
def network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 7])
        Y = tf.placeholder(tf.float32, [None])
        x = tf.keras.layers.Dense(48, activation="tanh")(X)
        z = tf.keras.layers.Dense(1)(x)
        prediction = tf.reshape(z, [-1]) * 30 + 60
        difference = prediction - Y
        loss = tf.reduce_mean(difference ** 2)
        train_op = tf.train.AdamOptimizer(0.01).minimize(loss)
    return dict(graph=graph, X=X, Y=Y, prediction=prediction, loss=loss, train_op=train_op)
""",
)

REGRESSION_TRAINED = """
def part(net, name):
    return net[name] if isinstance(net, dict) else getattr(net, name)

net = network()
sess = tf.Session(graph=part(net, "graph"))
X, Y = part(net, "X"), part(net, "Y")
with part(net, "graph").as_default():
    sess.run(tf.global_variables_initializer())

def answers(x):
    return sess.run(part(net, "prediction"), {X: x})

err_trn, err_val = [], []
for _ in range(30):
    order = np.random.permutation(len(x_train))
    for k in range(0, len(order), 40):
        sess.run(part(net, "train_op"), {X: x_train[order[k:k + 40]], Y: y_train[order[k:k + 40]]})
    err_trn.append(np.abs(answers(x_train) - y_train).mean())
    err_val.append(np.abs(answers(x_test) - y_test).mean())
"""


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Return `text` with each old part replaced, which must be there."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text
