"""Whether the sentences "why it matters" of faults' pages are true: each consequence that they name, measured.

Each measurement appends rows to ``evaluation/consequences.csv``; what has rows is not measured again:
``python -m evaluation.consequences --seeds 3``. Then it writes ``evaluation/consequences.md``: the claim, the numbers, what they say.
Networks learn from 10,000 training images, 64 at a time, and are judged by the 10,000 test images, unless a row says otherwise.
"""

from __future__ import annotations

import argparse
import csv
import functools
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf

from netgrader.student import load_mnist

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).parent
FILE, PAGE = HERE / "consequences.csv", HERE / "consequences.md"
FIELDS = ("code", "variant", "seed", "measured", "value")
N_LEARN, BATCH = 10_000, 64
Array = Any
Measured = dict[str, float]


class Data(NamedTuple):
    """Rows of 784 pixels from 0 to 1, and labels as numbers."""

    x: Array
    y: Array
    x_test: Array
    y_test: Array


@functools.cache
def digits() -> Data:
    """Return MNIST, of the training images the first 10,000."""
    (x, y), (x_test, y_test) = load_mnist()
    rows = [images.reshape(len(images), 784).astype(np.float32) / 255 for images in (x[:N_LEARN], x_test)]
    return Data(rows[0], y[:N_LEARN].astype(np.int64), rows[1], y_test.astype(np.int64))


class Trained(NamedTuple):
    """A trained network: what a session gives of it."""

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
        """Return the share of rows that it gets right, in percent."""
        return float(100 * np.mean(self.session.run(self.logits, {self.x: x}).argmax(1) == y))


class Way(NamedTuple):
    """How a network is built and trained; the defaults are right."""

    widths: tuple[int, ...] = (256,)
    rate: float = 0.001
    epochs: int = 3
    batch: int = BATCH
    optimizer: str = "adam"
    activation: Callable[[Any], Any] = tf.nn.relu
    last: Callable[[Any], Any] = tf.identity
    before_loss: Callable[[Any], Any] = tf.identity
    initial: Callable[[], Any] = tf.glorot_uniform_initializer
    loss: str = "cross-entropy"
    order: str = "shuffled"
    steps: int | None = None


def loss_of(kind: str, logits: Any, y: Any) -> Any:
    """Return a loss of logits and labels that are numbers."""
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


def rows_of(way: Way, random: np.random.Generator, y: Array) -> Array:
    """Return the rows of one epoch, in the order in which they are fed."""
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
    """Build a network and train it."""
    graph = tf.Graph()
    with graph.as_default():
        tf.set_random_seed(seed)
        images, labels = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.int64, [None])
        value, hidden, weights = images, [], []
        for number, width in enumerate((*way.widths, 10)):
            shape = [int(value.shape[1]), width]
            weights.append(tf.get_variable(f"W{number}", shape, initializer=way.initial()))
            value = tf.matmul(value, weights[-1]) + tf.get_variable(
                f"b{number}", [width], initializer=tf.zeros_initializer()
            )
            if number < len(way.widths):
                value = way.activation(value)
                hidden.append(value)
        logits = way.last(value)
        loss = loss_of(way.loss, way.before_loss(logits), labels)
        makers = {"adam": tf.train.AdamOptimizer, "sgd": tf.train.GradientDescentOptimizer}
        optimizer = makers[way.optimizer](way.rate)
        pairs = optimizer.compute_gradients(loss)
        step, norm = optimizer.apply_gradients(pairs), tf.global_norm([gradient for gradient, _ in pairs])
        session = tf.Session()
        session.run(tf.global_variables_initializer())
    random, losses = np.random.default_rng(seed), []
    first_gradient = session.run(norm, {images: x[: way.batch], labels: y[: way.batch]})
    for _ in range(way.epochs):
        order = rows_of(way, random, y)
        for start in range(0, len(order), way.batch):
            rows = order[start : start + way.batch]
            losses.append(float(session.run([loss, step], {images: x[rows], labels: y[rows]})[0]))
            if len(losses) == way.steps:
                return Trained(session, images, logits, loss, labels, hidden, weights, losses, float(first_gradient))
    return Trained(session, images, logits, loss, labels, hidden, weights, losses, float(first_gradient))


