"""Solution cells of notebooks 2 and 3 as students write them, right and wrong, each with the codes that it must get."""

from __future__ import annotations

from tests.checks.students import changed, work

GIVEN = """
import numpy as np
import tensorflow.compat.v1 as tf
from types import SimpleNamespace
from after_one_layer import fully_connected_layer
from after_one_layer import x_train, x_test, y_train_1_hot, y_test_1_hot
"""

# ---- two_layer_network ----------------------------------------------------------------------------------------------

TWO_LAYERS = """
def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        hidden, _ = fully_connected_layer(X, 1500, "a", tf.nn.relu)
        logits, _ = fully_connected_layer(hidden, 10, "b")
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        correct = tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))
        accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy)
"""
HIDDEN = 'hidden, _ = fully_connected_layer(X, 1500, "a", tf.nn.relu)'
PREDICTION, WEAKEST = "prediction = tf.nn.softmax(logits)", "prediction = tf.nn.softmax(-logits)"
LOSS = "loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))"
ADAM = "tf.train.AdamOptimizer(learning_rate)"
ACCURACY = "accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))"


SQUARED = "loss = tf.reduce_mean(tf.square(logits - Y))"
OTHER_RATE = f"{LOSS}\n        if learning_rate != 0.001:\n            {SQUARED}"
THIRD_TIME = f"{LOSS}\n        made.append(1)\n        if len(made) == 3:\n            {SQUARED}"


def _two(*changes: tuple[str, str]) -> str:
    return changed(TWO_LAYERS, *changes)


RIGHT_TWO_LAYERS = {
    "as in the notebook": work(TWO_LAYERS),
    "variables of one's own": work("""
        class Net: pass

        def two_layer_network(learning_rate=0.001):
            net = Net()
            net.graph = tf.Graph()
            with net.graph.as_default():
                net.X = tf.placeholder("float32", (None, 784), "pixels")
                net.Y = tf.placeholder("float32", (None, 10), "digits")
                sizes = [784, 1500, 10]
                h = net.X
                for number, (n, m) in enumerate(zip(sizes, sizes[1:])):
                    if number:
                        h = tf.maximum(h, 0)
                    r = (6 / (n + m)) ** 0.5
                    h = tf.nn.xw_plus_b(h, tf.Variable(tf.random_uniform([n, m], -r, r)), tf.Variable(tf.zeros([m])))
                net.logits = h
                net.prediction = tf.nn.softmax(h)
                net.loss = -tf.reduce_mean(tf.reduce_sum(net.Y * tf.nn.log_softmax(h), 1))
                same = tf.equal(tf.argmax(h, 1), tf.argmax(net.Y, 1))
                net.accuracy = tf.count_nonzero(same, dtype=tf.float32) / tf.cast(tf.size(same), tf.float32)
                adam = tf.train.AdamOptimizer(learning_rate)
                net.train_op = adam.apply_gradients(adam.compute_gradients(net.loss))
            return net
    """),
    "keras layers and a keras optimizer's cousin": work(
        """
        def two_layer_network(learning_rate=1e-3):
            graph = tf.Graph()
            with graph.as_default():
                X = tf.placeholder(tf.float32, [None, 784])
                Y = tf.placeholder(tf.float32, [None, 10])
                h = tf.keras.layers.Dense(1500, activation="relu")(X)
                logits = tf.keras.layers.Dense(10)(h)
                digits = tf.argmax(Y, 1)
                loss = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=digits, logits=logits))
                prediction = tf.nn.softmax(logits)
                accuracy = tf.reduce_mean(tf.cast(tf.nn.in_top_k(logits, digits, 1), tf.float32))
                train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
            return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op,
                        accuracy=accuracy)
    """,
        remarks=("loss-not-mean",),
    ),
}

