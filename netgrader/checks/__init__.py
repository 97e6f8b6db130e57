"""The language in which tests are written: verdicts, fixtures, exercises."""

from netgrader.checks.bench import Bench, CellEvidence, Mnist, Networks
from netgrader.checks.language import Failed, Ungradable, fail, fail_all, fault, grades, partial, ungradable

__all__ = [
    "Bench",
    "CellEvidence",
    "Failed",
    "Mnist",
    "Networks",
    "Ungradable",
    "fail",
    "fail_all",
    "fault",
    "grades",
    "partial",
    "ungradable",
]
