"""The language of graded tests: verdicts, fixtures, exercises."""

from graphread.text import Text
from netgrader.checks.context import CellEvidence, Dataset, Networks, TestContext
from netgrader.checks.language import Failed, Ungradable, fail, fail_all, grades, partial, require_decided, ungradable
from netgrader.faults import Severity, fault

__all__ = [
    "CellEvidence",
    "Dataset",
    "Failed",
    "Networks",
    "Severity",
    "TestContext",
    "Text",
    "Ungradable",
    "fail",
    "fail_all",
    "fault",
    "grades",
    "partial",
    "require_decided",
    "ungradable",
]