def usual(made: Trained, data: Data) -> Measured:
    """Return test and training accuracy, the first and the last losses."""
    return {
        "test, %": made.accuracy(data.x_test, data.y_test),
        "training, %": made.accuracy(data.x, data.y),
        "first loss": made.losses[0],
        "last loss": float(np.mean(made.losses[-20:])),
    }


def probabilities(made: Trained, data: Data) -> Measured:
    """Return the accuracies, and how sure the network is of what it answers, on average."""
    z = made.session.run(made.logits, {made.x: data.x_test}).astype(np.float64)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    sure = 100 * float(np.mean(p.max(axis=1) / p.sum(axis=1)))
    return usual(made, data) | {"sure of its answer, %": sure, "lowest loss of a batch": min(made.losses)}


def neurons(made: Trained, data: Data) -> Measured:
    """Return the accuracies, and how many different columns the first layer's weights have."""
    (weights,) = made.session.run([made.weights[0]])
    return usual(made, data) | {"different neurons": float(len(np.unique(weights.round(6), axis=1).T))}


def gradients(made: Trained, data: Data) -> Measured:
    """Return the accuracies, and the norm of the first gradient."""
    return usual(made, data) | {"norm of the first gradient": made.first_gradient}


def classes(made: Trained, data: Data) -> Measured:
    """Return the accuracies, and how many classes are ever answered."""
    found = made.session.run(made.logits, {made.x: data.x_test}).argmax(1)
    return usual(made, data) | {"classes ever answered": float(len(set(found.tolist())))}


def by_batch(made: Trained, data: Data) -> Measured:
    """Return the loss on the first 10, 100 and 1,000 test images."""
    some = {n: {made.x: data.x_test[:n], made.y: data.y_test[:n]} for n in (10, 100, 1_000)}
    return {f"loss of {n:,} rows": float(made.session.run(made.loss, feed)) for n, feed in some.items()}


def with_dim_tests(made: Trained, data: Data) -> Measured:
    """Return the accuracy on test images whose levels go to 255, and on right ones."""
    return {
        "test, levels to 255, %": made.accuracy(data.x_test * 255, data.y_test),
        "test, levels to 1/255, %": made.accuracy(data.x_test / 255, data.y_test),
        "test, %": made.accuracy(data.x_test, data.y_test),
    }


def batch_itself(made: Trained, data: Data) -> Measured:
    """Return the accuracy on the one batch that was fed, and on the test images."""
    return {
        "the batch, %": made.accuracy(data.x[:BATCH], data.y[:BATCH]),
        "test, %": made.accuracy(data.x_test, data.y_test),
    }


def scaled(factor: float) -> Callable[[Data], Data]:
    """Return what multiplies all pixels."""
    return lambda data: Data(data.x * np.float32(factor), data.y, data.x_test * np.float32(factor), data.y_test)


def labels_moved(data: Data) -> Data:
    """Return data whose training labels are those of the next class."""
    return data._replace(y=(data.y + 1) % 10)


def labels_of_neighbors(data: Data) -> Data:
    """Return data whose training labels belong to the next image."""
    return data._replace(y=np.roll(data.y, 1))


def two_levels(data: Data) -> Data:
    """Return data whose pixels are 0 or 1, as after a division of whole numbers."""
    return Data((data.x >= 1).astype(np.float32), data.y, (data.x_test >= 1).astype(np.float32), data.y_test)


def normal(width: float) -> Callable[[], Any]:
    """Return what draws first weights from a normal distribution."""
    return lambda: tf.random_normal_initializer(stddev=width)


class Study(NamedTuple):
    """One measurement: of the way to train, what is measured, and what is done to the data."""

    code: str
    variant: str
    way: Way
    measure: Callable[[Trained, Data], Measured] = usual
    change: Callable[[Data], Data] = lambda data: data


