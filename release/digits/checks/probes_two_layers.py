"""Evidence from notebook 2: the network, the sweep, the trained network, the gradients."""

from collections.abc import Iterator

import numpy as np

from netgrader.evidence import EvidenceWriter
from netgrader.student.probes import Student, export_graph, probe


@probe("check_two_layer_network")
def two_layer_network(student: Student, out: EvidenceWriter) -> None:
    """Ask for the network at its default learning rate and at others."""
    student.networks(out, "two_layer_network")


@probe("check_learning_rate_sweep")
def learning_rate_sweep(student: Student, out: EvidenceWriter) -> None:
    """Take the sweep, and the network at some of its rates and around the best."""
    with student.capturing(out, "sweep"):
        pairs = [(float(rate), float(accuracy)) for rate, accuracy in dict(student.value("sweep")).items()]
        out.array("sweep", np.array(pairs, dtype=np.float64).reshape(-1, 2))
    with student.capturing(out, "best_learning_rate"):
        best = float(student.value("best_learning_rate"))
        out.fact("best_learning_rate", best)
        rates = {"third": best / 3, "best": best, "triple": best * 3, "tenfold": best * 10}
        rates |= {"lowest": min(pairs)[0], "highest": max(pairs)[0]}
        for name, rate in rates.items():
            with student.capturing(out, name):
                net = student.call("two_layer_network", learning_rate=rate)
                out.graph(name, export_graph(net, about={"learning_rate": rate}))


@probe("check_two_layer_training")
def two_layer_training(student: Student, out: EvidenceWriter) -> None:
    """Take the trained network with its values, and what was reported of it."""
    for name in ("acc_trn", "acc_val"):
        with student.capturing(out, name):
            out.array(name, np.asarray(student.value(name), dtype=np.float64).reshape(-1))
    with student.capturing(out, "net"):
        session = student.value("sess") if student.has("sess") else None
        out.graph("net", export_graph(student.value("net"), session))


@probe("check_input_gradients")
def input_gradients(student: Student, out: EvidenceWriter) -> None:
    """Ask for the gradients on the student's network, trained or not."""
    with student.capturing(out, "gradients"):
        net = student.value("net") if student.has("net") else student.call("two_layer_network")
        with net.graph.as_default():
            each, largest = student.call("input_gradients", net)
            each = flat(each)  # a generator makes them only now
        parts = {name: getattr(net, name) for name in ("graph", "X", "Y", "logits", "eval_feed") if hasattr(net, name)}
        parts |= {f"each@{number}": tensor for number, tensor in enumerate(each)}
        parts["largest"] = next(iter(flat(largest)))
        out.graph("gradients", export_graph(parts))


def flat(tensors: object) -> list[object]:
    """The tensors in a list of lists of any depth; in a dict by digit, a generator, NumPy's object arrays too."""
    if isinstance(tensors, dict):
        keys = sorted(tensors) if all(isinstance(key, int) for key in tensors) else list(tensors)
        tensors = [tensors[key] for key in keys]
    if isinstance(tensors, (list, tuple, Iterator)) or (isinstance(tensors, np.ndarray) and tensors.dtype == object):
        return [tensor for part in tensors for tensor in flat(part)]
    return [tensors]
