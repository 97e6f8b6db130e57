"""Mistakes of beginners in the course *clothes*, each in three spellings with the codes that it must get, and right work."""

from __future__ import annotations

from tests.examples.programs import CLOTHES_DATA, CONVOLUTIONAL, SPELLINGS, SWEEP, SWEPT, changed

DATA, NETWORK, SWEEP_CELL = "check_prepare_data", "check_convolutional_network", "check_dropout_sweep"
TRAINING, ACCURACY = "check_training", "check_accuracy"

Changes = tuple[tuple[str, str], ...]


def three(*spellings: Changes) -> tuple[str, ...]:
    """Return the three networks, each with its changes."""
    return tuple(changed(text, *changes) for text, changes in zip(CONVOLUTIONAL, spellings, strict=True))


IMAGES = (
    "images = tf.reshape(X, [-1, 28, 28, 1])",
    "x = tf.expand_dims(tf.reshape(net.X, (-1, 28, 28)), 3)",
    "x = tf.reshape(X, (-1, 28, 28, 1))",
)
FIRST = (
    'features = tf.nn.relu(tf.nn.conv2d(images, W1, 2, "SAME") + b1)',
    "first = tf.maximum(z, 0)",
    'features = layers.Conv2D(6, 3, padding="same", activation="relu")(x)',
)
SECOND = (
    'maps = tf.nn.relu(tf.nn.conv2d(features, W2, 2, "SAME") + b2)',
    'h = tf.maximum(z, 0)\n        h = tf.nn.max_pool2d(h, 2, 2, "VALID")',
    'x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)',
)
HIDDEN = (
    "hidden = tf.nn.relu(tf.matmul(flat, W3) + b3)",
    'h = tf.maximum(tf.nn.xw_plus_b(h, weights("w3", [288, 24]), bias("b3", 24)), 0)',
    'x = layers.Dense(30, activation="relu")(x)',
)
DROPPED = (
    "hidden = tf.nn.dropout(hidden, rate=dropout * tf.cast(on, tf.float32))",
    "h = tf.cond(training, lambda: tf.nn.dropout(h, rate=dropout), lambda: h)",
    "mask = tf.cast(tf.random.uniform(tf.shape(x)) >= share, tf.float32)\n        x = x * mask / (1 - share)",
)
LOGITS = (
    "logits = tf.matmul(hidden, W4) + b4",
    'net.logits = tf.nn.xw_plus_b(h, weights("w4", [24, 10]), bias("b4", 10))',
    "logits = layers.Dense(10)(x)",
)
LOSS = (
    "loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))",
    "net.loss = -tf.reduce_mean(tf.reduce_sum(net.Y * tf.nn.log_softmax(net.logits), axis=1))",
    "loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=kinds, logits=logits))",
)
ACCURATE = (
    "accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))",
    "net.accuracy = tf.reduce_mean(tf.to_float(same))",
    "accuracy = tf.reduce_mean(tf.cast(tf.nn.in_top_k(logits, kinds, 1), tf.float32))",
)


def each(olds: tuple[str, str, str], *news: str) -> tuple[str, ...]:
    """Return the three networks in each of which one line is another."""
    return three(*(((old, new),) for old, new in zip(olds, news, strict=True)))


