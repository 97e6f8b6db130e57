"""New verdicts on runs that the gradebook knows: marks and pages are changed in place, without nbgrader's conversion.

nbgrader's autograde makes a notebook anew through a dozen steps and as many transactions, half a second for each. After
a changed test all of that is as it was but for the verdicts: points in the gradebook, one transaction for a
submission, and what stands under the check cells in ``autograded/``.
"""

from __future__ import annotations

import json
import shutil
import uuid
from typing import TYPE_CHECKING, Any

from netgrader.grading.last_result import save_last_result
from netgrader.nbgrader_plugin.gradebook import submission_of
from netgrader.nbgrader_plugin.page import about_it
from netgrader.nbgrader_plugin.preprocessors import save_verdicts
from netgrader.nbgrader_plugin.render import verdict_output
from netgrader.results import Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from netgrader.course import Assignment
    from netgrader.grading.grade import GradedNotebook

__all__ = ["regrade"]


def regrade(gradebook: Any, assignment: Assignment, student: str, graded: Mapping[str, GradedNotebook]) -> bool:
    """Save the verdicts of a submission's notebooks over those that are there, if nothing else changed.

    Marks given by hand stay. A submission that came late is left to nbgrader, since penalties may depend on points.

    Parameters
    ----------
    gradebook
        nbgrader's, open.
    assignment, student
        Whose.
    graded
        Results by notebook.

    Returns
    -------
    Whether it was done; otherwise nothing was changed, and it is nbgrader's to do.

    Raises
    ------
    NetgraderError
        If the gradebook does not have the notebooks' cells.
    """
    folder = assignment.course.folder("autograded", student, assignment.name)
    pages = {name: _page(folder / f"{name}.ipynb", one) for name, one in graded.items()}
    submission = submission_of(gradebook, assignment, student)
    if submission is None or submission.total_seconds_late or any(page is None for page in pages.values()):
        return False
    results = {name: save_verdicts(gradebook, assignment, student, name, one) for name, one in graded.items()}
    gradebook.db.commit()
    for name, kept_now in results.items():
        save_last_result(assignment, student, name, kept_now)
    # Last: by its digest one sees that all of it was done.
    for name, page in pages.items():
        _write(folder / f"{name}.ipynb", page)
    return True


def _page(path: Path, graded: GradedNotebook) -> Any:
    """The autograded notebook with new verdicts; None if more than those would have to change."""
    try:
        page = json.loads(path.read_text(encoding="utf-8"))
        before = page["metadata"]["netgrader"]
        if not graded.base or before["base"] != graded.base or Status.NOT in {before["status"], graded.result.status}:
            return None
        results = {cell.cell: cell for cell in graded.result.cells if not cell.manual}
        for cell in page["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if name in results:
                cell["outputs"] = [_as_in_files(verdict_output(results[name], graded.result.problem))]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    page["metadata"]["netgrader"] = about_it(graded)
    return page


def _as_in_files(output: dict[str, Any]) -> dict[str, Any]:
    """An output with its texts by lines, as notebooks are written."""
    return {**output, "data": {kind: text.splitlines(keepends=True) for kind, text in output["data"].items()}}


def _write(path: Path, page: Any) -> None:
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    part.write_text(json.dumps(page, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    shutil.copymode(path, part)
    part.replace(path)
