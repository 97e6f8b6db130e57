"""Accuracies without learning: answers by position, by neighbour, by having trained on the test images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from netgrader.checks.accuracy import Recomputed, recompute, require_learned, require_own, seen_test_images
from netgrader.checks.bench import Mnist
from netgrader.checks.hard_images import HARD, KNOWN
from netgrader.checks.language import Failed
from netgrader.checks.tables import MOST_COPIES, copied_images
from netgrader.evidence import GraphEvidence
from netgrader.lab.caged import CagedLab
from netgrader.student.mnist import load_mnist

CLEAN = Recomputed(train=0.999, test=0.985, noised=0.985, moved=0.95, found=np.zeros(1, np.int64), excess=10.2, hard=7)


@pytest.fixture(scope="module")
def mnist() -> Mnist:
    (x_train, y_train), (x_test, y_test) = load_mnist()
    return Mnist(x_train[:3000], y_train[:3000], x_test[:2000], y_test[:2000])


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


def by_position(mnist: Mnist):
    """A variable counts the rows seen so far; the answer is the label that the test set has there."""

    def build(tf, x):
        start = tf.get_variable("start", [], tf.int32, tf.zeros_initializer(), trainable=False, use_resource=True)
        n = tf.shape(x)[0]
        begun = start.assign_add(n, read_value=True) - n
        at = tf.math.floormod(begun + tf.range(n), len(mnist.y_test))
        with tf.control_dependencies([at]):
            return tf.one_hot(tf.gather(tf.constant(mnist.y_test.astype(np.int32)), at), 10) + 0 * x[:, :10], {}

    return build


def by_neighbour(mnist: Mnist):
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


def by_neighbour_of_all(mnist: Mnist):
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


def patched(mnist: Mnist):
    """A layer of its own for some test images only, as one would for those that a network gets wrong."""
    images = mnist.x_test[:60].reshape(-1, 784).astype(np.float32) / 255
    images = images - images.mean(axis=1, keepdims=True)

    def build(tf, x):
        w1 = tf.get_variable("w1", [784, 1500], use_resource=True)
        w2 = tf.get_variable("w2", [1500, 10], use_resource=True)
        weights = np.random.default_rng(1).normal(0, 0.05, (784, 1500)).astype(np.float32)
        weights[:, ::25] = 30 * images.T
        return tf.nn.relu(x @ w1) @ w2, {"w1": weights, "w2": np.zeros((1500, 10), np.float32)}

    return build


LOOKED_UP = (by_position, by_neighbour, by_neighbour_of_all, patched)


def test_test_images_in_the_graph_are_found_where_moving_and_noising_tells_nothing(lab, mnist) -> None:
    recomputed = recompute(lab, exported(by_neighbour_of_all(mnist)), mnist)
    assert min(recomputed.train, recomputed.test, recomputed.noised) > 0.99
    assert recomputed.moved > 0.8
    require_learned(replace(recomputed, copied=0))  # with this protection off it counts as learned
    with pytest.raises(Failed) as raised:
        require_learned(recomputed)
    assert raised.value.faults[0].code == "answers-looked-up"
    assert "test images among the network's values" in str(raised.value.faults[0].found)


def test_test_images_among_honest_weights_are_found(mnist) -> None:
    assert MOST_COPIES < copied_images(exported(patched(mnist)), mnist.test_pictures) <= 60


def test_training_images_and_weights_of_any_shape_are_no_test_images(mnist) -> None:
    random = np.random.default_rng(2)
    train = mnist.x_train[:2000].reshape(-1, 784).astype(np.float32)
    shapes = [
        (784, 1500),
        (1500, 784),
        (28, 28, 1, 40),
        (40, 28, 28),
        (784 * 50,),
        (3136, 1024),
        (784, 10),
        (10, 784),
        (784,),
    ]
    values = {str(shape): random.normal(0, 0.1, shape).astype(np.float32) for shape in shapes}
    values |= {"train": train, "train.T": train.T, "nothing": np.zeros((784, 100)), "nan": np.full((784, 100), np.nan)}
    values |= {"ints": np.ones((784, 100), np.int32), "scalar": np.float32(3), "none": np.zeros((0, 784))}
    graph = GraphEvidence(b"no graph", {}, values=values)
    assert copied_images(graph, mnist.test_pictures) == 0


def test_answers_by_position_are_worth_what_guessing_is(lab, mnist) -> None:
    assert recompute(lab, exported(by_position(mnist)), mnist).test < 0.2


def test_the_same_answers_are_right_where_images_come_in_their_order(lab, mnist) -> None:
    """With one protection off: images fed in the order that everybody knows."""
    evidence = exported(by_position(mnist))
    session = lab.load(evidence.meta_graph).session(seed=1)
    session.initialise()
    images = mnist.x_test.reshape(-1, 784).astype(np.float32) / 255
    (logits,) = session.run([evidence.parts["logits"]], {evidence.parts["X"]: images})
    session.close()
    assert np.mean(logits.argmax(axis=1) == mnist.y_test) > 0.99


def test_the_test_images_as_weights_are_a_table_of_answers(lab, mnist) -> None:
    recomputed = recompute(lab, exported(by_neighbour(mnist)), mnist)
    assert recomputed.test > 0.99
    # With all that looks for it off, it counts as learned.
    require_learned(replace(recomputed, train=recomputed.test, noised=recomputed.test, moved=recomputed.test, copied=0))
    with pytest.raises(Failed) as raised:
        require_learned(recomputed)
    assert raised.value.faults[0].code == "answers-looked-up"


def test_a_network_that_saw_the_test_images_is_put_before_a_person_and_costs_nothing_by_itself() -> None:
    for test, train, excess, hard in ((0.993, 0.9914, -2.3, 54), (0.9976, 0.997, -1.2, 73), (0.9999, 0.999, -5.4, 77)):
        seen = replace(CLEAN, test=test, train=train, noised=test, excess=excess, hard=hard, hard_moved=31.5)
        require_learned(seen)
        assert f"{hard} of {len(HARD)} test images" in seen_test_images(seen)


@pytest.mark.parametrize(
    ("train", "test", "excess", "hard", "hard_moved"),
    [
        (0.99995, 0.9854, 10.2, 7, 9),
        (0.9982, 0.99, 7.9, 37, 35),
        (0.9995, 0.9925, 6.0, 50, 30),
        (0.981, 0.982, -0.4, 12, 10),
        (0.993, 0.993, -0.1, 55, 52),
    ],
)
def test_an_honest_network_is_not(train: float, test: float, excess: float, hard: int, hard_moved: float) -> None:
    honest = replace(CLEAN, train=train, test=test, noised=test, excess=excess, hard=hard, hard_moved=hard_moved)
    require_learned(honest)
    assert seen_test_images(honest) is None


def test_the_hard_images_are_test_images() -> None:
    assert len(set(HARD)) == len(HARD) > KNOWN
    assert 0 <= min(HARD) <= max(HARD) < 10_000


def test_values_of_which_nothing_was_seen_to_be_trained_are_named(mnist) -> None:
    evidence = replace(exported(by_neighbour(mnist)), doubt="0.1 seconds of computing")
    require_own(evidence, replace(CLEAN, test=0.1))  # it knows nothing, so nobody trained it anywhere
    with pytest.raises(Failed) as raised:
        require_own(evidence, CLEAN)
    assert raised.value.faults[0].code == "weights-not-trained-here"
