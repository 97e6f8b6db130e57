"""``netgrader grade``: notebooks or submissions' folders, without a gradebook."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from netgrader.commands.show import console, notebook_lines, trouble_lines, uncaged_warning, ungraded
from netgrader.errors import UsageError
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import find_jobs
from netgrader.grading.stages import Options
from netgrader.results import SubmissionResult
from netgrader.which_course import find_course

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["run"]

SCREEN = Path("-")


def run(paths: Sequence[Path], json_file: Path | None, sandbox: str, *, anew: bool = False) -> int:
    """Grade `paths` and print what came of it; the exit code."""
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        raise UsageError(f"There is no file or folder {missing}.")
    if json_file and json_file != SCREEN:
        _require_writable(json_file)
    options = Options(sandbox=sandbox, anew=anew)
    jobs = [job for path in paths for job in find_jobs(path, find_course(path))]
    out = console(err=json_file == SCREEN)
    uncaged_warning(out, sandbox)
    results = []
    for job in jobs:
        with out.status(f"grading {job.path.name} …") if out.is_terminal else nullcontext():
            graded = grade_job(job, options)
        result = graded.result
        results.append(result)
        if json_file != SCREEN:
            notebook_lines(out, result)
        trouble_lines(out, [(job.path.name, graded.trouble)])
    text = json.dumps(SubmissionResult(tuple(results)).as_json(), indent=2) + "\n"
    if json_file == SCREEN:
        sys.stdout.write(text)
    elif json_file:
        json_file.write_text(text, encoding="utf-8")
    return 1 if ungraded(results) else 0


def _require_writable(file: Path) -> None:
    """Find out before minutes of grading whether the results can be written."""
    existed = file.exists()
    try:
        with file.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}. Name another file with --json.") from error
    if not existed:
        file.unlink()