ONE, TWO, DEEP = Way((), 0.003, 5), Way((1500,), 0.001, 3), Way((512, 512, 512), 0.001, 3)
USUAL = Way()
NETWORKS: Mapping[str, Way] = {"one layer": ONE, "1500": TWO, "512, 512, 512": DEEP}
RIGHT, WRONG = "right", "wrong"
STUDIES = [
    *(Study("softmax-before-loss", f"{name}: {RIGHT}", way, probabilities) for name, way in NETWORKS.items()),
    *(
        Study("softmax-before-loss", f"{name}: {WRONG}", way._replace(before_loss=tf.nn.softmax), probabilities)
        for name, way in NETWORKS.items()
    ),
    *(
        Study(
            "softmax-before-loss", f"{name} at ten times the rate: {said}", way._replace(rate=10 * way.rate, **change)
        )
        for name, way in NETWORKS.items()
        for said, change in ((RIGHT, {}), (WRONG, {"before_loss": tf.nn.softmax}))
    ),
    Study("sigmoid-before-loss", WRONG, USUAL._replace(before_loss=tf.nn.sigmoid), probabilities),
    Study("(all)", RIGHT, USUAL, gradients),
    Study("zero-initialisation", "hidden layer", USUAL._replace(initial=tf.zeros_initializer), neurons),
    Study("zero-initialisation", "one layer", ONE._replace(initial=tf.zeros_initializer), neurons),
    Study("zero-initialisation", "one layer: right", ONE, neurons),
    Study("constant-initialisation", WRONG, USUAL._replace(initial=lambda: tf.constant_initializer(0.05)), neurons),
    Study("huge-initialisation", "normal of 1", USUAL._replace(initial=normal(1.0)), gradients),
    Study("tiny-initialisation", "normal of 0.00001, 3 epochs", USUAL._replace(initial=normal(1e-5)), gradients),
    Study("tiny-initialisation", "normal of 0.00001, 20 steps", USUAL._replace(initial=normal(1e-5), steps=20)),
    Study("tiny-initialisation", "20 steps: right", USUAL._replace(steps=20)),
    Study("not-scaled", "levels to 255", USUAL, gradients, scaled(255)),
    Study("not-scaled", "levels to 255, one layer", ONE, gradients, scaled(255)),
    Study("scaled-twice", "levels to 1/255", USUAL, gradients, scaled(1 / 255)),
    Study("scaled-on-one-side", "by test images", USUAL, with_dim_tests),
    Study("integer-division", WRONG, USUAL, usual, two_levels),
    Study("labels-off-by-one", WRONG, USUAL, usual, labels_moved),
    Study("labels-shifted", WRONG, USUAL, usual, labels_of_neighbors),
    Study("no-shuffling", "MNIST's own order", USUAL._replace(order="as they are")),
    Study("sorted-data", WRONG, USUAL._replace(order="sorted"), classes),
    Study("sampled-with-replacement", WRONG, USUAL._replace(order="drawn with replacement")),
    Study("same-batch-always", WRONG, USUAL._replace(order="one batch"), batch_itself),
    Study("large-batch", "2,000 rows, as many epochs", USUAL._replace(batch=2_000)),
    Study("large-batch", "2,000 rows, 32 times the epochs", USUAL._replace(batch=2_000, epochs=96)),
    Study("no-minibatches", WRONG, USUAL._replace(batch=N_LEARN)),
    Study("mse-on-softmax", WRONG, USUAL._replace(loss="squares of softmax"), gradients),
    Study("mse-on-logits", WRONG, USUAL._replace(loss="squares of logits"), probabilities),
    Study("sigmoid-cross-entropy", WRONG, USUAL._replace(loss="sigmoids"), probabilities),
    Study("loss-not-mean", "Adam", USUAL._replace(loss="sum"), gradients),
    Study("loss-not-mean", "gradient descent, 0.1", USUAL._replace(loss="sum", optimizer="sgd", rate=0.1), gradients),
    Study("loss-not-mean", "gradient descent, 0.1: right", USUAL._replace(optimizer="sgd", rate=0.1), gradients),
    Study("loss-over-wrong-axis", WRONG, USUAL._replace(loss="over rows"), by_batch),
    Study("loss-over-wrong-axis", "accuracy", USUAL._replace(loss="over rows")),
    Study("maximises-loss", WRONG, USUAL._replace(loss="negated")),
    Study("relu-on-logits", WRONG, USUAL._replace(last=tf.nn.relu), classes),
    Study("softmax-in-hidden-layer", WRONG, USUAL._replace(activation=tf.nn.softmax)),
    Study("missing-activation", WRONG, USUAL._replace(activation=tf.identity)),
    Study("missing-activation", "one layer", ONE._replace(epochs=3)),
    Study("wrong-optimizer", "gradient descent at 0.001", USUAL._replace(optimizer="sgd")),
    Study("learning-rate-too-high", "Adam, 0.1", USUAL._replace(rate=0.1)),
    Study("relu-on-logits", "one layer at 0.03", ONE._replace(last=tf.nn.relu, rate=0.03), classes),
    Study("mse-on-softmax", "normal of 1", USUAL._replace(loss="squares of softmax", initial=normal(1.0)), gradients),
    Study("large-batch", "64 rows, 15 epochs", USUAL._replace(epochs=15)),
    Study("reports-train-accuracy", "one layer, one epoch", ONE._replace(epochs=1)),
]


