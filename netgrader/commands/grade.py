"""``netgrader grade``: notebooks or submissions' folders, without a gradebook."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from netgrader.commands.show import console, notebook_lines, uncaged_warning, ungraded
from netgrader.course import find_course
from netgrader.errors import UsageError
from netgrader.grading.grade import find_jobs, grade_job
from netgrader.grading.stages import Options
from netgrader.results import SubmissionResult

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["run"]

SCREEN = Path("-")


def run(paths: Sequence[Path], json_file: Path | None, sandbox: str, *, anew: bool = False) -> int:
    """Grade `paths` and print what came of it; the exit code."""
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        raise UsageError(f"There is no file or folder {missing}.")
    if json_file and json_file != SCREEN and not json_file.resolve().parent.is_dir():
        raise UsageError(f"{json_file} cannot be written: there is no folder {json_file.resolve().parent}.")
    options = Options(sandbox=sandbox, anew=anew)
    jobs = [job for path in paths for job in find_jobs(path, find_course(path))]
    out = console(err=json_file == SCREEN)
    uncaged_warning(out, sandbox)
    results = []
    for job in jobs:
        with out.status(f"grading {job.path.name} …") if out.is_terminal else nullcontext():
            result = grade_job(job, options).result
        results.append(result)
        if json_file != SCREEN:
            notebook_lines(out, result)
    text = json.dumps(SubmissionResult(tuple(results)).as_json(), indent=2) + "\n"
    if json_file == SCREEN:
        sys.stdout.write(text)
    elif json_file:
        json_file.write_text(text, encoding="utf-8")
    return 1 if ungraded(results) else 0
