"""`netgrader demo`: release, marks, feedback and report, then a table and the files to open."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STUDENTS = ["goran", "hana"]  # one hostile, one broken: neither trains anything


@pytest.fixture
def course(tmp_path):
    """Our course with two students, and nothing released or graded."""
    for part in ("source", "grader_tests", "data"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    for student in STUDENTS:
        shutil.copytree(ROOT / "submitted" / student, tmp_path / "submitted" / student)
    return tmp_path


@pytest.mark.slow
def test_it_ends_with_a_table_of_marks_and_the_files_to_open(netgrader, course):
    done = netgrader("demo", cwd=course, seconds=600)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    begins = [
        "Releasing digits",
        "Grading the sample class",
        "[1/2] ",
        "[2/2] ",
        "Writing a feedback page",
        "┏",
        "Open in",
    ]
    order = [next(i for i, line in enumerate(lines) if line.startswith(word)) for word in begins]
    assert order == sorted(order)
    opened = lines[order[-1] + 1 :]
    assert opened == [
        "the class: reports/digits.html",
        "goran: feedback/goran/digits/1_one_layer.html",
        "hana: feedback/hana/digits/1_one_layer.html",
    ]
    for line in opened:
        assert "<html" in (course / line.split(": ")[1]).read_text(encoding="utf-8")
    assert (course / "release" / "digits" / "3_deep_network.ipynb").is_file()
