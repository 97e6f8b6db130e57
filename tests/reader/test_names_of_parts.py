"""The parts named in `net` are verified, not trusted: wrong tensors are named, and the right ones are read."""

from __future__ import annotations

from dataclasses import replace

import pytest
import tensorflow.compat.v1 as tf

from netgrader import read_network
from netgrader.course_reader import exercise_named
from tests.reader.networks import bias, complete, dense, placeholders, read, weights

ASKED = replace(exercise_named("one_layer_network"), learning_rate=0.001)


def network(lab, **renamed):
    """A right one-layer network, read with some attributes taken from others or from a function of the parts."""

    def build(x, y):
        w = weights("w", 784, 10)
        product = x @ w
        parts = {"product": product, "decay": tf.nn.l2_loss(w), "logits": product + bias("b", 10)}
        parts = complete(x, y, parts | {"init": tf.no_op()})
        return parts | {part: parts[other] for part, other in renamed.items()}

    return read(lab, build, ASKED)


@pytest.mark.parametrize(
    ("part", "other"),
    [("loss", "accuracy"), ("loss", "decay"), ("loss", "logits"), ("Y", "X"), ("train_op", "init")],
)
def test_an_attribute_that_holds_another_tensor_is_named_and_the_network_is_read_all_the_same(part, other, lab):
    found = network(lab, **{part: other})
    assert found.codes == set()
    assert found.undecided == ()
    assert [(remark.code, str(remark.at)) for remark in found.remarks] == [("misnamed-part", f"net.{part}")]


def test_what_is_named_rightly_is_not_remarked_on(lab):
    found = network(lab)
    assert (found.codes, found.remarks) == (set(), ())


def test_each_role_says_why_it_was_chosen(lab):
    roles = network(lab).roles
    played = {name for name, role in roles.items() if role.name}
    assert played == {*("X", "Y", "logits", "prediction", "loss", "train_op", "accuracy"), "learning_rate"}
    assert all(role.reason for role in roles.values())


def test_a_network_without_a_loss_is_read_and_only_lacks_that(lab):
    with tf.Graph().as_default() as graph:
        x, _ = placeholders()
        dense(x, 10, tf.nn.softmax)
        found = read_network(graph, exercise=ASKED, lab=lab)
    assert {str(fault.place) for fault in found.faults} == {"loss", "train_op"}
    assert str(found.roles["train_op"].reason) == "nothing in the graph plays this part"
    assert found.layers[0].outputs == 10
