"""Probe of notebook 1: the arrays that are fed to networks."""

from netgrader.evidence import EvidenceWriter
from netgrader.student.handing_over import hand_over_arrays
from netgrader.student.probes import Student, probe


@probe("check_prepare_data")
def prepare_data(student: Student, out: EvidenceWriter) -> None:
    """Record the four arrays."""
    hand_over_arrays(student, out)
