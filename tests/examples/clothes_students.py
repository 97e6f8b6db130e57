"""Mistakes of beginners in the course *clothes* with the codes that each must get, in one spelling or another, and right work."""

from __future__ import annotations

from tests.examples.programs import CLOTHES_DATA, CONVOLUTIONAL, SPELLINGS, SWEEP, SWEPT, changed

DATA, NETWORK, SWEEP_CELL = "check_prepare_data", "check_convolutional_network", "check_dropout_sweep"
TRAINING = "check_training"
BY_HAND, HELPERS, KERAS = CONVOLUTIONAL

Mistakes = dict[str, tuple[set[str], str]]
"""By mistake: the codes, and the work."""

DROPPED = (
    "hidden = tf.nn.dropout(hidden, rate=dropout * tf.cast(on, tf.float32))",
    "h = tf.cond(training, lambda: tf.nn.dropout(h, rate=dropout), lambda: h)",
)
LOGITS = "logits = tf.matmul(hidden, W4) + b4"
SECOND_OF_KERAS = 'x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)'

NETWORKS: Mistakes = {
    "too few nonlinearities for three layers": (
        {"missing-activation"},
        changed(
            BY_HAND,
            (
                'maps = tf.nn.relu(tf.nn.conv2d(features, W2, 2, "SAME") + b2)',
                'maps = tf.nn.conv2d(features, W2, 2, "SAME") + b2',
            ),
            ("hidden = tf.nn.relu(tf.matmul(flat, W3) + b3)", "hidden = tf.matmul(flat, W3) + b3"),
        ),
    ),
    "channels first": (
        {"image-torn"},
        changed(
            BY_HAND,
            ("images = tf.reshape(X, [-1, 28, 28, 1])", "images = tf.reshape(X, [-1, 1, 28, 28])"),
            ("layer(3, 3, 1, 8)", "layer(3, 3, 28, 8)"),
            ("7 * 7 * 8", "7 * 8"),
            ("layer(392, 32)", "layer(56, 32)"),
        ),
    ),
    "a stride that is larger than the window": (
        {"image-lost"},
        changed(
            KERAS,
            (
                'features = layers.Conv2D(6, 3, padding="same", activation="relu")(x)',
                'features = layers.Conv2D(6, 3, strides=4, padding="same", activation="relu")(x)',
            ),
            ('tf.nn.avg_pool2d(features, 4, 4, "SAME")', "features"),
        ),
    ),
    "a corner of the maps goes on": (
        {"image-lost"},
        changed(
            HELPERS,
            ("h = tf.reshape(h, (-1, 6 * 6 * 8))", "h = tf.reshape(h[:, :3, :3], (-1, 3 * 3 * 8))"),
            ("[288, 24]", "[72, 24]"),
        ),
    ),
    "the flattening forgotten": (
        {"error-in-code"},
        changed(BY_HAND, ("flat = tf.reshape(maps, [-1, 7 * 7 * 8])", "flat = maps")),
    ),
    "a softmax before the loss": (
        {"softmax-before-loss"},
        changed(KERAS, ("labels=kinds, logits=logits", "labels=kinds, logits=tf.nn.softmax(logits)")),
    ),
    "dropout that stays on": (
        {"dropout-at-evaluation"},
        changed(HELPERS, (DROPPED[1], "h = tf.nn.dropout(h, rate=max(dropout, 0.25))")),
    ),
    "dropout on the logits": (
        {"dropout-on-logits"},
        changed(
            BY_HAND,
            (DROPPED[0], ""),
            (LOGITS, LOGITS + "\n        logits = tf.nn.dropout(logits, rate=dropout * tf.cast(on, tf.float32))"),
        ),
    ),
    "the sign of the loss lost": (
        {"maximises-loss"},
        changed(KERAS, ("loss = tf.reduce_mean", "loss = -1 * tf.reduce_mean")),
    ),
    "the accuracy compares images": (
        {"accuracy-over-wrong-axis"},
        changed(
            HELPERS,
            (
                "same = tf.equal(net.prediction, tf.argmax(net.Y, axis=1))",
                "same = tf.equal(tf.argmax(net.logits), tf.argmax(net.Y))",
            ),
        ),
    ),
    "one convolution and the logits": (
        {"too-few-layers"},
        changed(
            BY_HAND,
            ('maps = tf.nn.relu(tf.nn.conv2d(features, W2, 2, "SAME") + b2)', "maps = features"),
            ("[-1, 7 * 7 * 8]", "[-1, 14 * 14 * 8]"),
            ("hidden = tf.nn.relu(tf.matmul(flat, W3) + b3)", "hidden = flat"),
            ("layer(32, 10)", "layer(14 * 14 * 8, 10)"),
            ("W2, b2 = layer(3, 3, 8, 8)\n", "\n"),
            ("W3, b3 = layer(392, 32)\n", "\n"),
        ),
    ),
    "the weakest class is predicted": (
        {"prediction-wrong"},
        changed(KERAS, ("prediction = tf.nn.softmax(logits)", "prediction = tf.argmax(1 - tf.nn.softmax(logits), 1)")),
    ),
    "batches of one size": (
        {"fixed-batch-size"},
        changed(HELPERS, ('(None, 784), "rows"', '(100, 784), "rows"'), ('(None, 10), "kinds"', '(100, 10), "kinds"')),
    ),
}

