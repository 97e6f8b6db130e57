"""Programs of strangers: right ones are accused of nothing, wrong ones of what is wrong, and without labels nothing is judged."""

from __future__ import annotations

import pytest
import tensorflow.compat.v1 as tf

from graphread import read_network
from netgrader.faults import CATALOGUE, Severity
from tests.reader import strangers


def read(program, lab):
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(2)
        return read_network(graph, program(), lab=lab)


@pytest.mark.parametrize("name", strangers.RIGHT)
def test_a_right_program_of_a_stranger_is_accused_of_nothing_and_its_loss_is_known(lab, name):
    network = read(strangers.RIGHT[name], lab)
    assert not network.faults, str(network)
    known = "undecided" if name == "words by a plain softmax" else "softmax-cross-entropy"  # of which some are cut off
    assert network.loss.kind in (known, "mean-squared-error")


@pytest.mark.parametrize("name", strangers.RIGHT)
def test_without_a_lab_a_right_program_is_accused_of_nothing_either(name):
    network = read(strangers.RIGHT[name], None)
    assert not network.faults, str(network)


@pytest.mark.parametrize("name", strangers.WRONG)
def test_what_is_wrong_with_a_program_of_a_stranger_is_named(lab, name):
    program, code = strangers.WRONG[name]
    network = read(program, lab)
    found = network.codes if CATALOGUE[code].severity != Severity.REMARK else {one.code for one in network.remarks}
    assert found == {code}, str(network)
    assert network.codes <= {code}


@pytest.mark.parametrize("name", strangers.WITHOUT_LABELS)
@pytest.mark.parametrize("tried", [True, False])
def test_nothing_is_judged_where_there_are_no_labels(lab, name, tried):
    network = read(strangers.WITHOUT_LABELS[name], lab if tried else None)
    assert not network.faults + network.remarks, str(network)
    assert [*map(str, network.undecided)] == ["It is fed no labels, so this reader does not judge it."]


@pytest.mark.parametrize("name", strangers.WITHOUT_LABELS)
def test_no_op_of_a_gradient_is_taken_for_a_layer(lab, name):
    """In these programs only gradients stand in a scope of this name."""
    layers = read(strangers.WITHOUT_LABELS[name], lab).layers
    assert not [layer.place for layer in layers if str(layer.place).startswith("gradients")]


@pytest.mark.parametrize("name", strangers.WITHOUT_LOSS)
def test_where_no_loss_is_found_nothing_is_accused(lab, name):
    network = read(strangers.WITHOUT_LOSS[name], lab)
    assert not network.faults, str(network)
    assert "There is no loss in the graph" in str(network.undecided[0])
