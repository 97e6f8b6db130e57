"""``netgrader grade``: grade notebooks or submissions' folders, without a gradebook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from netgrader.commands.show import console, notebook_lines, trouble_lines, uncaged_warning, ungraded
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import find_jobs
from netgrader.grading.stages import Options
from netgrader.which_course import find_course

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import TextIO

    from netgrader.grading.jobs import Job

__all__ = ["STDOUT", "run"]

STDOUT = "<stdout>"
"""The name of the screen as a file."""


def run(paths: Sequence[Path], json_file: TextIO | None, sandbox: str, *, anew: bool = False) -> int:
    """Grade `paths` and print results, on stderr if JSON goes to stdout; return the exit code."""
    jobs = [job for path in paths for job in find_jobs(path, find_course(path))]
    on_screen = json_file is not None and json_file.name == STDOUT
    out = console(err=on_screen)
    uncaged_warning(out, sandbox)
    results, entries = [], []
    for job in jobs:
        with out.status(f"grading {job.path.name} …"):
            graded = grade_job(job, Options(sandbox=sandbox, anew=anew))
        result = graded.result.rendered(job.assignment.texts.in_english)
        results.append(result)
        entries.append({**result.as_json(), "path": str(job.path), "student": _student_of(job)})
        if not on_screen:
            notebook_lines(out, str(job.path), result)
        trouble_lines(out, [(job.path.name, graded.trouble)])
    if json_file is not None:
        json_file.write(json.dumps(entries, indent=2) + "\n")
    return int(ungraded(results))


def _student_of(job: Job) -> str:
    """Return the student of a notebook, from its folder; empty if it is not among the submissions."""
    folder = job.path.resolve().parent
    student = folder.parent.name
    return student if folder == job.assignment.course.folder("submitted", student, job.assignment.name) else ""
