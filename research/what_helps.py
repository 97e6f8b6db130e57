"""How accurate networks of notebook 3 are on its validation images, for the picture *What helps*.

Each learns from the first 50,000 training images for 15 epochs in minibatches of 128, with Adam from 0.001, and is measured
on the last 10,000. What has a row in ``what_helps.csv`` is not trained again: ``python -m research.what_helps`` goes on where
it was, and ends with mean and standard deviation of each network, as ``source/digits/pictures.py`` has them.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from netgrader.student import load_mnist
from research.rows import append_row, measured_commit, rows_of

ROWS = Path(__file__).with_suffix(".csv")
FIELDS = ("commit", "layers", "extras", "seed", "validation", "seconds")
NETWORKS = {  # hidden layers and extras: widths, share that is dropped, whether the rate falls, whether batches are normalised
    ("1500", ""): ([1500], 0.0, False, False),
    ("1500", "decay"): ([1500], 0.0, True, False),
    ("128, 128, 128", "decay"): ([128] * 3, 0.0, True, False),
    ("256, 256, 256", "decay"): ([256] * 3, 0.0, True, False),
    ("512, 512, 512", ""): ([512] * 3, 0.0, False, False),
    ("512, 512, 512", "decay"): ([512] * 3, 0.0, True, False),
    ("512, 512", "dropout 0.2, decay"): ([512] * 2, 0.2, True, False),
    ("512, 512, 512", "batch normalisation, dropout 0.3, decay"): ([512] * 3, 0.3, True, True),
    ("1024, 1024", "dropout 0.5, decay"): ([1024] * 2, 0.5, True, False),
}
SEEDS, EPOCHS, BATCH, HELD = 4, 15, 128, 10_000


def trained(seed: int, widths: list[int], dropped: float, decays: bool, normalised: bool) -> float:
    """Train a network and return its accuracy on the validation images, in percent."""
    (images, labels), _ = load_mnist()
    x, y = images.reshape(len(images), -1).astype(np.float32) / 255, labels.astype(np.int64)
    n = len(x) - HELD
    with tf.Graph().as_default():
        tf.set_random_seed(seed)
        images_in, labels_in = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.int64, [None])
        training = tf.placeholder_with_default(False, [])
        hidden: Any = images_in
        for width in widths:
            hidden = tf.nn.relu(_layer(hidden, width, training, normalised=normalised))
            hidden = tf.nn.dropout(hidden, rate=tf.where(training, dropped, 0.0))
        logits = _layer(hidden, 10, training, normalised=False)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels_in, logits=logits))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.polynomial_decay(0.001, step, EPOCHS * -(-n // BATCH), 0.0) if decays else 0.001
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
        shuffled = np.random.default_rng(seed)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            for _ in range(EPOCHS):
                order = shuffled.permutation(n)
                for rows in np.split(order, range(BATCH, n, BATCH)):
                    session.run(train_op, {images_in: x[rows], labels_in: y[rows], training: True})
            found = session.run(logits, {images_in: x[n:]}).argmax(axis=1)
    return 100 * float(np.mean(found == y[n:]))


def _layer(x: Any, width: int, training: Any, *, normalised: bool) -> Any:
    """Return a fully connected layer before its activation, as notebook 3 writes it."""
    with tf.variable_scope(None, default_name="layer"):
        size = int(x.shape[1])
        z = x @ tf.get_variable("W", [size, width], initializer=tf.glorot_uniform_initializer())
        z += tf.get_variable("b", [width], initializer=tf.zeros_initializer())
        if not normalised:
            return z
        mean, variance = tf.nn.moments(z, axes=[0])
        kept = [tf.get_variable(name, [width], initializer=start, trainable=False) for name, start in _AVERAGES]
        for average, now in zip(kept, (mean, variance), strict=True):
            tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, tf.assign(average, 0.99 * average + 0.01 * now))
        mean, variance = (tf.where(training, now, own) for now, own in zip((mean, variance), kept, strict=True))
        scale = tf.get_variable("scale", [width], initializer=tf.ones_initializer())
        shift = tf.get_variable("shift", [width], initializer=tf.zeros_initializer())
        return (z - mean) / tf.sqrt(variance + 1e-3) * scale + shift


_AVERAGES = (("mean", tf.zeros_initializer()), ("variance", tf.ones_initializer()))


def main() -> int:
    """Train what has no row yet, then print what the picture shows."""
    tf.disable_v2_behavior()
    done = {(row["layers"], row["extras"], row["seed"]) for row in rows_of(ROWS)}
    for seed in range(1, SEEDS + 1):
        for (layers, extras), how in NETWORKS.items():
            if (layers, extras, str(seed)) not in done:
                began, found = time.monotonic(), trained(seed, *how)
                row = ("", layers, extras, seed, f"{found:.2f}", f"{time.monotonic() - began:.0f}")
                append_row(ROWS, FIELDS, dict(zip(FIELDS, row, strict=True)) | {"commit": measured_commit(__file__)})
    for key in NETWORKS:
        values = [float(row["validation"]) for row in rows_of(ROWS) if (row["layers"], row["extras"]) == key]
        sys.stdout.write(f"{key}: ({np.mean(values):.2f}, {np.std(values, ddof=1):.2f}),\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
