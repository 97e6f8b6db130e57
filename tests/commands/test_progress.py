"""While a class is graded, a terminal shows students, notebooks and the time left; a file gets a line for each notebook."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from netgrader.commands.progress import Progress
from netgrader.course import Course
from netgrader.grading.jobs import jobs_of
from netgrader.grading.pool import Done, Task
from netgrader.results import NotebookResult, Status

ROOT = Path(__file__).parents[2]


def shown(*, terminal: bool) -> str:
    """What is shown when two of Ada's three notebooks are graded and Goran's one, and her third has been begun."""
    assignment = Course(ROOT).assignment("digits")
    tasks = [Task(student, job) for student in ("ada", "goran") for job in jobs_of(assignment, student)]
    out = io.StringIO()
    with Progress(Console(file=out, force_terminal=terminal, width=200), tasks) as progress:
        for task in [*tasks[:2], tasks[3]]:
            progress.begin(task)
            result = NotebookResult(f"{task.job.notebook}.ipynb", 7.0, 10.0, (), (), Status.GRADED)
            progress.end(Done(task, result, made=frozenset({"execute"}), seconds=12.0))
        progress.begin(tasks[2])
        progress.tick()
    return out.getvalue()


def test_a_terminal_shows_students_notebooks_and_what_is_running():
    text = shown(terminal=True)
    assert "1/2 students" in text
    assert "left" in text
    assert "ada 3_deep_network 0 s" in text
    assert "3/4\x1b[0m notebooks" in text


def test_a_file_gets_a_line_for_each_notebook():
    lines = shown(terminal=False).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "[1/4] ada 1_one_layer",
        "[2/4] ada 2_two_layers",
        "[3/4] goran 1_one_layer",
    ]
    assert "7 of 10 (12.0 s)" in lines[0]
