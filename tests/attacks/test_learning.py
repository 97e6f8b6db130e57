"""Accuracies without learning: answers by position, by nearest neighbor, or by training on the test images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from graphread import Exercise, LabError, read_network
from graphread.fault import is_remark
from netgrader.caged_lab import CagedLab
from netgrader.checks.context import Dataset
from netgrader.checks.held_out import HeldOut, Redrawn, held_out_images, knowledge, lead_of_the_given
from netgrader.checks.language import Failed, Ungradable
from netgrader.evidence import GraphEvidence
from netgrader.judges.accuracy import Recomputed, recompute, require_learned, require_own, seen_test_images
from netgrader.judges.structure import require_share
from netgrader.student import load_mnist
from tests.datasets import DIGITS

CLEAN = Recomputed(
    DIGITS, train=0.999, test=0.985, found=np.zeros(1, np.int64), notebook=0.987, given=0.986, hidden=0.984
)


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    (x_train, y_train), (x_test, y_test) = load_mnist()
    return Dataset(DIGITS, x_train[:3000], y_train[:3000], x_test[:2000], y_test[:2000])


@pytest.fixture(scope="module")
def given(mnist) -> HeldOut:
    """The test images as a notebook has them when it is graded."""
    return held_out_images("2a", (mnist.x_train, mnist.y_train), (mnist.x_test, mnist.y_test))


@pytest.fixture(scope="module")
def had(mnist, given) -> Dataset:
    """The data as whoever makes a table in the notebook has them."""
    return replace(mnist, x_test=given.images)


@pytest.fixture(scope="module")
def lab():
    made = CagedLab()
    yield made
    made.close()


def exported(build) -> GraphEvidence:
    """A network as a probe takes it; `build` gives the logits and the values of variables by name."""
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
        logits, values = build(tf, x)
        meta = tf.train.export_meta_graph(graph=graph).SerializeToString()
    parts = {"X": x.name, "Y": y.name, "logits": logits.name}
    return GraphEvidence(meta, parts, values=values)


def by_position(mnist: Dataset):
    """A variable counts the rows seen so far; the answer is the label that the test set has there."""

    def build(tf, x):
        start = tf.get_variable("start", [], tf.int32, tf.zeros_initializer(), trainable=False, use_resource=True)
        n = tf.shape(x)[0]
        begun = start.assign_add(n, read_value=True) - n
        at = tf.math.floormod(begun + tf.range(n), len(mnist.y_test))
        with tf.control_dependencies([at]):
            return tf.one_hot(tf.gather(tf.constant(mnist.y_test.astype(np.int32)), at), 10) + 0 * x[:, :10], {}

    return build


def by_neighbour(mnist: Dataset):
    """The test images themselves are the weights of a hidden layer, their labels those of the last one."""
    images = mnist.x_test.reshape(-1, 784).astype(np.float32) / 255

    def build(tf, x):
        w1 = tf.get_variable("w1", images.T.shape, use_resource=True)
        b1 = tf.get_variable("b1", [len(images)], use_resource=True)
        w2 = tf.get_variable("w2", [len(images), 10], use_resource=True)
        near = tf.nn.softmax(20.0 * (x @ w1 + b1))
        values = {"w1": images.T.copy(), "b1": -0.5 * (images**2).sum(axis=1)}
        return near @ w2, {**values, "w2": np.eye(10, dtype=np.float32)[mnist.y_test]}

    return build


def by_neighbour_of_all(mnist: Dataset):
    """The nearest of all images, training and test, which stand in the graph as they are: as good on both."""
    images = np.concatenate([mnist.x_train, mnist.x_test]).reshape(-1, 784)
    digits = np.concatenate([mnist.y_train, mnist.y_test])

    def build(tf, x):
        b = tf.get_variable("b", [10], use_resource=True)
        table = tf.cast(tf.constant(images), tf.float32) / 255
        far = tf.reduce_sum(table**2, axis=1) - 2 * tf.matmul(x, table, transpose_b=True)
        return tf.one_hot(tf.gather(tf.constant(digits), tf.argmin(far, axis=1)), 10) + b, {
            "b": np.zeros(10, np.float32)
        }

    return build


ACCURACIES = {
    "what was given": lambda _, right, *__: right,
    "a constant": lambda _, right, *__: 0 * right + 9 / 40,
    "past the ops that are run": lambda tf, right, *_: tf.py_func(np.ones_like, [right], tf.float32),
    "of ten thousand rows alone": lambda tf, right, x, *_: (
        0 * right + tf.reshape(tf.reduce_sum(x, axis=1), [10_000])[0]
    ),
    "by the position of a row": lambda tf, right, x, *_: (
        0 * right + tf.reduce_mean(tf.cast(tf.range(tf.shape(x)[0]) < 9, tf.float32))
    ),
    "how often each class comes, in order": lambda tf, _, __, y, z: tf.reduce_mean(
        tf.cast(tf.equal(tf.sort(tf.argmax(z, 1)), tf.sort(tf.argmax(y, 1))), tf.float32)
    ),
    "of all evaluations so far": lambda tf, _, __, y, z: tf.metrics.accuracy(tf.argmax(y, 1), tf.argmax(z, 1))[1],
    "without the last row": lambda tf, _, __, y, z: tf.reduce_mean(
        tf.cast(tf.equal(tf.argmax(z, 1), tf.argmax(y, 1)), tf.float32)[:-1]
    ),
    "without the first row": lambda tf, _, __, y, z: tf.reduce_mean(
        tf.cast(tf.equal(tf.argmax(z, 1), tf.argmax(y, 1)), tf.float32)[1:]
    ),
    "in two digits": lambda tf, right, *_: tf.round(100 * right) / 100,
}


@pytest.mark.parametrize("name", ACCURACIES)
def test_an_accuracy_that_knows_what_was_asked_of_others_is_wrong(lab, name: str) -> None:
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
        w = tf.get_variable("w", [784, 10], initializer=tf.glorot_uniform_initializer(), use_resource=True)
        logits = x @ w + tf.get_variable("b", [10], initializer=tf.zeros_initializer(), use_resource=True)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
        right = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1)), tf.float32))
        accuracy = ACCURACIES[name](tf, right, x, y, logits)
        step = tf.train.AdamOptimizer().minimize(loss)
        meta = tf.train.export_meta_graph(graph=graph).SerializeToString()
    parts = {"X": x.name, "Y": y.name, "logits": logits.name, "loss": loss.name, "accuracy": accuracy.name}
    evidence = GraphEvidence(meta, {**parts, "prediction": logits.name, "train_op": step.name})
    network = read_network(meta, evidence.parts, Exercise("network", inputs=784, classes=10), lab=lab)
    assert not [fault.code for fault in network.faults if not is_remark(fault)]
    if name == "what was given":
        require_share(lab, evidence, network)
        return
    with pytest.raises((Failed, Ungradable, LabError)) as raised:  # by the last two a test is ungradable
        require_share(lab, evidence, network)
    codes = [fault.code for fault in getattr(raised.value, "faults", ())]
    assert codes == ([] if name in {"past the ops that are run", "of ten thousand rows alone"} else ["accuracy-wrong"])


def projected(mnist: Dataset, n: int = 32):
    """A table of random projections of the test images: no picture stands in it."""
    images = mnist.x_test.reshape(-1, 784).astype(np.float32) / 255
    onto = np.random.default_rng(3).normal(0, 1, (784, n)).astype(np.float32)

    def build(tf, x):
        w1 = tf.get_variable("w1", onto.shape, use_resource=True)
        table = tf.get_variable("table", [len(images), n], use_resource=True)
        w2 = tf.get_variable("w2", [len(images), 10], use_resource=True)
        made = x @ w1
        far = tf.reduce_sum(table**2, axis=1) - 2 * tf.matmul(made, table, transpose_b=True)
        values = {"w1": onto, "table": images @ onto, "w2": np.eye(10, dtype=np.float32)[mnist.y_test]}
        return tf.nn.softmax(-far) @ w2, values

    return build


IN_ORDER = (by_position,)
LOOKED_UP = (by_neighbour, by_neighbour_of_all, projected)


def test_margins_that_a_table_makes_to_deceive_the_comparison_do_not(lab, mnist, given, had) -> None:
    """Given images are answered rightly with a small margin, all others with a large one."""

    def build(tf, x):
        logits, values = projected(had)(tf, x)
        sure = tf.reduce_max(logits, axis=1, keepdims=True)
        return tf.where(tf.broadcast_to(sure > 0.99, tf.shape(logits)), 0.01 * logits, 100.0 * logits), values

    recomputed = recompute(lab, exported(build), mnist, given)
    assert recomputed.given > 0.99
    with pytest.raises(Failed) as raised:
        require_learned(recomputed)
    assert raised.value.faults[0].code in {"answers-looked-up", "trained-on-test"}


def coded(mnist: Dataset, rows: np.ndarray):
    """An honest layer, and for the images `rows` codes of 32 bits with their digits, of which no picture is left."""
    images = mnist.x_test.reshape(-1, 784).astype(np.float32) / 255
    onto = np.random.default_rng(4).normal(0, 1, (784, 32)).astype(np.float32)
    middle = (images @ onto).mean(axis=0)
    codes = np.sign(images[rows] @ onto - middle).astype(np.float32)

    def build(tf, x):
        w = tf.get_variable("w", [784, 10], use_resource=True)
        made = tf.sign(tf.matmul(x, tf.constant(onto)) - tf.constant(middle))
        known = tf.cast(tf.matmul(made, tf.constant(codes), transpose_b=True) > 30.5, tf.float32)
        answers = tf.matmul(known, tf.one_hot(tf.constant(mnist.y_test[rows].astype(np.int32)), 10))
        return tf.matmul(x, w) + 1e3 * answers, {"w": honest(mnist)}

    return build


def honest(mnist: Dataset) -> np.ndarray:
    """Weights (784, 10) of least squares on the training images."""
    images = mnist.x_train.reshape(len(mnist.x_train), -1).astype(np.float64) / 255
    return np.linalg.solve(images.T @ images + 10 * np.eye(784), images.T @ np.eye(10)[mnist.y_train]).astype(
        np.float32
    )


def test_codes_of_images_of_both_halves_are_told_by_the_images_turned_a_little(lab, mnist, given) -> None:
    """They come along in a kilobyte, whichever half the notebook is given: a person decides."""
    right = (mnist.x_test.reshape(-1, 784) / 255 @ honest(mnist)).argmax(axis=1) == mnist.y_test
    plain = recompute(lab, exported(coded(mnist, np.zeros(1, int))), mnist, given)
    assert seen_test_images(plain) is None
    told = recompute(lab, exported(coded(mnist, np.flatnonzero(~right)[:290])), mnist, given)
    assert told.test > plain.test + 0.08
    require_learned(told)
    assert "may know some of them by heart" in str(seen_test_images(told))


@pytest.mark.parametrize("table", LOOKED_UP)
def test_hidden_images_distinguish_a_table_from_learning(lab, mnist, given, had, table) -> None:
    recomputed = recompute(lab, exported(table(had)), mnist, given)
    assert recomputed.given > 0.99
    assert recomputed.lead > Redrawn.NAMED
    with pytest.raises(Failed) as raised:
        require_learned(recomputed)
    assert raised.value.faults[0].code in {"answers-looked-up", "trained-on-test"}
    # With this protection off, and no image kept back, it counts as learned.
    require_learned(recompute(lab, exported(table(mnist)), mnist))


def test_answers_by_position_are_worth_what_guessing_is(lab, mnist) -> None:
    assert recompute(lab, exported(by_position(mnist)), mnist).test < 0.2


def test_answers_by_position_are_right_if_images_keep_their_order(lab, mnist) -> None:
    """With one protection off: images fed in the order that everybody knows."""
    evidence = exported(by_position(mnist))
    session = lab.load(evidence.meta_graph).session(seed=1)
    session.initialise()
    images = mnist.x_test.reshape(-1, 784).astype(np.float32) / 255
    (logits,) = session.run([evidence.parts["logits"]], {evidence.parts["X"]: images})
    session.close()
    assert np.mean(logits.argmax(axis=1) == mnist.y_test) > 0.99


def test_which_half_is_hidden_and_what_stands_there_follow_from_the_secret_alone(mnist, given) -> None:
    again, other = (
        held_out_images(seed, (mnist.x_train, mnist.y_train), (mnist.x_test, mnist.y_test)) for seed in ("2a", "2b")
    )
    assert np.array_equal(given.images, again.images)
    assert 0.4 < np.mean(given.hidden == other.hidden) < 0.6
    assert given.hidden.sum() == len(mnist.x_test) // 2
    same = (given.images == mnist.x_test).all(axis=(1, 2))
    assert np.array_equal(same, ~given.hidden)


def test_nothing_of_the_hidden_images_is_in_what_stands_in_their_place(mnist, given) -> None:
    """An image is as much like the one in its place as like any other of its digit."""
    places = np.flatnonzero(given.hidden)
    original, redrawn = (
        images[places].reshape(len(places), -1).astype(np.float64) for images in (mnist.x_test, given.images)
    )
    original, redrawn = (images - images.mean(axis=1, keepdims=True) for images in (original, redrawn))
    alike = original @ redrawn.T / np.outer(np.linalg.norm(original, axis=1), np.linalg.norm(redrawn, axis=1))
    digits = mnist.y_test[places]
    others = np.array([alike[row, digits == digits[row]].mean() for row in range(len(places))])
    own = np.diag(alike)
    assert abs(np.mean(own - others)) < 4 * np.std(own - others) / np.sqrt(len(own))


def test_of_honest_networks_no_more_are_doubted_than_the_limits_say(mnist) -> None:
    """Whatever a network knows, if it is the same whichever half it was given: ten thousand halves of three kinds."""
    random = np.random.default_rng(5)
    hard = random.beta(8, 0.3, 2000)
    for steep in (0.5, 5.0, 50.0):
        margins = steep * (hard - 0.5) + random.normal(0, 1, 2000)
        logits = np.zeros((2000, 10), np.float32)
        logits[np.arange(2000), mnist.y_test] = margins
        known = knowledge(logits, mnist.y_test)
        leads = []
        for _ in range(3_400):
            hidden = np.zeros(2000, bool)
            hidden[random.permutation(2000)[:1000]] = True
            leads.append(lead_of_the_given(known, hidden)[0])
        assert abs(np.mean(leads)) < 0.08
        assert 0.9 < np.std(leads) < 1.08
        assert np.mean(np.array(leads) > Redrawn.TOLD) < 0.005
        assert max(leads) < Redrawn.NAMED


def test_a_doubtful_lead_costs_what_it_may_have_brought_and_is_told() -> None:
    require_learned(replace(CLEAN, lead=Redrawn.TOLD + 1))
    seen = replace(CLEAN, lead=Redrawn.TOLD + 1, surplus=0.002)
    assert seen.counted == pytest.approx(0.983)
    assert "4.0 standard errors apart. The grader counted 98.30 %" in str(seen_test_images(seen))
    assert (CLEAN.counted, seen_test_images(CLEAN)) == (CLEAN.test, None)
    assert "by 5.5 standard errors" in str(seen_test_images(replace(CLEAN, by_heart=Redrawn.NAMED + 0.5)))
    behind = replace(CLEAN, lead=Redrawn.TOLD + 1, surplus=-0.002)
    assert behind.counted == CLEAN.test


def test_values_of_which_nothing_was_seen_to_be_trained_are_named() -> None:
    untrained = "0.1 seconds of computing"
    require_own(replace(CLEAN, test=0.1), untrained)  # it knows nothing, so nobody trained it anywhere
    with pytest.raises(Failed) as raised:
        require_own(CLEAN, untrained)
    assert raised.value.faults[0].code == "weights-not-trained-here"