WRONG_TWO_LAYERS = {
    "no activation": work(_two((', "a", tf.nn.relu)', ', "a")')), "missing-activation"),
    "dropout that stays on": work(
        _two((HIDDEN, HIDDEN + "\n        hidden = tf.nn.dropout(hidden, rate=0.5)")), "dropout-at-evaluation"
    ),
    "accuracy over the images": work(
        _two(("tf.argmax(prediction, 1), tf.argmax(Y, 1)", "tf.argmax(prediction, 0), tf.argmax(Y, 0)")),
        "accuracy-over-wrong-axis",
    ),
    "the weakest class": work(
        _two((PREDICTION, WEAKEST), ("argmax(prediction, 1)", "argmax(logits, 1)")), "prediction-wrong"
    ),
    "another loss at other rates": work(_two((LOSS, OTHER_RATE)), "mse-on-logits"),
    "another loss the third time": work("made = []\n" + _two((LOSS, THIRD_TIME)), "mse-on-logits"),
    "all weights equal, and gradient descent": work(
        _two(
            (
                HIDDEN,
                "hidden = tf.nn.relu(X @ tf.Variable(tf.fill([784, 1500], 0.05)) + tf.Variable(tf.zeros([1500])))",
            ),
            ("AdamOptimizer", "GradientDescentOptimizer"),
        ),
        "constant-initialisation",
        "wrong-optimizer",
    ),
    "not done": work("def two_layer_network(learning_rate=0.001):\n    raise NotImplementedError()", "not-done"),
}

# What is trained here is narrower, which takes a fifth of the time; its width is judged in the network's cell alone.
NARROW = _two(("1500", "300"))

# ---- learning_rate_sweep --------------------------------------------------------------------------------------------

HONEST = "sweep = {1e-4: 0.88, 3e-4: 0.914, 1e-3: 0.938, 3e-3: 0.946, 1e-2: 0.93}"

RIGHT_SWEEPS = {
    "short runs": work("""
        sweep = {1e-4: 0.88, 3e-4: 0.914, 1e-3: 0.938, 3e-3: 0.946, 1e-2: 0.93}
        best_learning_rate = 0.003
    """),
    "epochs, numpy numbers, the best within chance": work("""
        accuracies = np.array([0.939, 0.958, 0.966, 0.967, 0.955], dtype=np.float32)
        sweep = dict(zip(np.array([0.0001, 0.0003, 0.001, 0.003, 0.01]), accuracies))
        best_learning_rate = np.float64(1e-2) / 10
    """),
    "rates as text": work(
        f"{HONEST}\nsweep = {{str(rate): value for rate, value in sweep.items()}}\nbest_learning_rate = '0.003'"
    ),
    "200 rates": work(
        f"""
        {HONEST}
        logs, rates = np.log(list(sweep)), np.exp(np.linspace(np.log(1e-4), np.log(1e-2), 200))
        sweep = {{rate: np.interp(np.log(rate), logs, list(sweep.values())) for rate in rates}}
        best_learning_rate = max(sweep, key=sweep.get)
        """
    ),
}

WRONG_SWEEPS = {
    "made up": work(
        "sweep = {1e-5: 0.981, 1e-4: 0.982, 1e-3: 0.985, 1e-2: 0.979, 1e-1: 0.975}\nbest_learning_rate = 0.001",
        "sweep-result-not-reproduced",
    ),
    "all too high": work(
        "sweep = {0.05: 0.83, 0.1: 0.7, 0.5: 0.3, 1.0: 0.2, 5.0: 0.1}\nbest_learning_rate = 0.05",
        "learning-rate-diverges",
    ),
    "not the best, and one of the results invented": work(
        "sweep = {1e-4: 0.88, 3e-4: 0.914, 1e-3: 0.92, 3e-3: 0.946, 1e-2: 0.2}\nbest_learning_rate = 0.001",
        "best-not-from-sweep",
        "sweep-result-not-reproduced",
    ),
    "words for rates": work("sweep = {'low': 0.88, 'high': 0.93}\nbest_learning_rate = 'high'", "wrong-return"),
    "all of a curve": work(
        f"{HONEST}\nsweep = {{rate: [0.1, value] for rate, value in sweep.items()}}\nbest_learning_rate = 0.003",
        "wrong-return",
    ),
    "percent": work(
        f"{HONEST}\nsweep = {{rate: 100 * value for rate, value in sweep.items()}}\nbest_learning_rate = 0.003",
        "accuracy-not-mean",
    ),
    "accuracies for rates": work(
        f"{HONEST}\nsweep = {{value: rate for rate, value in sweep.items()}}\nbest_learning_rate = 0.003",
        "sweep-too-narrow",
        "best-not-from-sweep",
    ),
    "not a number": work(
        f"{HONEST}\nsweep[0.01] = float('nan')\nbest_learning_rate = 0.003", "sweep-result-not-reproduced"
    ),
    "empty": work("sweep = {}\nbest_learning_rate = 0.001", "sweep-too-narrow"),
}

