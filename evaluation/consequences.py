"""Whether the sentences "why it matters" of faults' pages are true: each consequence that they name, measured.

``consequences.toml`` lists the networks. Each measurement appends rows to ``consequences.csv``; what has rows is not measured again:
``python -m evaluation.consequences --seeds 3``. Then it writes the numbers into ``consequences.md``, below what the pages claim.
Networks learn from 10,000 training images, 64 at a time, and are judged by the 10,000 test images, unless a row says otherwise.
"""

from __future__ import annotations

import argparse
import functools
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf

from evaluation.rows import append_row, filled, rows_of
from netgrader.student import load_mnist

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

HERE = Path(__file__).parent
FILE, PAGE, LISTED = (HERE / f"consequences.{kind}" for kind in ("csv", "md", "toml"))
N_LEARN, BATCH = 10_000, 64
Array = Any
Measured = dict[str, float]


class Data(NamedTuple):
    """Rows of 784 pixels in [0, 1], and integer labels."""

    x: Array
    y: Array
    x_test: Array
    y_test: Array


@functools.cache
def digits() -> Data:
    """Return MNIST with the first 10,000 training images."""
    (x, y), (x_test, y_test) = load_mnist()
    rows = [images.reshape(len(images), 784).astype(np.float32) / 255 for images in (x[:N_LEARN], x_test)]
    return Data(rows[0], y[:N_LEARN].astype(np.int64), rows[1], y_test.astype(np.int64))


class Trained(NamedTuple):
    """A trained network and its session."""

    session: Any
    x: Any
    logits: Any
    loss: Any
    y: Any
    hidden: list[Any]
    weights: list[Any]
    losses: list[float]
    first_gradient: float

    def accuracy(self, x: Array, y: Array) -> float:
        """Return the accuracy on these rows, in percent."""
        return float(100 * np.mean(self.session.run(self.logits, {self.x: x}).argmax(1) == y))


class Way(NamedTuple):
    """How a network is built and trained; the defaults are right.

    `activation`, `last` and `before_loss` name functions of ``tf.nn``, or ``identity``; `initial` is a key of `INITIAL`.
    """

    widths: tuple[int, ...] = (256,)
    rate: float = 0.001
    epochs: int = 3
    batch: int = BATCH
    optimizer: str = "adam"
    activation: str = "relu"
    last: str = "identity"
    before_loss: str = "identity"
    initial: str = "glorot"
    loss: str = "cross-entropy"
    order: str = "shuffled"
    steps: int | None = None


INITIAL: Mapping[str, Callable[[], Any]] = {
    "glorot": tf.glorot_uniform_initializer,
    "zeros": tf.zeros_initializer,
    "constant of 0.05": lambda: tf.constant_initializer(0.05),
    "normal of 1": lambda: tf.random_normal_initializer(stddev=1.0),
    "normal of 0.00001": lambda: tf.random_normal_initializer(stddev=1e-5),
}


def applied(name: str, value: Any) -> Any:
    """Apply a function of ``tf.nn`` to a value."""
    return (tf.identity if name == "identity" else getattr(tf.nn, name))(value)


def loss_of(kind: str, logits: Any, y: Any) -> Any:
    """Return a loss of logits and integer labels."""
    hot = tf.one_hot(y, 10)
    each = tf.nn.softmax_cross_entropy_with_logits(labels=hot, logits=logits)
    by_kind = {
        "cross-entropy": lambda: tf.reduce_mean(each),
        "sum": lambda: tf.reduce_sum(each),
        "negated": lambda: -tf.reduce_mean(each),
        "squares of logits": lambda: tf.reduce_mean(tf.square(logits - hot)),
        "squares of softmax": lambda: tf.reduce_mean(tf.square(tf.nn.softmax(logits) - hot)),
        "sigmoids": lambda: tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=hot, logits=logits)),
        "over rows": lambda: -tf.reduce_mean(tf.reduce_sum(hot * tf.nn.log_softmax(logits, axis=0), axis=1)),
    }
    return by_kind[kind]()