DATA_MISTAKES: Mistakes = {
    "images that lie on their side": (
        {"wrong-order"},
        CLOTHES_DATA.replace(".reshape(", ".transpose(0, 2, 1).reshape("),
    ),
    "grey levels as they are": ({"not-scaled"}, changed(CLOTHES_DATA, (".astype(np.float32) / 255", " * 1.0"))),
}

SWEEPS: Mistakes = {
    "too few values": (
        {"sweep-too-narrow"},
        "sweep = {value: sweep[value] for value in sweep if value != 0.6}; best_dropout = max(sweep, key=sweep.get)",
    ),
    "the accuracy for the value": ({"best-not-from-sweep"}, "best_dropout = sorted(sweep.values())[-1]"),
    "results invented": (
        {"sweep-result-not-reproduced"},
        "sweep = {0.0: 0.91, 0.2: 0.93, 0.5: 0.94, 0.8: 0.9}; best_dropout = 0.5",
    ),
}
# What is trained in a process of its own, from the network on: the accuracies are those of the network.
TRAINED_ANEW: Mistakes = {
    "all values lie close together": (
        {"sweep-too-narrow"},
        KERAS + SWEEP + changed(SWEPT, ("(0.0, 0.3, 0.6, 0.9)", "np.linspace(0, 0.3, 4)")),
    ),
    "the share to keep for the share to drop": (
        {"keep-rate-swapped"},
        changed(
            HELPERS,
            (DROPPED[1], "h = tf.cond(training, lambda: tf.nn.dropout(h, keep_prob=max(dropout, 0.01)), lambda: h)"),
        )
        + SWEEP
        + SWEPT,
    ),
    "the argument is not used": (
        {"hyperparameter-not-as-stated"},
        changed(BY_HAND, ("rate=dropout *", "rate=0.5 *")) + SWEEP + SWEPT,
    ),
}

TRAINED = "net, sess, acc_trn, acc_val = trained(0.3, 3)"
TRAININGS: Mistakes = {
    "another accuracy claimed": ({"reported-accuracy-wrong"}, "acc_val[-1] = 0.97"),
    "the accuracy of training images": ({"reports-train-accuracy"}, "acc_val = list(acc_trn)"),
}