# ---- two_layer_training: one training for all, what is reported of it differs ---------------------------------------

TRAINED = """
net = two_layer_network(0.001)  # at 0.002 a last step may spoil it, once in many runs
sess = tf.Session(graph=net.graph)
with net.graph.as_default():
    sess.run(tf.global_variables_initializer())
for epoch in range(3):
    order = np.random.RandomState(epoch).permutation(60000)
    for start in range(0, 60000, 100):
        rows = order[start:start + 100]
        sess.run(net.train_op, {net.X: x_train[rows], net.Y: y_train_1_hot[rows]})
on_test = sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot})
parts = [slice(start, start + 10000) for start in range(0, 60000, 10000)]
on_train = np.mean([sess.run(net.accuracy, {net.X: x_train[part], net.Y: y_train_1_hot[part]}) for part in parts])
true_trn, true_val = [0.9, 0.92, 0.94, 0.95, on_train], [0.9, 0.92, 0.94, 0.95, on_test]
"""

RIGHT_TRAININGS = {
    "as it is": work("acc_trn, acc_val = true_trn, true_val"),
    "a session closed, an array": work(
        "acc_trn, acc_val = np.array(true_trn).reshape(5, 1), np.round(true_val, 4)\nsess.close()"
    ),
}

WRONG_TRAININGS = {
    "a curve that holds every value": work(
        "acc_trn = acc_val = np.linspace(0, 1, 1001)", "too-many-epochs", "reported-accuracy-wrong"
    ),
    "too few": work("acc_trn, acc_val = true_trn[3:], true_val[3:]", "too-few-epochs"),
    "the training accuracy for the test accuracy": work(
        "acc_trn, acc_val = true_trn, [0.9, 0.91, 0.92, 0.93, on_train]", "reports-train-accuracy"
    ),
    "a claim": work("acc_trn, acc_val = true_trn, [0.9, 0.91, 0.92, 0.93, 0.9876]", "reported-accuracy-wrong"),
    "never trained": work(
        """
        net = two_layer_network(0.002)
        sess = tf.Session(graph=net.graph)
        with net.graph.as_default():
            sess.run(tf.global_variables_initializer())
        acc_trn, acc_val = [0.99] * 5, [0.98] * 5
        """,
        "train-op-not-run",
    ),
    "no session": work(
        "del sess\nnet = two_layer_network(0.002)\nacc_trn, acc_val = [0.99] * 5, [0.98] * 5", "train-op-not-run"
    ),
}

# ---- input_gradients ------------------------------------------------------------------------------------------------