def order_of(way: Way, random: np.random.Generator, y: Array) -> Array:
    """Return the rows of one epoch in the order of feeding."""
    n = len(y)
    by_order = {
        "shuffled": lambda: random.permutation(n),
        "as they are": lambda: np.arange(n),
        "sorted": lambda: np.argsort(y, kind="stable"),
        "drawn with replacement": lambda: random.integers(n, size=n),
        "one batch": lambda: np.tile(np.arange(way.batch), -(-n // way.batch)),
    }
    return by_order[way.order]()


def train(way: Way, seed: int, x: Array, y: Array) -> Trained:
    """Build a network, train it, and return it."""
    graph = tf.Graph()
    with graph.as_default():
        tf.set_random_seed(seed)
        images, labels = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.int64, [None])
        value, hidden, weights = images, [], []
        for number, width in enumerate((*way.widths, 10)):
            shape = [int(value.shape[1]), width]
            weights.append(tf.get_variable(f"W{number}", shape, initializer=INITIAL[way.initial]()))
            value = tf.matmul(value, weights[-1]) + tf.get_variable(
                f"b{number}", [width], initializer=tf.zeros_initializer()
            )
            if number < len(way.widths):
                value = applied(way.activation, value)
                hidden.append(value)
        logits = applied(way.last, value)
        loss = loss_of(way.loss, applied(way.before_loss, logits), labels)
        makers = {"adam": tf.train.AdamOptimizer, "sgd": tf.train.GradientDescentOptimizer}
        optimizer = makers[way.optimizer](way.rate)
        pairs = optimizer.compute_gradients(loss)
        step, norm = optimizer.apply_gradients(pairs), tf.global_norm([gradient for gradient, _ in pairs])
        session = tf.Session()
        session.run(tf.global_variables_initializer())
    random, losses = np.random.default_rng(seed), []
    first_gradient = session.run(norm, {images: x[: way.batch], labels: y[: way.batch]})
    for _ in range(way.epochs):
        order = order_of(way, random, y)
        for start in range(0, len(order), way.batch):
            rows = order[start : start + way.batch]
            losses.append(float(session.run([loss, step], {images: x[rows], labels: y[rows]})[0]))
            if len(losses) == way.steps:
                return Trained(session, images, logits, loss, labels, hidden, weights, losses, float(first_gradient))
    return Trained(session, images, logits, loss, labels, hidden, weights, losses, float(first_gradient))


def usual(made: Trained, data: Data) -> Measured:
    """Return test and training accuracy, and the first and last losses."""
    return {
        "test, %": made.accuracy(data.x_test, data.y_test),
        "training, %": made.accuracy(data.x, data.y),
        "first loss": made.losses[0],
        "last loss": float(np.mean(made.losses[-20:])),
    }


def probabilities(made: Trained, data: Data) -> Measured:
    """Return the accuracies, and the network's mean confidence in its answers."""
    z = made.session.run(made.logits, {made.x: data.x_test}).astype(np.float64)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    sure = 100 * float(np.mean(p.max(axis=1) / p.sum(axis=1)))
    return usual(made, data) | {"sure of its answer, %": sure, "lowest loss of a batch": min(made.losses)}


def neurons(made: Trained, data: Data) -> Measured:
    """Return the accuracies, and the number of distinct columns in the first layer's weights."""
    (weights,) = made.session.run([made.weights[0]])
    return usual(made, data) | {"different neurons": float(len(np.unique(weights.round(6), axis=1).T))}


def gradients(made: Trained, data: Data) -> Measured:
    """Return the accuracies, and the norm of the first gradient."""
    return usual(made, data) | {"norm of the first gradient": made.first_gradient}


def classes(made: Trained, data: Data) -> Measured:
    """Return the accuracies, and the number of classes that are ever predicted."""
    found = made.session.run(made.logits, {made.x: data.x_test}).argmax(1)
    return usual(made, data) | {"classes ever answered": float(len(set(found.tolist())))}


def by_batch(made: Trained, data: Data) -> Measured:
    """Return the loss on the first 10, 100 and 1,000 test images."""
    some = {n: {made.x: data.x_test[:n], made.y: data.y_test[:n]} for n in (10, 100, 1_000)}
    return {f"loss of {n:,} rows": float(made.session.run(made.loss, feed)) for n, feed in some.items()}


def with_dim_tests(made: Trained, data: Data) -> Measured:
    """Return the test accuracy for pixel values up to 255, up to 1/255, and as in training."""
    return {
        "test, levels to 255, %": made.accuracy(data.x_test * 255, data.y_test),
        "test, levels to 1/255, %": made.accuracy(data.x_test / 255, data.y_test),
        "test, %": made.accuracy(data.x_test, data.y_test),
    }


def batch_itself(made: Trained, data: Data) -> Measured:
    """Return the accuracy on the one batch used for training, and on the test images."""
    return {
        "the batch, %": made.accuracy(data.x[:BATCH], data.y[:BATCH]),
        "test, %": made.accuracy(data.x_test, data.y_test),
    }


def scaled(factor: float) -> Callable[[Data], Data]:
    """Return a function that multiplies all pixels by `factor`."""
    return lambda data: Data(data.x * np.float32(factor), data.y, data.x_test * np.float32(factor), data.y_test)


def labels_moved(data: Data) -> Data:
    """Return data with each training label replaced by the next class."""
    return data._replace(y=(data.y + 1) % 10)


def labels_of_neighbors(data: Data) -> Data:
    """Return data with each training label taken from the next image."""
    return data._replace(y=np.roll(data.y, 1))


def two_levels(data: Data) -> Data:
    """Return data with pixels 0 or 1, as after an integer division."""
    return Data((data.x >= 1).astype(np.float32), data.y, (data.x_test >= 1).astype(np.float32), data.y_test)


MEASURES: Mapping[str, Callable[[Trained, Data], Measured]] = {
    one.__name__: one
    for one in (usual, probabilities, neurons, gradients, classes, by_batch, with_dim_tests, batch_itself)
}
CHANGES: Mapping[str, Callable[[Data], Data]] = {
    "none": lambda data: data,
    "times 255": scaled(255),
    "over 255": scaled(1 / 255),
    **{one.__name__: one for one in (labels_moved, labels_of_neighbors, two_levels)},
}


class Study(NamedTuple):
    """One measurement: how to train, what to measure, and how to change the data."""

    code: str
    variant: str
    way: Way
    measure: Callable[[Trained, Data], Measured]
    change: Callable[[Data], Data]


def studies() -> Iterator[Study]:
    """Yield the listed studies; each specifies differences from one of the `networks` or from the default."""
    listed = tomllib.loads(LISTED.read_text(encoding="utf-8"))
    for study in listed["studies"]:
        code, variant = study.pop("code"), study.pop("variant")
        measure, change = MEASURES[study.pop("measure", "usual")], CHANGES[study.pop("change", "none")]
        network = listed["networks"].get(study.pop("network", ""), {})
        yield Study(code, variant, Way(**network | study), measure, change)


def graph_that_grows(_: int) -> Measured:
    """Return milliseconds per step, at the start and after 600 steps that each add to the graph."""
    taken: list[float] = []
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 784])
        y = tf.matmul(x, tf.ones([784, 10]))
        feed = {x: digits().x[:BATCH]}
        for _step in range(600):
            began = time.perf_counter()
            session.run(tf.argmax(y, axis=1), feed)
            taken.append(1_000 * (time.perf_counter() - began))
    return {
        "ms a step, 10 to 60": float(np.median(taken[10:60])),
        "ms a step, 550 to 600": float(np.median(taken[550:])),
    }