def graph_that_grows(_: int) -> Measured:
    """Return milliseconds of a step, at the beginning and after 600 steps that each add to the graph."""
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
    """Return the deviation of an accuracy that is taken on 100 and on 10,000 of images of which 92.5 % are right."""
    right = np.random.default_rng(seed).random((1_000, 10_000)) < 0.925
    return {f"deviation on {n:,}, %": float(100 * right[:, :n].mean(axis=1).std()) for n in (100, 10_000)}


OTHERS: Mapping[tuple[str, str], Callable[[int], Measured]] = {
    ("graph-grows", WRONG): graph_that_grows,
    ("batchnorm-not-updated", WRONG): functools.partial(batch_statistics, 1),
    ("batchnorm-not-updated", "three layers"): functools.partial(batch_statistics, 3),
    ("evaluated-on-part", WRONG): accuracy_on_few,
}


def rows() -> list[dict[str, str]]:
    """Return what was measured before."""
    if not FILE.exists():
        return []
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def measure(study: Study, seed: int) -> Measured:
    """Train and measure, and return that with the seconds it took."""
    data, began = study.change(digits()), time.perf_counter()
    made = train(study.way, seed, data.x, data.y)
    found = study.measure(made, data)
    made.session.close()
    return found | {"seconds": time.perf_counter() - began}


