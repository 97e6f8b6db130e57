"""How far chance moves the accuracy of good networks: many seeds of six networks at and around 98.5 %.

Each run appends a row to ``evaluation/fairness.csv`` with the commit that was measured; runs that have a row are not
repeated, so the study grows: ``python -m evaluation.fairness --seeds 10``. With ``--notebook`` the networks are those of
notebook 3's figures, learn from the first 50,000 training images and are judged by the last 10,000, the validation set of the
notebook. Their rows go to ``evaluation/notebook.csv``.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from evaluation.clean_networks import batch_norm
from evaluation.rows import append_row, measured_commit, rows_of

HERE = Path(__file__).parent
DATA = HERE.parent / "data" / "mnist.npz"
EPOCHS, BATCH, RATE = 15, 128, 1e-3


@dataclass(frozen=True)
class Recipe:
    """A fully connected network and its training.

    Attributes
    ----------
    widths, drop, batch_norm
        Hidden widths, dropout rate after each hidden layer, batch normalization.
    decay
        Whether the learning rate falls linearly to zero.
    epochs, batch
        Number of epochs, and batch size.
    first
        Weight initializer: a key of `FIRST`.
    """

    widths: tuple[int, ...]
    drop: float = 0.0
    batch_norm: bool = False
    decay: bool = True
    epochs: int = EPOCHS
    batch: int = BATCH
    first: str = "glorot"


RECIPES = {
    "128x3-decay": Recipe((128,) * 3),
    "256x3-decay": Recipe((256,) * 3),
    "1500-decay": Recipe((1500,)),
    "512x3-decay": Recipe((512,) * 3),
    "512x2-dropout0.2-decay": Recipe((512,) * 2, drop=0.2),
    "512x3-batchnorm-dropout0.3-decay": Recipe((512,) * 3, drop=0.3, batch_norm=True),
}

FIRST = {
    "glorot": lambda tf: tf.glorot_uniform_initializer(),
    "normal": lambda tf: tf.random_normal_initializer(stddev=1.0),
    "equal": lambda tf: tf.constant_initializer(0.05),
    "zero": lambda tf: tf.zeros_initializer(),
}
OF_THE_NOTEBOOK = {
    **RECIPES,
    "1500": Recipe((1500,), decay=False),
    "512x3": Recipe((512,) * 3, decay=False),
    "1024x2-dropout0.5-decay": Recipe((1024,) * 2, drop=0.5),
    **{f"1500-{first}-one-epoch": Recipe((1500,), decay=False, epochs=1, batch=64, first=first) for first in FIRST},
}
"""The networks in notebook 3's figures."""
N_VALIDATION = 10_000


def images(*, validation: bool) -> tuple[np.ndarray, ...]:
    """Return images (n, 784) in [0, 1] and digits (n,) for training, and 10,000 for validation or test."""
    with np.load(DATA, allow_pickle=False) as data:
        x_train, x_test = (data[name].reshape(-1, 784).astype(np.float32) / 255 for name in ("x_train", "x_test"))
        y_train, y_test = data["y_train"].astype(np.int64), data["y_test"]
    if validation:
        return x_train[:-N_VALIDATION], y_train[:-N_VALIDATION], x_train[-N_VALIDATION:], y_train[-N_VALIDATION:]
    return x_train, y_train, x_test, y_test


def accuracy(recipe: Recipe, seed: int, threads: int, *, validation: bool) -> float:
    """Train `recipe` from `seed`; return its accuracy on the held-out images, between 0 and 1."""
    import tensorflow.compat.v1 as tf

    x_train, y_train, x_test, y_test = images(validation=validation)
    steps = recipe.epochs * (len(x_train) // recipe.batch)
    graph = tf.Graph()
    with graph.as_default():
        tf.set_random_seed(seed)
        x = tf.placeholder(tf.float32, [None, 784])
        y = tf.placeholder(tf.int64, [None])
        net = SimpleNamespace(training=tf.placeholder_with_default(False, []), updates=[])
        h = x
        for width in recipe.widths:
            h = _dense(tf, h, width, recipe.first)
            if recipe.batch_norm:
                h = batch_norm(tf, h, net)
            h = tf.nn.relu(h)
            if recipe.drop:
                h = tf.cond(net.training, lambda h=h: tf.nn.dropout(h, rate=recipe.drop), lambda h=h: h)
        logits = _dense(tf, h, 10, recipe.first)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.polynomial_decay(RATE, step, steps, 0.0) if recipe.decay else RATE
        with tf.control_dependencies(net.updates):
            train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
        found = tf.argmax(logits, 1)
        initialise = tf.global_variables_initializer()
    rng = np.random.default_rng(seed)
    config = tf.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
    with tf.Session(graph=graph, config=config) as sess:
        sess.run(initialise)
        for _ in range(recipe.epochs):
            order = rng.permutation(len(x_train))
            for rows in order[: len(order) // recipe.batch * recipe.batch].reshape(-1, recipe.batch):
                sess.run(train_op, {x: x_train[rows], y: y_train[rows], net.training: True})
        return float(np.mean(sess.run(found, {x: x_test}) == y_test))


def _dense(tf, h, width, first):  # noqa: ANN001, ANN202 - TensorFlow has no types
    weights = tf.Variable(FIRST[first](tf)([int(h.shape[1]), width]))
    return tf.matmul(h, weights) + tf.Variable(tf.zeros([width]))


def main() -> None:
    """Run all networks without a row, seed by seed, so that they all get equally many."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--notebook", action="store_true", help="the networks of notebook 3, by the validation set")
    options = parser.parse_args()
    file, recipes = (HERE / "notebook.csv", OF_THE_NOTEBOOK) if options.notebook else (HERE / "fairness.csv", RECIPES)
    measure = "validation_accuracy" if options.notebook else "test_accuracy"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    commit = measured_commit()
    done = {(row["network"], int(row["seed"])) for row in rows_of(file)}
    for seed in range(1, options.seeds + 1):
        for network, recipe in recipes.items():
            if (network, seed) in done:
                continue
            start = time.perf_counter()
            reached = accuracy(recipe, seed, options.threads, validation=options.notebook)
            found = {
                "network": network,
                "seed": seed,
                "epochs": recipe.epochs,
                "batch": recipe.batch,
                measure: f"{reached:.4f}",
                "seconds": f"{time.perf_counter() - start:.0f}",
                "threads": options.threads,
                "tensorflow": tf.__version__,
                "commit": commit,
            }
            append_row(file, found, found)


if __name__ == "__main__":
    main()