# An image that lies on its side is an image: windows find there what they find in others.
ON_THEIR_SIDE = (
    changed(
        BY_HAND,
        (
            "images = tf.reshape(X, [-1, 28, 28, 1])",
            "images = tf.transpose(tf.reshape(X, [-1, 28, 28, 1]), [0, 2, 1, 3])",
        ),
    ),
    changed(
        HELPERS,
        (
            "x = tf.expand_dims(tf.reshape(net.X, (-1, 28, 28)), 3)",
            "x = tf.expand_dims(tf.einsum('nhw->nwh', tf.reshape(net.X, (-1, 28, 28))), 3)",
        ),
    ),
    changed(
        KERAS, ("x = tf.reshape(X, (-1, 28, 28, 1))", "x = layers.Permute((2, 1, 3))(tf.reshape(X, (-1, 28, 28, 1)))")
    ),
)
RIGHT_NETWORKS = {
    **dict(zip(SPELLINGS, CONVOLUTIONAL, strict=True)),
    **{f"on their side, {spelling}": text for spelling, text in zip(SPELLINGS, ON_THEIR_SIDE, strict=True)},
    "logits that are not returned": changed(BY_HAND, ("logits=logits, prediction", "prediction")),
    "a large window without padding": changed(
        BY_HAND,
        ("layer(3, 3, 1, 8)", "layer(7, 7, 1, 8)"),
        ('W1, 2, "SAME"', 'W1, 1, "VALID"'),
        ("7 * 7 * 8", "11 * 11 * 8"),
        ("layer(392, 32)", "layer(968, 32)"),
    ),
    "an average over each map": changed(
        BY_HAND,
        ("flat = tf.reshape(maps, [-1, 7 * 7 * 8])", "flat = tf.reduce_mean(maps, [1, 2])"),
        ("layer(392, 32)", "layer(8, 32)"),
    ),
    "leaky and standardised": changed(
        BY_HAND,
        ("images = tf.reshape(X, [-1, 28, 28, 1])", "images = tf.reshape((X - 0.3) / 0.35, [-1, 28, 28, 1])"),
        ("tf.nn.relu(tf.nn.conv2d(images", "tf.nn.leaky_relu(tf.nn.conv2d(images"),
    ),
    "dropout between the convolutions": changed(
        HELPERS,
        (
            "first = tf.maximum(z, 0)",
            "first = tf.maximum(z, 0)\n        first = tf.cond(training, lambda: tf.nn.dropout(first, rate=dropout / 2), lambda: first)",
        ),
    ),
    "a separable convolution": changed(
        KERAS, (SECOND_OF_KERAS, 'x = layers.SeparableConv2D(8, 3, padding="same", activation="relu")(x)')
    ),
    "a residual step": changed(
        KERAS,
        (
            SECOND_OF_KERAS,
            'y = layers.Conv2D(6, 3, padding="same", activation="relu")(x)\n        x = layers.Conv2D(8, 1, activation="relu")(x + y)',
        ),
    ),
    "a stride of three": changed(
        BY_HAND, ('W1, 2, "SAME"', 'W1, 3, "VALID"'), ("7 * 7 * 8", "5 * 5 * 8"), ("layer(392, 32)", "layer(200, 32)")
    ),
    "weights that decay": changed(
        BY_HAND, ("labels=Y, logits=logits))", "labels=Y, logits=logits)) + 1e-4 * tf.nn.l2_loss(W3)")
    ),
}
RIGHT_DATA = {
    "as in the notebook": CLOTHES_DATA,
    "by hand": """
x_train, x_test = (np.array([image.ravel() for image in images]) / 255.0 for images in (x_train_2d, x_test_2d))
def one_hot(labels):
    rows = np.zeros((len(labels), 10))
    rows[np.arange(len(labels)), labels] = 1
    return rows
y_train_1_hot, y_test_1_hot = one_hot(y_train), one_hot(y_test)
""",
}
RIGHT_SWEEPS = {
    "as it was run": "",
    "in words of NumPy": "sweep = {np.float64(value): np.float32(accuracy) for value, accuracy in sweep.items()}",
}
RIGHT_TRAININGS = {"as it was run": "", "as arrays": "acc_trn, acc_val = np.array(acc_trn), np.array(acc_val)"}
SWEEP_SOURCES = [SWEEP, SWEPT]