def batch_statistics(n_layers: int, seed: int) -> Measured:
    """Return accuracies of batch normalization by the batch, and by averages that were never updated."""
    data = digits()
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(seed)
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.int64, [None])
        by_batch = by_start = x
        for _layer in range(n_layers):
            weights = tf.Variable(tf.glorot_uniform_initializer()([int(by_batch.shape[1]), 256]))
            scale, shift = tf.Variable(tf.ones([256])), tf.Variable(tf.zeros([256]))
            sums = tf.matmul(by_batch, weights)
            used = tf.nn.batch_normalization(sums, *tf.nn.moments(sums, axes=[0]), shift, scale, 1e-3)
            started = tf.nn.batch_normalization(tf.matmul(by_start, weights), 0.0, 1.0, shift, scale, 1e-3)
            by_batch, by_start = tf.nn.relu(used), tf.nn.relu(started)
        last = tf.Variable(tf.glorot_uniform_initializer()([256, 10]))
        logits = tf.matmul(by_batch, last), tf.matmul(by_start, last)
        step = tf.train.AdamOptimizer(0.001).minimize(loss_of("cross-entropy", logits[0], y))
        session.run(tf.global_variables_initializer())
        random = np.random.default_rng(seed)
        for _epoch in range(3):
            order = random.permutation(N_LEARN)
            for start in range(0, N_LEARN, BATCH):
                rows = order[start : start + BATCH]
                session.run(step, {x: data.x[rows], y: data.y[rows]})
        found = [session.run(one, {x: data.x_test}).argmax(1) for one in logits]
    by = [float(100 * np.mean(one == data.y_test)) for one in found]
    return {"test by the batch, %": by[0], "test by averages that were not updated, %": by[1]}