CLAIMS: Mapping[str, tuple[str, str]] = {
    "softmax-before-loss": (
        "The loss has a floor; deeper networks learn less, and fail at rates that are too high; the network is surer than right.",
        (
            "One layer learns as well as without it, so *learns worse* was false of it. With hidden layers it costs one to two "
            "points, and at ten times the rate most of them. All answer with more confidence than they are right."
        ),
    ),
    "sigmoid-before-loss": ("The loss has a floor.", "So it is. It costs one to two points."),
    "zero-initialisation": (
        "Neurons of a hidden layer stay equal.",
        "So they do. In a single layer zeros do no harm.",
    ),
    "constant-initialisation": ("A layer of equal neurons works like one neuron.", "So it does."),
    "huge-initialisation": (
        "The first outputs are huge and wrong, and training undoes them.",
        "So it is, for 3 epochs.",
    ),
    "tiny-initialisation": ("The first steps of training are spent on larger weights.", "So they are."),
    "not-scaled": (
        "First outputs and gradients are hundreds of times too large.",
        "So they are: the first gradient 480 times, the loss 50 times.",
    ),
    "scaled-twice": ("The network has to grow huge weights to see anything.", "In 3 epochs it reaches three quarters."),
    "scaled-on-one-side": (
        "Test images are of another brightness.",
        "Darker images are at chance. Brighter ones are not: with ReLU only the biases count less. The page claims neither.",
    ),
    "integer-division": ("How strong the ink is gets lost.", "So it does, and with it half of what can be read."),
    "labels-off-by-one": ("The network is wrong on almost every image.", "So it is."),
    "labels-shifted": ("Each image is taught with its neighbor's label.", "The network learns nothing."),
    "no-shuffling": (
        "Neighbors always share a minibatch; what they have in common is learned, too.",
        "MNIST is mixed as it comes, and still the same minibatches again and again cost a point.",
    ),
    "sorted-data": ("Each step pulls towards one class, and the next away from it.", "So it does."),
    "sampled-with-replacement": ("It trains almost as well.", "So it does."),
    "same-batch-always": (
        "The network learns these images by heart, and little about the others.",
        "*Nothing about the others* was false: 64 images teach two thirds of the test set.",
    ),
    "large-batch": (
        "Training takes more epochs. Networks trained so tend to do a little worse on new images.",
        "Both hold: 2,000 rows need many more epochs, and end half a point lower where both know the training images.",
    ),
    "no-minibatches": ("One step an epoch is one small correction.", "So it is."),
    "mse-on-softmax": (
        "Where the network is confidently wrong, it learns least.",
        "So it does: from huge first weights it stays there. From good first weights it is as good as cross-entropy.",
    ),
    "mse-on-logits": (
        "What comes out are not probabilities.",
        "They are not. The network is as accurate as the right one.",
    ),
    "sigmoid-cross-entropy": ("Ten sigmoids allow several digits at once.", "The page claims no lower accuracy."),
    "loss-not-mean": (
        "A sum makes each step of gradient descent larger, and a good rate too high.",
        "So it does, by the size of the batch. Adam does not mind.",
    ),
    "loss-over-wrong-axis": (
        "The loss changes with the size of the batch.",
        "So it does. The accuracy suffers little.",
    ),
    "maximises-loss": ("The optimizer walks uphill.", "The loss grows without end; the network ends at chance."),
    "relu-on-logits": (
        "A class whose neuron is never positive cannot be learned.",
        "So it is: at a good rate one of three networks lost two classes, at a high rate each lost some.",
    ),
    "softmax-in-hidden-layer": ("Hardly anything gets through.", "So it is."),
    "missing-activation": ("Two linear layers do no more than one.", "So it is."),
    "wrong-optimizer": ("A rate for Adam is far too low for gradient descent.", "So it is."),
    "learning-rate-too-high": ("At a smaller rate the network gets further.", "So it does."),
    "reports-train-accuracy": (
        "A network is mostly better on what it was trained with.",
        (
            "*Always* was false: with all 60,000 images one layer has 91.82 % after its first epoch, and 91.86 % on the test "
            "images (the mean of ten runs, in notebook 2)."
        ),
    ),
    "graph-grows": ("Each step gets slower.", "So it does."),
    "batchnorm-not-updated": (
        "The network is good by batches, and the worse in use the more such layers it has.",
        "*At chance in use* was false: one layer costs six points, three cost eighteen.",
    ),
    "evaluated-on-part": ("A small part gives a figure that jumps.", "So it does."),
}
HEAD = """# Is it true why it matters?

Written by `python -m evaluation.consequences` from [consequences.csv](consequences.csv). The pages of faults say why a mistake matters. Where
a sentence names a consequence, it is measured here. Networks have a hidden layer of 256, learn from 10,000 images for 3 epochs of 64-image
minibatches with Adam at 0.001, and are judged by the 10,000 test images, unless the row says otherwise. A number is the mean of so
many seeds as there are, and in brackets how far they lie apart. *(all), right* is the network without a mistake.

| code | what the page says | what was measured |
|---|---|---|
"""


def page(found: list[dict[str, str]]) -> str:
    """Return the page: claims with what came of them, then all numbers."""
    values: dict[tuple[str, str, str], list[float]] = {}
    for row in found:
        values.setdefault((row["code"], row["variant"], row["measured"]), []).append(float(row["value"]))
    claims = "".join(f"| `{code}` | {claim} | {verdict} |\n" for code, (claim, verdict) in CLAIMS.items())
    numbers = "".join(
        f"| {' | '.join(key)} | {np.mean(several):.4g} ({np.ptp(several):.2g}) | {len(several)} |\n"
        for key, several in values.items()
        if key[2] != "seconds"
    )
    return f"{HEAD}{claims}\n## Numbers\n\n| code | network | what | mean (range) | seeds |\n|---|---|---|---|---|\n{numbers}"


def main() -> None:
    """Measure what is not measured yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    tf.disable_v2_behavior()
    known = {(row["code"], row["variant"], row["seed"]) for row in rows()}
    works = {(study.code, study.variant): functools.partial(measure, study) for study in STUDIES}
    works |= OTHERS
    for seed in range(1, parser.parse_args().seeds + 1):
        for (code, variant), work in works.items():
            if (code, variant, str(seed)) not in known:
                _write(code, variant, seed, work(seed))
    PAGE.write_text(page(rows()), encoding="utf-8")


def _write(code: str, variant: str, seed: int, found: Measured) -> None:
    new = not FILE.exists()
    with FILE.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([FIELDS] if new else [])
        writer.writerows([code, variant, seed, name, f"{value:.5g}"] for name, value in found.items())


if __name__ == "__main__":
    main()
