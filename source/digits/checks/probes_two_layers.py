"""Evidence from notebook 2: the network, the sweep, the trained network, the gradients."""

import numpy as np

from netgrader.evidence import EvidenceWriter
from netgrader.student.probes import Student, export_graph, probe


@probe("check_two_layer_network")
def two_layer_network(student: Student, out: EvidenceWriter) -> None:
    """Ask for the network at its default learning rate and at others."""
    student.networks(out, "two_layer_network")


@probe("check_input_gradients")
def input_gradients(student: Student, out: EvidenceWriter) -> None:
    """Ask for the gradients on the student's network, trained or not."""
    with student.capturing(out, "gradients"):
        net = student.value("net") if student.has("net") else student.call("two_layer_network")
        with net.graph.as_default():
            each, largest = student.call("input_gradients", net)
        parts = {name: getattr(net, name) for name in ("graph", "X", "Y", "logits", "eval_feed") if hasattr(net, name)}
        parts |= {f"each@{number}": tensor for number, tensor in enumerate(flat(each))}
        parts["largest"] = next(iter(flat(largest)))
        out.graph("gradients", export_graph(parts))


def flat(tensors: object) -> list[object]:
    """The tensors in a list of lists of any depth; NumPy's object arrays too."""
    if isinstance(tensors, (list, tuple)) or (isinstance(tensors, np.ndarray) and tensors.dtype == object):
        return [tensor for part in tensors for tensor in flat(part)]
    return [tensors]
