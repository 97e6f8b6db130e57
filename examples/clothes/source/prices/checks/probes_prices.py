"""What is asked of a student's notebook: the arrays, a fresh network, and what it became by training.

This runs beside the student's code, so it knows no answer and decides nothing.
"""

from netgrader.evidence import EvidenceWriter
from netgrader.student.handing_over import hand_over_arrays, hand_over_errors, hand_over_trained
from netgrader.student.probes import Student, probe


@probe("check_prepare_data")
def prepare_data(student: Student, out: EvidenceWriter) -> None:
    """Hand over the four arrays."""
    hand_over_arrays(student, out)


@probe("check_network")
def network(student: Student, out: EvidenceWriter) -> None:
    """Ask for a fresh network."""
    student.networks(out, "network")


@probe("check_training")
def training(student: Student, out: EvidenceWriter) -> None:
    """Take the trained network with its values, and what was reported of it."""
    hand_over_errors(student, out)
    hand_over_trained(student, out)


@probe("check_error")
def error(student: Student, out: EvidenceWriter) -> None:
    """Take the trained network with its values."""
    hand_over_trained(student, out)
