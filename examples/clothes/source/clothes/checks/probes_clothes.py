"""What is asked of a student's notebook: the arrays, a fresh network, a sweep, and what a network became by training.

This runs beside the student's code, so it knows no answer and decides nothing.
"""

from netgrader.evidence import EvidenceWriter
from netgrader.student.handing_over import hand_over_arrays, hand_over_curves, hand_over_trained
from netgrader.student.probes import Student, export_graph, probe
from netgrader.student.sweeping import hand_over_sweep

DROPPED = 0.5


@probe("check_prepare_data")
def prepare_data(student: Student, out: EvidenceWriter) -> None:
    """Hand over the four arrays."""
    hand_over_arrays(student, out)


@probe("check_convolutional_network")
def convolutional_network(student: Student, out: EvidenceWriter) -> None:
    """Ask for a fresh network, and for one with dropout, with what is fed while it trains."""
    student.networks(out, "convolutional_network")
    with student.capturing(out, "dropping"):
        net = student.call("convolutional_network", dropout=DROPPED)
        out.graph("dropping", export_graph(net))
        fed = getattr(net, "train_feed", None) or {}
        out.fact("train_feed", {tensor.name: float(value) for tensor, value in fed.items()})


@probe("check_dropout_sweep")
def dropout_sweep(student: Student, out: EvidenceWriter) -> None:
    """Take the sweep, the network at some of its values, and what it was trained to."""
    hand_over_sweep(student, out)


@probe("check_training")
def training(student: Student, out: EvidenceWriter) -> None:
    """Take the trained network with its values, and what was reported of it."""
    hand_over_curves(student, out)
    hand_over_trained(student, out)


@probe("check_accuracy")
def accuracy(student: Student, out: EvidenceWriter) -> None:
    """Take the trained network with its values."""
    hand_over_trained(student, out)
