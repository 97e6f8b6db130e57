"""Evidence from notebook 3: the network, and what it became by training."""

import numpy as np

from netgrader.evidence import EvidenceWriter
from netgrader.student.fed import fed_rows
from netgrader.student.probes import Student, export_graph, probe


@probe("check_deep_network")
def deep_network(student: Student, out: EvidenceWriter) -> None:
    """Ask for a fresh network."""
    student.networks(out, "deep_network")


@probe("check_deep_training")
def deep_training(student: Student, out: EvidenceWriter) -> None:
    """Take the trained network with its values, and what was reported of it."""
    for name in ("acc_trn", "acc_val"):
        with student.capturing(out, name):
            out.array(name, np.asarray(student.value(name), dtype=np.float64).reshape(-1))
    trained(student, out)


@probe("check_deep_accuracy")
def deep_accuracy(student: Student, out: EvidenceWriter) -> None:
    """Take the trained network with its values."""
    trained(student, out)


def trained(student: Student, out: EvidenceWriter) -> None:
    """Hand over the student's `net` with the values that its session holds, open or closed."""
    with student.capturing(out, "net"):
        session = student.value("sess") if student.has("sess") else None
        out.graph("net", export_graph(student.value("net"), session))
    with student.capturing(out, "fed"):
        out.array("fed", fed_rows(student.value("net").graph))
