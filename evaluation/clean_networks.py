"""Measure how often honest networks are accused of training on test images, and others are caught.

Networks of many kinds are trained honestly and judged by the grading code; others are trained with test images among their
rows, as the notebook is given them, along with an honest twin. Each adds a row to ``evaluation/clean_networks.csv`` with the
measured commit. Networks with a row are not retrained, so the study is resumable: ``python -m evaluation.clean_networks``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.kinds_of_networks import RECIPES, Recipe
from evaluation.rows import append_row, measured_commit, rows_of
from graphread.lab.local import LocalLab
from netgrader.checks.context import Dataset
from netgrader.checks.held_out import HeldOut, Marked, held_out_images, mark
from netgrader.checks.language import Failed
from netgrader.judges.accuracy import Recomputed, recompute, require_learned, require_own, seen_test_images
from netgrader.student import load_mnist
from netgrader.student.course_data import data_spec
from netgrader.student.graphs import export_graph

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
ROWS = HERE / "clean_networks.csv"
SEEDS = 2
Array = np.ndarray[Any, Any]


def data_of(recipe: Recipe, mnist: Dataset, given: HeldOut, random: np.random.Generator) -> tuple[Array, Array]:
    """Return training images (n, 784) in [0, 1] and digits (n,); test images, if any, come last."""
    images, digits = mnist.x_train[: recipe.rows], mnist.y_train[: recipe.rows].copy()
    wrong = random.random(len(digits)) < recipe.wrong_labels
    digits[wrong] = random.integers(0, 10, int(wrong.sum()))
    count = round(recipe.seen * len(mnist.x_test))
    of_test = random.permutation(len(mnist.x_test))[:count]
    images = np.concatenate([images, given.images[of_test]])
    return images.reshape(-1, 784).astype(np.float32) / 255, np.concatenate([digits, mnist.y_test[of_test]])


def epochs_of(recipe: Recipe, n_rows: int, random: np.random.Generator) -> Iterator[Array]:
    """Yield the row order of each epoch, without the test images in epochs that do not use them."""
    own = min(recipe.rows, 60_000)
    for epoch in range(recipe.epochs):
        whole = recipe.seen_in is None or epoch in recipe.seen_in
        yield random.permutation(n_rows if whole else own)


def altered(recipe: Recipe, x: Array, random: np.random.Generator) -> Array:
    """Return a minibatch (n, 784) shifted by up to `recipe.moved` pixels, with noise."""
    if recipe.moved:
        dy, dx = random.integers(-recipe.moved, recipe.moved + 1, 2)
        x = np.roll(x.reshape(-1, 28, 28), (int(dy), int(dx)), axis=(1, 2)).reshape(-1, 784)
    if recipe.noise:
        x = np.clip(x + random.normal(0, recipe.noise, x.shape).astype(np.float32), 0, 1)
    return x


@dataclass(frozen=True)
class Trained:
    """A network in the session that trained it."""

    net: SimpleNamespace
    session: Any

    def logits(self, images: Array) -> Array:
        """Return the logits (n, 10) of images (n, 784) in [0, 1]."""
        parts = (images[start : start + 1000] for start in range(0, len(images), 1000))
        return np.concatenate([self.session.run(self.net.logits, {self.net.X: part}) for part in parts])


@contextmanager
def trained(recipe: Recipe, mnist: Dataset, given: HeldOut, seed: int) -> Iterator[Trained]:
    """Train the network on one thread; yield it."""
    import tensorflow.compat.v1 as tf

    random = np.random.default_rng(seed)
    images, digits = data_of(recipe, mnist, given, random)
    steps = recipe.epochs * -(-len(images) // recipe.batch)
    net = built(tf, recipe, steps, seed)
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    with tf.Session(graph=net.graph, config=config) as sess:
        sess.run(net.initialise)
        for order in epochs_of(recipe, len(images), random):
            for start in range(0, len(order), recipe.batch):
                rows = order[start : start + recipe.batch]
                x = altered(recipe, images[rows], random)
                sess.run(net.train_op, {net.X: x, net.Y: np.eye(10)[digits[rows]], net.training: True})
        yield Trained(net, sess)


def judged(recipe: Recipe, mnist: Dataset, given: HeldOut, marked: Marked, seed: int) -> Recomputed:
    """Train the network, and return the grading code's measurements of it."""
    with trained(recipe, mnist, given, seed) as network:
        net = network.net
        parts = {"graph": net.graph, "X": net.X, "Y": net.Y, "logits": net.logits}
        return recompute(LocalLab(), export_graph(parts, network.session), mnist, given, marked=marked)


def built(tf: Any, recipe: Recipe, steps: int, seed: int) -> SimpleNamespace:
    """Return the network's graph and parts."""
    graph = tf.Graph()
    with graph.as_default():
        tf.set_random_seed(seed)
        net = SimpleNamespace(
            graph=graph,
            X=tf.placeholder(tf.float32, [None, 784]),
            Y=tf.placeholder(tf.float32, [None, 10]),
            training=tf.placeholder_with_default(False, []),
            updates=[],
            weights=[],
        )
        members = [_logits(tf, recipe, net) for _ in range(recipe.members)]
        losses = [tf.nn.softmax_cross_entropy_with_logits_v2(labels=net.Y, logits=one) for one in members]
        squares = tf.add_n([tf.nn.l2_loss(one) for one in net.weights])
        step = tf.train.get_or_create_global_step()
        rate = tf.train.polynomial_decay(recipe.rate, step, steps, 0.0) if recipe.falling else recipe.rate
        with tf.control_dependencies(net.updates):
            loss = tf.reduce_mean(tf.add_n(losses)) + recipe.decay * squares
            net.train_op = _optimizer(tf, recipe.optimizer, rate).minimize(loss, global_step=step)
        net.logits = tf.add_n([tf.nn.log_softmax(one) for one in members]) / recipe.members
        net.initialise = tf.global_variables_initializer()
    return net


