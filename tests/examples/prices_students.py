"""Mistakes of beginners in a regression, each in three spellings with the codes that it must get, and right work."""

from __future__ import annotations

from tests.examples.programs import PRICES_DATA, REGRESSION, changed

DATA, NETWORK, TRAINING, ERROR = "check_prepare_data", "check_network", "check_training", "check_error"
Changes = tuple[tuple[str, str], ...]


def three(*spellings: Changes) -> tuple[str, ...]:
    """Return the three networks, each with its changes."""
    return tuple(changed(text, *changes) for text, changes in zip(REGRESSION, spellings, strict=True))


def each(olds: tuple[str, str, str], *news: str) -> tuple[str, ...]:
    """Return the three networks in each of which one line is another."""
    return three(*(((old, new),) for old, new in zip(olds, news, strict=True)))


PREDICTION = (
    "prediction = 60.0 + 30.0 * output",
    "net.prediction = z[:, 0]",
    "prediction = tf.reshape(z, [-1]) * 30 + 60",
)
LOSS = (
    "loss = tf.reduce_mean(tf.square(prediction - Y)) / 900",
    "net.loss = tf.reduce_mean(tf.abs(net.Y - net.prediction))",
    "loss = tf.reduce_mean(difference ** 2)",
)

NETWORKS: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "a column less a row": (
        {"broadcast-in-loss"},
        three(
            (("output = tf.squeeze(tf.matmul(hidden, W2) + b2, axis=1)", "output = tf.matmul(hidden, W2) + b2"),),
            (("net.prediction = z[:, 0]", "net.prediction = z"),),
            (("prediction = tf.reshape(z, [-1]) * 30 + 60", "prediction = z * 30 + 60"),),
        ),
    ),
    "a sigmoid on the output": (
        {"targets-out-of-reach"},
        each(
            PREDICTION,
            "prediction = tf.sigmoid(output)",
            "net.prediction = tf.nn.tanh(z[:, 0])",
            "prediction = tf.nn.softsign(tf.reshape(z, [-1]))",
        ),
    ),
    "a sum for the mean": (
        {"loss-not-mean"},
        each(
            LOSS,
            "loss = tf.reduce_sum(tf.square(prediction - Y))",
            "net.loss = tf.reduce_sum(tf.abs(net.Y - net.prediction))",
            "loss = 2 * tf.nn.l2_loss(difference)",
        ),
    ),
    "no nonlinearity": (
        {"missing-activation"},
        three(
            (("tf.nn.relu(tf.matmul(X, W1) + b1)", "tf.matmul(X, W1) + b1"),),
            (("h = tf.nn.elu(tf.nn.xw_plus_b(h, w, b))", "h = tf.nn.xw_plus_b(h, w, b)"),),
            (('Dense(48, activation="tanh")', "Dense(48)"),),
        ),
    ),
    "the sign lost": (
        {"maximises-loss"},
        three(
            (("minimize(loss)", "minimize(-loss)"),),
            (("net.loss = tf.reduce_mean", "net.loss = -tf.reduce_mean"),),
            (("loss = tf.reduce_mean(", "loss = 0 - tf.reduce_mean("),),
        ),
    ),
    "one layer": (
        {"too-few-layers"},
        three(
            (
                ("hidden = tf.nn.relu(tf.matmul(X, W1) + b1)", "hidden = X"),
                ("first([64, 1])", "first([7, 1])"),
                ("W1, b1 = tf.Variable(first([7, 64])), tf.Variable(tf.zeros([64]))\n", "\n"),
            ),
            (("[(7, 32), (32, 16)]", "[]"), ('"w", [16, 1]', '"w", [7, 1]')),
            (('x = tf.keras.layers.Dense(48, activation="tanh")(X)', "x = X"),),
        ),
    ),
    "the answer in no unit": (
        {"prediction-wrong"},
        three(
            (("loss=loss,", "loss=loss,"), ("prediction=prediction,", "prediction=output,")),
            (
                ("net.loss = ", "net.loss = "),
                ("    return net", "    net.prediction = net.prediction / 100\n    return net"),
            ),
            (("prediction=prediction", "prediction=tf.reshape(z, [-1])"),),
        ),
    ),
    "weights that begin at zero": (
        {"zero-initialisation"},
        three(
            (
                ("tf.Variable(first([7, 64]))", "tf.Variable(tf.zeros([7, 64]))"),
                ("tf.Variable(first([64, 1]))", "tf.Variable(tf.zeros([64, 1]))"),
            ),
            (("tf.glorot_normal_initializer()", "tf.zeros_initializer()"),),
            (
                ('Dense(48, activation="tanh")', 'Dense(48, activation="tanh", kernel_initializer="zeros")'),
                ("Dense(1)", 'Dense(1, kernel_initializer="zeros")'),
            ),
        ),
    ),
    "the mean price, whatever the garment": (
        {"layer-not-connected"},
        each(
            PREDICTION,
            "prediction = tf.Variable(60.0) + 0 * Y",
            "net.prediction = tf.Variable(59.1) + tf.zeros_like(net.Y)",
            "prediction = tf.fill(tf.shape(X)[:1], 59.1) * tf.Variable(1.0)",
        ),
    ),
}