def accuracy_on_few(seed: int) -> Measured:
    """Return the standard deviation of a 92.5 % accuracy measured on 100 and on 10,000 images."""
    right = np.random.default_rng(seed).random((1_000, 10_000)) < 0.925
    return {f"deviation on {n:,}, %": float(100 * right[:, :n].mean(axis=1).std()) for n in (100, 10_000)}


OTHERS: Mapping[tuple[str, str], Callable[[int], Measured]] = {
    ("graph-grows", "wrong"): graph_that_grows,
    ("batchnorm-not-updated", "wrong"): functools.partial(batch_statistics, 1),
    ("batchnorm-not-updated", "three layers"): functools.partial(batch_statistics, 3),
    ("evaluated-on-part", "wrong"): accuracy_on_few,
}


def measure(study: Study, seed: int) -> Measured:
    """Train and measure; return the results with the seconds taken."""
    data, began = study.change(digits()), time.perf_counter()
    made = train(study.way, seed, data.x, data.y)
    found = study.measure(made, data)
    made.session.close()
    return found | {"seconds": time.perf_counter() - began}


def numbers() -> list[str]:
    """Return the lines of the table of results."""
    values: dict[tuple[str, str, str], list[float]] = {}
    for row in rows_of(FILE):
        if row["measured"] != "seconds":
            values.setdefault((row["code"], row["variant"], row["measured"]), []).append(float(row["value"]))
    lines = ["| code | network | what | mean (range) | seeds |", "|---|---|---|---|---|"]
    for key, several in values.items():
        lines.append(f"| {' | '.join(key)} | {np.mean(several):.4g} ({np.ptp(several):.2g}) | {len(several)} |")
    return lines


def page() -> str:
    """Return the page with the current results."""
    return filled(PAGE.read_text(encoding="utf-8"), "numbers", numbers())


def main() -> None:
    """Run all measurements without a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    tf.disable_v2_behavior()
    known = {(row["code"], row["variant"], row["seed"]) for row in rows_of(FILE)}
    works = {(study.code, study.variant): functools.partial(measure, study) for study in studies()}
    works |= OTHERS
    for seed in range(1, parser.parse_args().seeds + 1):
        for (code, variant), work in works.items():
            if (code, variant, str(seed)) in known:
                continue
            for name, value in work(seed).items():
                found = {"code": code, "variant": variant, "seed": seed, "measured": name, "value": f"{value:.5g}"}
                append_row(FILE, found, found)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
