"""Probes of notebook 2: the network, the sweep, the trained network, the gradients."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from netgrader.evidence import EvidenceWriter
from netgrader.student.handing_over import hand_over_curves, hand_over_trained
from netgrader.student.probes import Student, WrongReturn, export_graph, probe
from netgrader.student.sweeping import hand_over_sweep

NOTHING = (
    "None in each, as tf.gradients gives where nothing leads from net.X to what it is taken of, and a tape in a graph"
)


@probe("check_two_layer_network")
def two_layer_network(student: Student, out: EvidenceWriter) -> None:
    """Record the network at its default learning rate and at others."""
    student.networks(out, "two_layer_network")


@probe("check_learning_rate_sweep")
def learning_rate_sweep(student: Student, out: EvidenceWriter) -> None:
    """Record the sweep, networks at some rates and near the best, and some trained values."""
    hand_over_sweep(student, out)


@probe("check_two_layer_training")
def two_layer_training(student: Student, out: EvidenceWriter) -> None:
    """Record the trained network with its values, and its reported accuracies."""
    hand_over_curves(student, out)
    hand_over_trained(student, out)


@probe("check_input_gradients")
def input_gradients(student: Student, out: EvidenceWriter) -> None:
    """Record the gradients of the student's network, trained or not."""
    with student.capturing(out, "gradients"):
        net = student.value("net") if student.has("net") else student.call("two_layer_network")
        with net.graph.as_default():
            each, largest = both(student.call("input_gradients", net))
            each = flat(each)  # a generator creates them only now
            if any(tensor is None for tensor in each):
                raise WrongReturn(each, "tensors", NOTHING)
            if any(isinstance(tensor, np.ndarray) for tensor in each):
                raise WrongReturn(each, "tensors, which the next cell runs", "numbers, as a session gives them")
        parts = {name: getattr(net, name) for name in ("graph", "X", "Y", "logits", "eval_feed") if hasattr(net, name)}
        parts |= {f"each@{number}": tensor for number, tensor in enumerate(each)}
        parts["largest"] = next(iter(flat(largest)))
        out.graph("gradients", export_graph(parts))


def both(made: Any) -> tuple[object, object]:
    """Return the two values that the function should return; raise `WrongReturn` otherwise."""
    if made is None or isinstance(made, dict) or (isinstance(made, (tuple, list)) and len(made) != 2):
        raise WrongReturn(made, "the pair each, largest")
    each, largest = made
    if (
        isinstance(largest, (tuple, list))
        and len(largest) > 1
        and getattr(getattr(each, "shape", None), "rank", 0) == 2
    ):
        raise WrongReturn(made, "the pair each, largest", "largest before each")
    return each, largest


def flat(tensors: object) -> list[object]:
    """Return the tensors in nested lists of any depth, dicts by digit, generators, object arrays."""
    if isinstance(tensors, dict):
        keys = sorted(tensors) if all(isinstance(key, int) for key in tensors) else list(tensors)
        tensors = [tensors[key] for key in keys]
    if isinstance(tensors, (list, tuple, Iterator)) or (isinstance(tensors, np.ndarray) and tensors.dtype == object):
        return [tensor for part in tensors for tensor in flat(part)]
    return [tensors]