# By mistake: the codes, and what is wrong in three spellings.
NETWORKS: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "no nonlinearity after the second convolution": (
        {"missing-activation"},
        three(
            (
                (
                    'maps = tf.nn.relu(tf.nn.conv2d(features, W2, 2, "SAME") + b2)',
                    'maps = tf.nn.conv2d(features, W2, 2, "SAME") + b2',
                ),
                ("hidden = tf.nn.relu(tf.matmul(flat, W3) + b3)", "hidden = tf.nn.relu(tf.matmul(flat, W3) + b3)"),
            ),
            ((SECOND[1], 'h = tf.nn.avg_pool2d(z, 2, 2, "VALID")'),),
            ((SECOND[2], 'x = layers.Conv2D(8, 3, padding="same")(x)'),),
        ),
    ),
    "channels first": (
        {"image-torn"},
        three(
            (
                (IMAGES[0], "images = tf.reshape(X, [-1, 1, 28, 28])"),
                ("layer(3, 3, 1, 8)", "layer(3, 3, 28, 8)"),
                ("7 * 7 * 8", "7 * 8"),
                ("layer(392, 32)", "layer(56, 32)"),
            ),
            (
                (IMAGES[1], "x = tf.transpose(tf.expand_dims(tf.reshape(net.X, (-1, 28, 28)), 1), [0, 1, 3, 2])"),
                (
                    'weights("k1", [5, 5, 1, 6]), strides=[1, 2, 2, 1], padding="VALID"',
                    'weights("k1", [5, 5, 28, 6]), strides=[1, 2, 2, 1], padding="SAME"',
                ),
                ('h = tf.nn.max_pool2d(h, 2, 2, "VALID")', 'h = tf.nn.max_pool2d(h, 2, 2, "SAME")'),
                ("(-1, 6 * 6 * 8)", "(-1, 7 * 8)"),
                ("[288, 24]", "[56, 24]"),
            ),
            ((IMAGES[2], "x = tf.reshape(X, (-1, 1, 28, 28))"), ("(-1, 7 * 7 * 8)", "(-1, 7 * 8)")),
        ),
    ),
    "a stride that is larger than the window": (
        {"image-lost"},
        three(
            (('W1, 2, "SAME"', 'W1, 4, "SAME"'), ("7 * 7 * 8", "4 * 4 * 8"), ("layer(392, 32)", "layer(128, 32)")),
            (
                (
                    'weights("k1", [5, 5, 1, 6]), strides=[1, 2, 2, 1]',
                    'weights("k1", [2, 2, 1, 6]), strides=[1, 3, 3, 1]',
                ),
                ("(-1, 6 * 6 * 8)", "(-1, 4 * 4 * 8)"),
                ("[288, 24]", "[128, 24]"),
            ),
            (
                (FIRST[2], 'features = layers.Conv2D(6, 3, strides=4, padding="same", activation="relu")(x)'),
                ('tf.nn.avg_pool2d(features, 4, 4, "SAME")', "features"),
            ),
        ),
    ),
    "a corner of the maps goes on": (
        {"image-lost"},
        three(
            (
                ("flat = tf.reshape(maps, [-1, 7 * 7 * 8])", "flat = maps[:, 0, 0, :]"),
                ("layer(392, 32)", "layer(8, 32)"),
            ),
            (
                ("h = tf.reshape(h, (-1, 6 * 6 * 8))", "h = tf.reshape(h[:, :3, :3], (-1, 3 * 3 * 8))"),
                ("[288, 24]", "[72, 24]"),
            ),
            (("x = tf.reshape(x, (-1, 7 * 7 * 8))", "x = layers.Flatten()(layers.Cropping2D(((0, 4), (3, 0)))(x))"),),
        ),
    ),
    "the flattening forgotten": (
        {"error-in-code"},
        three(
            (("flat = tf.reshape(maps, [-1, 7 * 7 * 8])", "flat = maps"),),
            (("h = tf.reshape(h, (-1, 6 * 6 * 8))\n", "\n"),),
            (
                ("x = tf.reshape(x, (-1, 7 * 7 * 8))\n", "\n"),
                (
                    "loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=kinds, logits=logits))",
                    "loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))",
                ),
            ),
        ),
    ),
    "a softmax before the loss": (
        {"softmax-before-loss"},
        three(
            (("labels=Y, logits=logits", "labels=Y, logits=prediction"),),
            (("tf.nn.log_softmax(net.logits)", "tf.nn.log_softmax(tf.nn.softmax(net.logits))"),),
            (("labels=kinds, logits=logits", "labels=kinds, logits=tf.nn.softmax(logits)"),),
        ),
    ),
    "dropout that stays on": (
        {"dropout-at-evaluation"},
        each(
            DROPPED,
            "hidden = tf.nn.dropout(hidden, rate=dropout or 0.3)",
            "h = tf.nn.dropout(h, rate=max(dropout, 0.25))",
            "x = x * tf.cast(tf.random.uniform(tf.shape(x)) >= 0.3, tf.float32) / 0.7 + 0 * share",
        ),
    ),
    "dropout on the logits": (
        {"dropout-on-logits"},
        three(
            (
                (DROPPED[0], ""),
                (
                    LOGITS[0],
                    LOGITS[0] + "\n        logits = tf.nn.dropout(logits, rate=dropout * tf.cast(on, tf.float32))",
                ),
            ),
            (
                (DROPPED[1], ""),
                (
                    LOGITS[1],
                    LOGITS[1]
                    + "\n        net.logits = tf.cond(training, lambda: tf.nn.dropout(net.logits, rate=dropout), lambda: net.logits)",
                ),
            ),
            (
                (
                    LOGITS[2],
                    LOGITS[2]
                    + "\n        logits = logits * tf.cast(tf.random.uniform(tf.shape(logits)) >= share, tf.float32) / (1 - share)",
                ),
            ),
        ),
    ),
    "the sign of the loss lost": (
        {"maximises-loss"},
        three(
            (("loss = tf.reduce_mean", "loss = -tf.reduce_mean"),),
            (("net.loss = -tf.reduce_mean", "net.loss = tf.reduce_mean"),),
            (("loss = tf.reduce_mean", "loss = -1 * tf.reduce_mean"),),
        ),
    ),
    "the accuracy compares images": (
        {"accuracy-over-wrong-axis"},
        three(
            (("tf.argmax(prediction, 1), tf.argmax(Y, 1)", "tf.argmax(prediction, 0), tf.argmax(Y, 0)"),),
            (
                (
                    "same = tf.equal(net.prediction, tf.argmax(net.Y, axis=1))",
                    "same = tf.equal(tf.argmax(net.logits), tf.argmax(net.Y))",
                ),
            ),
            (
                (
                    ACCURATE[2],
                    "accuracy = tf.reduce_mean(tf.cast(tf.math.equal(tf.argmax(logits, axis=0), tf.argmax(Y, axis=0)), tf.float32))",
                ),
            ),
        ),
    ),
    "one convolution and the logits": (
        {"too-few-layers"},
        three(
            (
                (SECOND[0], "maps = features"),
                ("[-1, 7 * 7 * 8]", "[-1, 14 * 14 * 8]"),
                (HIDDEN[0], "hidden = flat"),
                ("layer(32, 10)", "layer(14 * 14 * 8, 10)"),
                ("W2, b2 = layer(3, 3, 8, 8)\n", "\n"),
                ("W3, b3 = layer(392, 32)\n", "\n"),
            ),
            (
                (
                    'z = tf.nn.bias_add(tf.nn.conv2d(first, weights("k2", [3, 3, 6, 8]), [1, 1, 1, 1], "SAME"), bias("b2", 8))',
                    "",
                ),
                ("h = tf.maximum(z, 0)\n", "h = first\n"),
                ("6 * 6 * 8", "6 * 6 * 6"),
                (HIDDEN[1], ""),
                ("[24, 10]", "[216, 10]"),
            ),
            ((SECOND[2], ""), ("7 * 7 * 8", "7 * 7 * 6"), (HIDDEN[2], "")),
        ),
    ),
    "the weakest class is predicted": (
        {"prediction-wrong"},
        three(
            (
                ("prediction = tf.nn.softmax(logits)", "prediction = tf.nn.softmax(-logits)"),
                ("tf.argmax(prediction, 1)", "tf.argmax(logits, 1)"),
            ),
            (
                ("net.prediction = tf.argmax(net.logits, axis=1)", "net.prediction = tf.argmin(net.logits, axis=1)"),
                ("tf.equal(net.prediction", "tf.equal(tf.argmax(net.logits, axis=1)"),
            ),
            (("prediction = tf.nn.softmax(logits)", "prediction = tf.argmax(1 - tf.nn.softmax(logits), 1)"),),
        ),
    ),
    "batches of one size": (
        {"fixed-batch-size"},
        three(
            (("tf.float32, [None, 784]", "tf.float32, [64, 784]"), ("tf.float32, [None, 10]", "tf.float32, [64, 10]")),
            (('(None, 784), "rows"', '(100, 784), "rows"'), ('(None, 10), "kinds"', '(100, 10), "kinds"')),
            (("X = tf.placeholder(tf.float32, [None, 784])", "X = tf.placeholder(tf.float32, [50, 784])"),),
        ),
    ),
}

