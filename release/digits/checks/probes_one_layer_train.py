"""Probes of notebook 1: the effect of `train` on an instrumented network, and the student's own run."""

import numpy as np

from netgrader.evidence import EvidenceWriter
from netgrader.student.probes import Student, export_graph, probe
from netgrader.student.rehearsal import Call, rehearse


@probe("check_train")
def train(student: Student, out: EvidenceWriter) -> None:
    """Call the student's `train` several times for few epochs, each time with a new network."""
    terms = student.exercises.table("train")
    with student.capturing(out, "train"):
        rehearse(student, out, [Call(**call) for call in terms["calls"]], terms["seconds"])


@probe("run_training")
def run_training(student: Student, out: EvidenceWriter) -> None:
    """Record the network that the notebook trained with the student's `train`, and its results."""
    with student.capturing(out, "net"):
        out.graph("net", export_graph(student.value("net"), student.value("sess")))
    for name in ("acc_trn", "acc_val"):
        with student.capturing(out, name):
            out.array(name, np.asarray(student.value(name), dtype=np.float64))