DATA_MISTAKES: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "test rows by their own mean": (
        {"scaled-on-one-side"},
        (
            changed(
                PRICES_DATA,
                ("(x_test_raw - mean) / deviation", "(x_test_raw - x_test_raw.mean(axis=0)) / x_test_raw.std(axis=0)"),
            ),
            "def standard(x):\n    return (x - np.mean(x, 0)) / np.std(x, 0)\nx_train, x_test = standard(x_train_raw), standard(x_test_raw)",
            "x_train, x_test = (((x.T - x.T.mean(1, keepdims=True)) / x.T.std(1, keepdims=True)).T for x in (x_train_raw, x_test_raw))",
        ),
    ),
    "not standardised": (
        {"not-scaled"},
        (
            "x_train, x_test = x_train_raw, x_test_raw",
            "x_train = x_train_raw.astype(np.float32); x_test = x_test_raw.astype(np.float32)",
            "x_train, x_test = np.array(x_train_raw), np.array(x_test_raw)",
        ),
    ),
    "the price among the features": (
        {"wrong-shape"},
        (
            PRICES_DATA + "x_train = np.column_stack([x_train, y_train]); x_test = np.column_stack([x_test, y_test])",
            PRICES_DATA + "x_train, x_test = np.c_[y_train, x_train], np.c_[y_test, x_test]",
            PRICES_DATA
            + "x_train = np.hstack([x_train, y_train[:, None] / 100]); x_test = np.hstack([x_test, y_test[:, None] / 100])",
        ),
    ),
    "prices shuffled apart from their garments": (
        {"labels-shuffled-apart"},
        (
            PRICES_DATA + "y_train = np.random.permutation(y_train); y_test = np.random.permutation(y_test)",
            PRICES_DATA + "y_train, y_test = np.sort(y_train), np.sort(y_test)",
            PRICES_DATA + "y_train, y_test = y_train[::-1], y_test[::-1]",
        ),
    ),
}

TRAININGS: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "squares for the mean absolute error": (
        {"reported-accuracy-wrong"},
        (
            "err_val = [float(np.mean((answers(x_test) - y_test) ** 2))] * 30",
            "err_val = [np.square(answers(x_test) - y_test).mean() for _ in err_val]",
            "err_val = np.sqrt(err_val)",
        ),
    ),
    "the error on training rows": (
        {"reports-train-accuracy"},
        (
            "err_val = list(err_trn)",
            "err_val[:] = err_trn",
            "err_val = [np.abs(answers(x_train) - y_train).mean()] * 30",
        ),
    ),
}
UNTRAINED: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "never trained": (
        {"train-op-not-run"},
        (
            "net = network(); sess = tf.Session(graph=part(net, 'graph'))\nwith part(net, 'graph').as_default(): sess.run(tf.global_variables_initializer())",
            "with part(net, 'graph').as_default():\n    sess.run(tf.global_variables_initializer())",
            "net = network(); sess = tf.Session(graph=part(net, 'graph'))\nsess.run(part(net, 'graph').get_collection('variables', None) and [v.initializer for v in part(net, 'graph').get_collection('variables')])",
        ),
    )
}

RIGHT_NETWORKS = {
    **dict(zip(("by hand", "with helpers", "with Keras layers"), REGRESSION, strict=True)),
    "targets as a column": changed(
        REGRESSION[0], ("axis=1)", "axis=1)[:, None]"), ("prediction - Y", "prediction - Y[:, None]")
    ),
    "Huber": changed(
        REGRESSION[2], ("tf.reduce_mean(difference ** 2)", "tf.losses.huber_loss(Y, prediction, delta=10.0)")
    ),
    "softplus, which reaches each price": changed(REGRESSION[1], ("z[:, 0]", "tf.nn.softplus(z[:, 0])")),
}
RIGHT_DATA = {
    "as in the notebook": PRICES_DATA,
    "column by column": """
x_train, x_test = np.empty(x_train_raw.shape), np.empty(x_test_raw.shape)
for k in range(7):
    m, s = np.average(x_train_raw[:, k]), np.sqrt(np.var(x_train_raw[:, k]))
    x_train[:, k], x_test[:, k] = (x_train_raw[:, k] - m) / s, (x_test_raw[:, k] - m) / s
""",
}
RIGHT_TRAININGS = {"as it was run": "", "as arrays": "err_trn, err_val = np.array(err_trn), np.array(err_val)"}

UNKNOWN = dict(
    zip(
        ("by hand", "with helpers", "with Keras layers"),
        each(
            LOSS,
            "loss = tf.reduce_mean(tf.square(prediction - Y)) / tf.math.reduce_variance(Y)",
            "net.loss = tf.reduce_mean(tf.sin(net.Y - net.prediction) * net.prediction)",
            "loss = tf.reduce_mean(tf.exp(tf.sin(0.01 * difference)))",
        ),
        strict=True,
    )
)
"""Losses of which nobody can tell what they compute: a person decides."""