DATA_MISTAKES: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "images that lie on their side": (
        {"wrong-order"},
        (
            CLOTHES_DATA.replace(".reshape(", ".transpose(0, 2, 1).reshape("),
            CLOTHES_DATA.replace("x_train_2d.reshape", "np.moveaxis(x_train_2d, 2, 1).reshape").replace(
                "x_test_2d.reshape", "np.moveaxis(x_test_2d, 2, 1).reshape"
            ),
            "x_train_2d, x_test_2d = np.rot90(x_train_2d, axes=(1, 2)), np.rot90(x_test_2d, axes=(1, 2))\n"
            + CLOTHES_DATA,
        ),
    ),
    "grey levels as they are": (
        {"not-scaled"},
        (
            changed(CLOTHES_DATA, (" / 255", "")),
            changed(CLOTHES_DATA, (".astype(np.float32) / 255", " * 1.0")),
            CLOTHES_DATA + "x_train, x_test = 255 * x_train, 255 * x_test",
        ),
    ),
}

SWEEPS: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "too few values": (
        {"sweep-too-narrow"},
        (
            "sweep = {value: accuracy for value, accuracy in sweep.items() if value != 0.3}; best_dropout = max(sweep, key=sweep.get)",
            "sweep = {value: sweep[value] for value in sweep if value != 0.6}; best_dropout = max(sweep, key=sweep.get)",
            "sweep = {0.0: sweep[0.0], 0.9: sweep[0.9]}; best_dropout = max(sweep, key=sweep.get)",
        ),
    ),
    "the accuracy for the value": (
        {"best-not-from-sweep"},
        (
            "best_dropout = max(sweep.values())",
            "best_dropout = sorted(sweep.values())[-1]",
            "best_dropout = np.max(list(sweep.values()))",
        ),
    ),
    "results invented": (
        {"sweep-result-not-reproduced"},
        (
            "sweep = {0.0: 0.91, 0.2: 0.93, 0.5: 0.94, 0.8: 0.9}; best_dropout = 0.5",
            "sweep = {k / 10: 0.97 - (k / 10 - 0.4) ** 2 for k in range(0, 10, 2)}; best_dropout = 0.4",
            "sweep = dict(zip(sweep, (0.99, 0.98, 0.97, 0.96))); best_dropout = 0.0",
        ),
    ),
}
# What is wrong in the network that is swept: the accuracies are those of the network.
SWEPT_NETWORKS: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "the share to keep for the share to drop": (
        {"keep-rate-swapped"},
        each(
            DROPPED,
            "hidden = tf.nn.dropout(hidden, rate=min(1 - dropout, 0.99) * tf.cast(on, tf.float32))",
            "h = tf.cond(training, lambda: tf.nn.dropout(h, keep_prob=max(dropout, 0.01)), lambda: h)",
            "kept = tf.where(share > 0, share, 1.0)\n        x = x * tf.cast(tf.random.uniform(tf.shape(x)) < kept, tf.float32) / kept",
        ),
    ),
    "the argument is not used": (
        {"hyperparameter-not-as-stated"},
        three(
            (("rate=dropout *", "rate=0.5 *"),),
            (("rate=dropout)", "rate=0.4)"),),
            (("train_feed={share: dropout}", "train_feed={share: 0.5}"),),
        ),
    ),
}
# What is trained in a process of its own, from the network on.
TRAINED_ANEW: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "all values lie close together": (
        {"sweep-too-narrow"},
        tuple(
            network + SWEEP + changed(SWEPT, ("(0.0, 0.3, 0.6, 0.9)", values))
            for network, values in zip(
                CONVOLUTIONAL,
                ("(0.1, 0.2, 0.3, 0.4)", "[0.5 + 0.1 * k for k in range(4)]", "np.linspace(0, 0.3, 4)"),
                strict=True,
            )
        ),
    ),
    **{
        mistake: (codes, tuple(network + SWEEP + SWEPT for network in networks))
        for mistake, (codes, networks) in SWEPT_NETWORKS.items()
    },
}

