"""Mistakes of beginners in a regression with the codes that each must get, in one spelling or another, and right work."""

from __future__ import annotations

from tests.examples.programs import PRICES_DATA, REGRESSION, SPELLINGS, changed

DATA, NETWORK, TRAINING = "check_prepare_data", "check_network", "check_training"
BY_HAND, HELPERS, KERAS = REGRESSION
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

Mistakes = dict[str, tuple[set[str], str]]
"""By mistake: the codes, and the work."""

NETWORKS: Mistakes = {
    "a column less a row": ({"broadcast-in-loss"}, changed(HELPERS, (PREDICTION[1], "net.prediction = z"))),
    "a sigmoid on the output": (
        {"targets-out-of-reach"},
        changed(KERAS, (PREDICTION[2], "prediction = tf.nn.softsign(tf.reshape(z, [-1]))")),
    ),
    "a sum for the mean": (
        {"loss-not-mean"},
        changed(BY_HAND, (LOSS[0], "loss = tf.reduce_sum(tf.square(prediction - Y))")),
    ),
    "no nonlinearity": (
        {"missing-activation"},
        changed(HELPERS, ("h = tf.nn.elu(tf.nn.xw_plus_b(h, w, b))", "h = tf.nn.xw_plus_b(h, w, b)")),
    ),
    "the sign lost": ({"maximises-loss"}, changed(KERAS, ("loss = tf.reduce_mean(", "loss = 0 - tf.reduce_mean("))),
    "one layer": ({"too-few-layers"}, changed(HELPERS, ("[(7, 32), (32, 16)]", "[]"), ('"w", [16, 1]', '"w", [7, 1]'))),
    "the answer in no unit": ({"prediction-wrong"}, changed(BY_HAND, ("prediction=prediction,", "prediction=output,"))),
    "weights that begin at zero": (
        {"zero-initialisation"},
        changed(
            KERAS,
            ('Dense(48, activation="tanh")', 'Dense(48, activation="tanh", kernel_initializer="zeros")'),
            ("Dense(1)", 'Dense(1, kernel_initializer="zeros")'),
        ),
    ),
    "the mean price, whatever the garment": (
        {"layer-not-connected"},
        changed(HELPERS, (PREDICTION[1], "net.prediction = tf.Variable(59.1) + tf.zeros_like(net.Y)")),
    ),
}

DATA_MISTAKES: Mistakes = {
    "test rows by their own mean": (
        {"scaled-on-one-side"},
        changed(
            PRICES_DATA,
            ("(x_test_raw - mean) / deviation", "(x_test_raw - x_test_raw.mean(axis=0)) / x_test_raw.std(axis=0)"),
        ),
    ),
    "not standardised": ({"not-scaled"}, "x_train, x_test = x_train_raw, x_test_raw"),
    "the price among the features": (
        {"wrong-shape"},
        PRICES_DATA + "x_train, x_test = np.c_[y_train, x_train], np.c_[y_test, x_test]",
    ),
    "prices shuffled apart from their garments": (
        {"labels-shuffled-apart"},
        PRICES_DATA + "y_train = np.random.permutation(y_train); y_test = np.random.permutation(y_test)",
    ),
}

TRAININGS: Mistakes = {
    "squares for the mean absolute error": (
        {"reported-accuracy-wrong"},
        "err_val = [np.square(answers(x_test) - y_test).mean() for _ in err_val]",
    ),
    "the error on training rows": ({"reports-train-accuracy"}, "err_val = list(err_trn)"),
}
UNTRAINED: Mistakes = {
    "never trained": (
        {"train-op-not-run"},
        "net = network(); sess = tf.Session(graph=part(net, 'graph'))\n"
        "with part(net, 'graph').as_default():\n    sess.run(tf.global_variables_initializer())",
    )
}

RIGHT_NETWORKS = {
    **dict(zip(SPELLINGS, REGRESSION, strict=True)),
    "targets as a column": changed(
        BY_HAND, ("axis=1)", "axis=1)[:, None]"), ("prediction - Y", "prediction - Y[:, None]")
    ),
    "Huber": changed(KERAS, ("tf.reduce_mean(difference ** 2)", "tf.losses.huber_loss(Y, prediction, delta=10.0)")),
    "softplus, which reaches each price": changed(HELPERS, ("z[:, 0]", "tf.nn.softplus(z[:, 0])")),
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


UNKNOWN = {
    "by hand": changed(
        BY_HAND, (LOSS[0], "loss = tf.reduce_mean(tf.square(prediction - Y)) / tf.math.reduce_variance(Y)")
    ),
    "with helpers": changed(
        HELPERS, (LOSS[1], "net.loss = tf.reduce_mean(tf.sin(net.Y - net.prediction) * net.prediction)")
    ),
    "with Keras layers": changed(KERAS, (LOSS[2], "loss = tf.reduce_mean(tf.exp(tf.sin(0.01 * difference)))")),
}
"""Losses of which nobody can tell what they compute: a person decides."""