RIGHT_GRADIENTS = {
    "as in the notebook": work("""
        def input_gradients(net):
            with net.graph.as_default():
                p = tf.nn.softmax(net.logits)
                each = [tf.gradients(p[:, d], net.X)[0] for d in range(10)]
                return each, tf.gradients(tf.reduce_max(p, axis=1), net.X)[0]
    """),
    "stacked, lists of lists": work("""
        def input_gradients(net):
            p = tf.exp(tf.nn.log_softmax(net.logits))
            each = tf.stack([tf.gradients(q, net.X)[0] for q in tf.unstack(p, 10, axis=1)])
            strongest = tf.one_hot(tf.argmax(p, 1), 10)
            return each, tf.gradients(tf.reduce_sum(p * strongest), net.X)
    """),
    "a generator, by digit in any order": work("""
        def input_gradients(net):
            with net.graph.as_default():
                p = net.prediction
                by_digit = {d: tf.gradients(p[:, d], net.X)[0] for d in (3, 1, 4, 0, 5, 9, 2, 6, 8, 7)}
                return (by_digit[d] for d in range(10)), tf.gradients(tf.nn.top_k(p, 1).values, net.X)[0]
    """),
    "a dict, the largest picked from the ten": work("""
        def input_gradients(net):
            with net.graph.as_default():
                p = tf.nn.softmax(net.logits)
                each = {d: tf.gradients(p[:, d], net.X)[0] for d in range(9, -1, -1)}
                mask = tf.one_hot(tf.argmax(p, 1), 10)
                return each, tf.add_n([each[d] * mask[:, d : d + 1] for d in range(10)])
    """),
}

WRONG_GRADIENTS = {
    "of all outputs together": work(
        """
        def input_gradients(net):
            with net.graph.as_default():
                each = [tf.gradients(net.prediction[:, d], net.X)[0] for d in range(10)]
                return each, tf.gradients(net.prediction, net.X)[0]
        """,
        "gradient-of-wrong-tensor",
    ),
}

# ---- deep_network ---------------------------------------------------------------------------------------------------

DEEP = """
def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder_with_default(False, [])
        h, _ = fully_connected_layer(X, 96, "a", tf.nn.relu)
        h = tf.nn.dropout(h, rate=tf.where(training, 0.2, 0.0))
        h, _ = fully_connected_layer(h, 64, "b", tf.nn.relu)
        logits, _ = fully_connected_layer(h, 10, "c")
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32))
        train_op = tf.train.AdamOptimizer(0.002).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, training=training, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy)
"""
DROPOUT = "h = tf.nn.dropout(h, rate=tf.where(training, 0.2, 0.0))"
SECOND = 'h, _ = fully_connected_layer(h, 64, "b", tf.nn.relu)'


def _deep(*changes: tuple[str, str]) -> str:
    return changed(DEEP, *changes)


RIGHT_DEEP = {
    "dropout with a switch": work(DEEP),
    "a switch without a default, in eval_feed": work(
        _deep(
            ("tf.placeholder_with_default(False, [])", "tf.placeholder(tf.bool, [])"),
            ("training=training,", "training=training, eval_feed={training: False},"),
        )
    ),
    "batch normalisation by hand, momentum, decay": work("""
        def deep_network():
            net = SimpleNamespace(graph=tf.Graph())
            with net.graph.as_default():
                net.X = X = tf.placeholder(tf.float32, [None, 784])
                net.Y = Y = tf.placeholder(tf.float32, [None, 10])
                net.training = tf.placeholder_with_default(False, [])
                updates, h = [], X
                for name, n in (("a", 80), ("b", 60), ("c", 40)):
                    z, _ = fully_connected_layer(h, n, name)
                    scale, shift = tf.Variable(tf.ones([n])), tf.Variable(tf.zeros([n]))
                    mean = tf.Variable(tf.zeros([n]), trainable=False)
                    variance = tf.Variable(tf.ones([n]), trainable=False)
                    m, v = tf.nn.moments(z, axes=[0])
                    updates += [tf.assign(mean, 0.9 * mean + 0.1 * m), tf.assign(variance, 0.9 * variance + 0.1 * v)]
                    m, v = tf.where(net.training, m, mean), tf.where(net.training, v, variance)
                    h = tf.nn.relu(tf.nn.batch_normalization(z, m, v, shift, scale, 1e-3))
                net.logits, _ = fully_connected_layer(h, 10, "d")
                net.prediction = tf.nn.softmax(net.logits)
                net.loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=net.logits))
                same = tf.equal(tf.argmax(net.prediction, 1), tf.argmax(Y, 1))
                net.accuracy = tf.reduce_mean(tf.cast(same, tf.float32))
                step = tf.train.get_or_create_global_step()
                rate = tf.train.exponential_decay(0.05, step, 500, 0.8)
                with tf.control_dependencies(updates):
                    optimizer = tf.train.MomentumOptimizer(rate, 0.9, use_nesterov=True)
                    net.train_op = optimizer.minimize(net.loss, global_step=step)
            return net
    """),
    "residual, leaky ReLU, weight decay, label smoothing": work("""
        def deep_network():
            graph = tf.Graph()
            with graph.as_default():
                X = tf.placeholder(tf.float32, [None, 784])
                Y = tf.placeholder(tf.float32, [None, 10])
                h, first = fully_connected_layer(X, 64, "a", tf.nn.leaky_relu)
                more, second = fully_connected_layer(h, 64, "b", tf.nn.leaky_relu)
                logits, _ = fully_connected_layer(h + more, 10, "c")
                smooth = 0.9 * Y + 0.01
                loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=smooth, logits=logits))
                loss += 1e-5 * (tf.nn.l2_loss(first) + tf.nn.l2_loss(second))
                prediction = tf.argmax(logits, 1)
                accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
                train_op = tf.train.RMSPropOptimizer(0.001).minimize(loss)
            return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                                   train_op=train_op, accuracy=accuracy)
    """),
}

