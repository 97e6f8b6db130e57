"""Probes of notebook 3: the network, and its trained values."""

from netgrader.evidence import EvidenceWriter
from netgrader.student.handing_over import hand_over_curves, hand_over_trained
from netgrader.student.probes import Student, probe


@probe("check_deep_network")
def deep_network(student: Student, out: EvidenceWriter) -> None:
    """Record a new network."""
    student.networks(out, "deep_network")


@probe("check_deep_training")
def deep_training(student: Student, out: EvidenceWriter) -> None:
    """Record the trained network with its values, and its reported accuracies."""
    hand_over_curves(student, out)
    hand_over_trained(student, out)


@probe("check_deep_accuracy")
def deep_accuracy(student: Student, out: EvidenceWriter) -> None:
    """Record the trained network with its values."""
    hand_over_trained(student, out)