def _logits(tf: Any, recipe: Recipe, net: SimpleNamespace) -> Any:
    h = tf.reshape(net.X, [-1, 28, 28, 1]) if recipe.filters else net.X
    for size, filters in zip((5, 3), recipe.filters, strict=False):
        net.weights.append(tf.Variable(tf.glorot_uniform_initializer()([size, size, int(h.shape[3]), filters])))
        h = tf.nn.relu(tf.nn.conv2d(h, net.weights[-1], 2, "SAME") + tf.Variable(tf.zeros([filters])))
    if recipe.filters:
        h = tf.reshape(h, [-1, 49 * recipe.filters[-1]])
    for width in recipe.widths:
        h = _dense(tf, h, width, net)
        if recipe.batch_norm:
            h = batch_norm(tf, h, net)
        h = getattr(tf.nn, recipe.activation)(h)
        if recipe.drop:
            h = tf.cond(net.training, lambda h=h: tf.nn.dropout(h, rate=recipe.drop), lambda h=h: h)
    return _dense(tf, h, 10, net)


def _dense(tf: Any, h: Any, width: int, net: SimpleNamespace) -> Any:
    net.weights.append(tf.Variable(tf.glorot_uniform_initializer()([int(h.shape[1]), width])))
    return tf.matmul(h, net.weights[-1]) + tf.Variable(tf.zeros([width]))


def batch_norm(tf: Any, h: Any, net: SimpleNamespace) -> Any:
    """Return `h` normalized by minibatch in training, else by moving averages; `net` gets the updates."""
    width = int(h.shape[1])
    kept_mean = tf.Variable(tf.zeros([width]), trainable=False)
    kept_variance = tf.Variable(tf.ones([width]), trainable=False)
    mean, variance = tf.nn.moments(h, [0])
    net.updates += [
        kept_mean.assign_sub(0.05 * (kept_mean - mean)),
        kept_variance.assign_sub(0.05 * (kept_variance - variance)),
    ]
    mean = tf.cond(net.training, lambda: mean, kept_mean.read_value)
    variance = tf.cond(net.training, lambda: variance, kept_variance.read_value)
    return tf.nn.batch_normalization(
        h, mean, variance, tf.Variable(tf.zeros([width])), tf.Variable(tf.ones([width])), 1e-3
    )


def _optimizer(tf: Any, name: str, rate: Any) -> Any:
    return {
        "adam": lambda: tf.train.AdamOptimizer(rate),
        "sgd": lambda: tf.train.GradientDescentOptimizer(rate),
        "momentum": lambda: tf.train.MomentumOptimizer(rate, 0.9),
        "rmsprop": lambda: tf.train.RMSPropOptimizer(rate),
        "adagrad": lambda: tf.train.AdagradOptimizer(rate),
    }[name]()


def said_of(found: Recomputed) -> str:
    """Return the code charged to a network; ``doubted`` if it is only reported to the instructor."""
    try:
        require_learned(found)
        require_own(found)
    except Failed as failed:
        return failed.faults[0].code
    return "doubted" if seen_test_images(found) else ""


def row_of(recipe: Recipe, found: Recomputed, twin: Recomputed | None) -> dict[str, object]:
    """Return a row's measurements: figures, verdict, and the accuracy of the honest twin."""
    return {
        "guilty": "yes" if recipe.seen else "no",
        "train_accuracy": f"{found.train:.4f}",
        "test_accuracy": f"{found.test:.4f}",
        "given": f"{found.given:.4f}",
        "hidden": f"{found.hidden:.4f}",
        "lead": f"{found.lead:.2f}",
        "by_heart": f"{found.by_heart:.2f}",
        "marks": found.marks,
        "counted": f"{found.counted:.4f}",
        "said": said_of(found),
        "honest_twin": f"{twin.test:.4f}" if twin else "",
    }


def main() -> None:
    """Train all networks without a row."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.nice(1)
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    at = measured_commit()
    (x_train, y_train), (x_test, y_test) = load_mnist()
    known = {(row["network"], int(row["seed"])) for row in rows_of(ROWS)}
    each = [(name, seed) for seed in range(SEEDS) for name in RECIPES if not seed or not RECIPES[name].seen]
    missing = [one for one in each if one not in known]
    for number, (name, seed) in enumerate(missing, 1):
        start, recipe = time.process_time(), RECIPES[name]
        drawn = hashlib.sha256(f"{name} {seed}".encode()).hexdigest()
        given = held_out_images(drawn, (x_train, y_train), (x_test, y_test))
        marked = mark(drawn, x_train, y_train)
        mnist = Dataset(data_spec(), marked.images, y_train, x_test, y_test)
        found = judged(recipe, mnist, given, marked, int(drawn[:7], 16))
        honest = dataclasses.replace(recipe, seen=0.0)
        twin = judged(honest, mnist, given, marked, int(drawn[:7], 16)) if recipe.seen else None
        row = {"commit": at, "network": name, "seed": seed, **row_of(recipe, found, twin)}
        row["cpu_seconds"] = f"{time.process_time() - start:.0f}"
        append_row(ROWS, row, row)
        sys.stdout.write(f"{number} of {len(missing)}: {name}, {row['lead']} {row['said']}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
