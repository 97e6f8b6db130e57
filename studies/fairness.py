"""How far chance moves the accuracy of good networks: many seeds of six networks at and around 98.5 %.

Each run appends a row to ``studies/fairness.csv`` with the commit that was measured; runs that have a row are not
repeated, so the study grows over sessions: ``python studies/fairness.py --seeds 10``.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROWS = Path(__file__).with_suffix(".csv")
DATA = Path(__file__).parent.parent / "data" / "mnist.npz"
FIELDS = ("network", "seed", "epochs", "batch", "test_accuracy", "seconds", "threads", "tensorflow", "commit")
EPOCHS, BATCH, RATE = 15, 128, 1e-3


@dataclass(frozen=True)
class Recipe:
    """A fully connected network: hidden widths, drop rate after each hidden layer, batch normalisation."""

    widths: tuple[int, ...]
    drop: float = 0.0
    batch_norm: bool = False


RECIPES = {
    "128x3-decay": Recipe((128,) * 3),
    "256x3-decay": Recipe((256,) * 3),
    "1500-decay": Recipe((1500,)),
    "512x3-decay": Recipe((512,) * 3),
    "512x2-dropout0.2-decay": Recipe((512,) * 2, drop=0.2),
    "512x3-batchnorm-dropout0.3-decay": Recipe((512,) * 3, drop=0.3, batch_norm=True),
}


def accuracy(recipe: Recipe, seed: int, threads: int) -> float:
    """Train `recipe` from `seed`; its accuracy on the 10,000 test images, between 0 and 1."""
    import tensorflow.compat.v1 as tf

    with np.load(DATA, allow_pickle=False) as data:
        x_train, x_test = (data[name].reshape(-1, 784).astype(np.float32) / 255 for name in ("x_train", "x_test"))
        y_train, y_test = data["y_train"].astype(np.int64), data["y_test"]
    steps = EPOCHS * (len(x_train) // BATCH)
    graph = tf.Graph()
    with graph.as_default():
        tf.set_random_seed(seed)
        x = tf.placeholder(tf.float32, [None, 784])
        y = tf.placeholder(tf.int64, [None])
        training = tf.placeholder_with_default(False, [])
        updates: list[object] = []
        h = x
        for width in recipe.widths:
            h = _dense(tf, h, width)
            if recipe.batch_norm:
                h = _batch_norm(tf, h, training, updates)
            h = tf.nn.relu(h)
            if recipe.drop:
                h = tf.cond(training, lambda h=h: tf.nn.dropout(h, rate=recipe.drop), lambda h=h: h)
        logits = _dense(tf, h, 10)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.polynomial_decay(RATE, step, steps, 0.0)
        with tf.control_dependencies(updates):
            train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
        found = tf.argmax(logits, 1)
        initialise = tf.global_variables_initializer()
    rng = np.random.default_rng(seed)
    config = tf.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
    with tf.Session(graph=graph, config=config) as sess:
        sess.run(initialise)
        for _ in range(EPOCHS):
            order = rng.permutation(len(x_train))
            for rows in order[: len(order) // BATCH * BATCH].reshape(-1, BATCH):
                sess.run(train_op, {x: x_train[rows], y: y_train[rows], training: True})
        return float(np.mean(sess.run(found, {x: x_test}) == y_test))


def _dense(tf, h, width):  # noqa: ANN001, ANN202 - TensorFlow has no types
    weights = tf.Variable(tf.glorot_uniform_initializer()([int(h.shape[1]), width]))
    return tf.matmul(h, weights) + tf.Variable(tf.zeros([width]))


def _batch_norm(tf, h, training, updates):  # noqa: ANN001, ANN202 - TensorFlow has no types
    width = int(h.shape[1])
    scale, shift = tf.Variable(tf.ones([width])), tf.Variable(tf.zeros([width]))
    kept_mean = tf.Variable(tf.zeros([width]), trainable=False)
    kept_variance = tf.Variable(tf.ones([width]), trainable=False)
    mean, variance = tf.nn.moments(h, [0])
    updates += [
        kept_mean.assign_sub(0.05 * (kept_mean - mean)),
        kept_variance.assign_sub(0.05 * (kept_variance - variance)),
    ]
    mean = tf.cond(training, lambda: mean, kept_mean.read_value)
    variance = tf.cond(training, lambda: variance, kept_variance.read_value)
    return tf.nn.batch_normalization(h, mean, variance, shift, scale, 1e-3)


def _done() -> set[tuple[str, int]]:
    if not ROWS.exists():
        return set()
    with ROWS.open(encoding="utf-8", newline="") as rows:
        return {(row["network"], int(row["seed"])) for row in csv.DictReader(rows)}


def _append(row: dict[str, object]) -> None:
    new = not ROWS.exists()
    with ROWS.open("a", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, FIELDS)
        if new:
            writer.writeheader()
        writer.writerow(row)


def main() -> None:
    """Run what has no row yet, seeds first, so that every network grows alike."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    done = _done()
    for seed in range(1, options.seeds + 1):
        for network, recipe in RECIPES.items():
            if (network, seed) in done:
                continue
            start = time.perf_counter()
            reached = accuracy(recipe, seed, options.threads)
            _append(
                {
                    "network": network,
                    "seed": seed,
                    "epochs": EPOCHS,
                    "batch": BATCH,
                    "test_accuracy": f"{reached:.4f}",
                    "seconds": f"{time.perf_counter() - start:.0f}",
                    "threads": options.threads,
                    "tensorflow": tf.__version__,
                    "commit": commit.stdout.strip(),
                }
            )


if __name__ == "__main__":
    main()