TRAINED = "net, sess, acc_trn, acc_val = trained(0.3, 3)"
TRAININGS: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "another accuracy claimed": (
        {"reported-accuracy-wrong"},
        ("acc_val = [0.7, 0.8, 0.99]", "acc_val[-1] = 0.97", "acc_val = np.array(acc_val) + 0.1"),
    ),
    "the accuracy of training images": (
        {"reports-train-accuracy"},
        (
            "acc_val = list(acc_trn)",
            "acc_val = acc_trn",
            "acc_val = acc_val[:2] + [sess.run(net.accuracy, {net.X: x_train, net.Y: y_train_1_hot})]",
        ),
    ),
}

# An image that lies on its side is an image: windows find there what they find in others.
ON_THEIR_SIDE = each(
    IMAGES,
    "images = tf.transpose(tf.reshape(X, [-1, 28, 28, 1]), [0, 2, 1, 3])",
    "x = tf.expand_dims(tf.einsum('nhw->nwh', tf.reshape(net.X, (-1, 28, 28))), 3)",
    "x = layers.Permute((2, 1, 3))(tf.reshape(X, (-1, 28, 28, 1)))",
)
RIGHT_NETWORKS = {
    **dict(zip(SPELLINGS, CONVOLUTIONAL, strict=True)),
    **{f"on their side, {spelling}": text for spelling, text in zip(SPELLINGS, ON_THEIR_SIDE, strict=True)},
    "logits that are not returned": changed(CONVOLUTIONAL[0], ("logits=logits, prediction", "prediction")),
    "a large window without padding": changed(
        CONVOLUTIONAL[0],
        ("layer(3, 3, 1, 8)", "layer(7, 7, 1, 8)"),
        ('W1, 2, "SAME"', 'W1, 1, "VALID"'),
        ("7 * 7 * 8", "11 * 11 * 8"),
        ("layer(392, 32)", "layer(968, 32)"),
    ),
    "an average over each map": changed(
        CONVOLUTIONAL[0],
        ("flat = tf.reshape(maps, [-1, 7 * 7 * 8])", "flat = tf.reduce_mean(maps, [1, 2])"),
        ("layer(392, 32)", "layer(8, 32)"),
    ),
    "leaky and standardised": changed(
        CONVOLUTIONAL[0],
        ("images = tf.reshape(X, [-1, 28, 28, 1])", "images = tf.reshape((X - 0.3) / 0.35, [-1, 28, 28, 1])"),
        ("tf.nn.relu(tf.nn.conv2d(images", "tf.nn.leaky_relu(tf.nn.conv2d(images"),
    ),
    "dropout between the convolutions": changed(
        CONVOLUTIONAL[1],
        (
            "first = tf.maximum(z, 0)",
            "first = tf.maximum(z, 0)\n        first = tf.cond(training, lambda: tf.nn.dropout(first, rate=dropout / 2), lambda: first)",
        ),
    ),
    "a separable convolution": changed(
        CONVOLUTIONAL[2], (SECOND[2], 'x = layers.SeparableConv2D(8, 3, padding="same", activation="relu")(x)')
    ),
    "a residual step": changed(
        CONVOLUTIONAL[2],
        (
            SECOND[2],
            'y = layers.Conv2D(6, 3, padding="same", activation="relu")(x)\n        x = layers.Conv2D(8, 1, activation="relu")(x + y)',
        ),
    ),
    "a stride of three": changed(
        CONVOLUTIONAL[0],
        ('W1, 2, "SAME"', 'W1, 3, "VALID"'),
        ("7 * 7 * 8", "5 * 5 * 8"),
        ("layer(392, 32)", "layer(200, 32)"),
    ),
    "weights that decay": changed(CONVOLUTIONAL[0], (LOSS[0], LOSS[0] + " + 1e-4 * tf.nn.l2_loss(W3)")),
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
