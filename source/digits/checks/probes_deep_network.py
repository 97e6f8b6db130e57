"""Evidence from notebook 3: the network, and what it became by training."""

from netgrader.evidence import EvidenceWriter
from netgrader.student.handing_over import hand_over_curves, hand_over_trained
from netgrader.student.probes import Student, probe


@probe("check_deep_network")
def deep_network(student: Student, out: EvidenceWriter) -> None:
    """Ask for a fresh network."""
    student.networks(out, "deep_network")


@probe("check_deep_training")
def deep_training(student: Student, out: EvidenceWriter) -> None:
    """Take the trained network with its values, and what was reported of it."""
    hand_over_curves(student, out)
    hand_over_trained(student, out)


@probe("check_deep_accuracy")
def deep_accuracy(student: Student, out: EvidenceWriter) -> None:
    """Take the trained network with its values."""
    hand_over_trained(student, out)
