"""Evidence from notebook 1: what `train` does to a network that takes notes, and the network that it trained."""

from netgrader.evidence import EvidenceWriter
from netgrader.student.probes import Student, probe
from netgrader.student.rehearsal import Call, rehearse


@probe("check_train")
def train(student: Student, out: EvidenceWriter) -> None:
    """Call the student's `train` a few times, for few epochs, each time on a fresh network."""
    terms = student.exercises.table("train")
    with student.capturing(out, "train"):
        rehearse(student, out, [Call(**call) for call in terms["calls"]], terms["seconds"])
