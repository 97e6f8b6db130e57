"""The sample class gets what its file says: marks and codes, from the real notebooks in ``submitted/``."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import netgrader
from netgrader.results import NotebookResult

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
EXPECTED = tomllib.loads((HERE / "expected.toml").read_text(encoding="utf-8"))
CASES = [(student, notebook) for student, notebooks in EXPECTED.items() for notebook in notebooks]


@pytest.mark.slow
@pytest.mark.parametrize(("student", "notebook"), CASES)
def test_each_student_gets_the_marks_and_codes_that_the_file_says(student: str, notebook: str) -> None:
    expected = EXPECTED[student][notebook]
    result = _grade(ROOT / "submitted" / student / "digits" / notebook)
    assert result.status == expected.get("status", "graded"), result.problem
    reasons = [
        (check.check, check.outcome, check.message)
        for cell in result.cells
        for check in cell.checks
        if check.outcome != "passed"
    ]
    if "score" in expected:
        assert result.score == expected["score"], reasons
    else:
        assert expected["above"] <= result.score < expected["below"], reasons
    if not expected.get("any_faults"):
        assert set(result.faults) == set(expected["faults"]), reasons


def test_the_sample_class_is_what_its_sources_make(tmp_path: Path) -> None:
    from tests.sample_class.make import make  # beside this file, a script as well

    for made in make(tmp_path, ROOT / "release" / "digits"):
        committed = ROOT / "submitted" / made.relative_to(tmp_path)
        assert committed.read_bytes() == made.read_bytes(), f"{committed} is stale: make sample-class"


def _grade(path: Path) -> NotebookResult:
    (result,) = netgrader.grade(path).notebooks
    return result