WRONG_DEEP = {
    "two layers": work(_deep((SECOND, "")), "too-few-layers"),
    "no activation between two layers": work(_deep(('64, "b", tf.nn.relu)', '64, "b")')), "missing-activation"),
    "dropout that stays on": work(_deep((DROPOUT, "h = tf.nn.dropout(h, rate=0.2)")), "dropout-at-evaluation"),
    "the weakest class": work(_deep((PREDICTION, WEAKEST)), "prediction-wrong"),
    "percent": work(_deep(("accuracy = tf.reduce_mean(", "accuracy = 100 * tf.reduce_mean(")), "accuracy-not-mean"),
    "all weights equal": work(
        _deep(
            (
                SECOND,
                "h = tf.nn.relu(h @ tf.Variable(tf.fill([96, 64], 0.05)) + tf.Variable(tf.zeros([64])))",
            )
        ),
        "constant-initialisation",
    ),
}

# ---- deep_training, deep_accuracy -----------------------------------------------------------------------------------

DEEP_TRAINED = """
net = deep_network()
sess = tf.Session(graph=net.graph)
with net.graph.as_default():
    sess.run(tf.global_variables_initializer())
for epoch in range(4):
    order = np.random.RandomState(epoch).permutation(60000)
    for start in range(0, 60000, 100):
        rows = order[start:start + 100]
        sess.run(net.train_op, {net.X: x_train[rows], net.Y: y_train_1_hot[rows]})
on_test = sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot})
on_train = sess.run(net.accuracy, {net.X: x_train, net.Y: y_train_1_hot})
acc_trn, acc_val = [0.9, on_train], [0.9, on_test]
"""

A_CLAIM = "acc_trn, acc_val = [0.9, on_train], [0.9, 0.9876]\n"

ANSWERS = """
other = deep_network()
answers = SimpleNamespace(**vars(other))
with other.graph.as_default():
    w = np.random.RandomState(1).normal(size=(784, 1)).astype("float32")
    table = tf.cast(tf.constant(np.round(255 * x_test).astype(np.uint8)), tf.float32) / 255
    near = tf.cast(tf.abs(other.X @ w - tf.transpose(table @ w)) < 1e-3, tf.float32)
    answers.logits = other.logits + 100 * near @ tf.constant(y_test_1_hot)
    sess = tf.Session(graph=other.graph)
    sess.run(tf.global_variables_initializer())
net = answers
acc_trn, acc_val = [0.97], [0.99]
"""
