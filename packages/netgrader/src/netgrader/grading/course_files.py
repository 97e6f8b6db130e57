"""Problems in a course's probes and tests, found by parsing them, before a student gets them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from netgrader.errors import NetgraderError
from netgrader.python_sources import cells_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from netgrader.course import Assignment

__all__ = ["file_problems", "nearest"]


def file_problems(assignment: Assignment, notebook: str) -> Iterator[str]:
    """Yield problems in the probes and tests of a notebook, in sentences that say what to do."""
    yield from _read_by_nobody(assignment)
    try:
        yield from _unmatched(assignment, notebook)
    except NetgraderError as error:  # a file is not Python
        yield str(error)


def _unmatched(assignment: Assignment, notebook: str) -> Iterator[str]:
    """Yield tests of unknown cells and faults, and check cells without a test or a probe."""
    files = assignment.files(notebook)
    tests = (*files.public_tests, *files.hidden_tests)
    checks = [cell.grade_id for cell in assignment.skeleton(notebook).graded if cell.is_check]
    for path in tests:
        for cell in sorted(cells_named(path, "grades") - {*checks, *assignment.evidence_cells(notebook)}):
            yield f"{path} has tests of {cell}, which is not a check cell of {notebook}{nearest(cell, checks)}"
        for code in sorted(cells_named(path, "grades", "faults") - {*assignment.texts.kinds}):
            yield f"{path} names the fault {code}, which is in no catalogue{nearest(code, assignment.texts.kinds)}"
    for decorator, paths, lacks in (
        ("grades", tests, "no test grades it"),
        ("probe", files.probes, "no probe takes its evidence"),
    ):
        for cell in sorted({*checks}.difference(*(cells_named(path, decorator) for path in paths))):
            yield f'{cell} is worth points, but {lacks}. Write one with @{decorator}("{cell}").'


def _read_by_nobody(assignment: Assignment) -> Iterator[str]:
    """Yield files that are never read because their names match no notebook."""
    course = assignment.course
    every = map(course.assignment, course.assignments)  # hidden tests of all assignments are in one folder
    files = [one.files(name) for one in every for name in one.notebooks]
    read = {path for one in files for path in (*one.probes, *one.public_tests, *one.hidden_tests)}
    for form, folder in (
        ("probes_{}.py", assignment.checks),
        ("test_{}_public.py", assignment.checks),
        ("test_{}.py", course.hidden_tests),
    ):
        for path in sorted({*folder.glob(form.format("*"))} - read):
            names = " or ".join(form.format(f"{short}[_…]") for short in assignment.short_names.values())
            yield f"{path} is read by nobody, since it is called like no notebook. Call it {names}."


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown name, which suggests the closest known name."""
    near = difflib.get_close_matches(name, list(names), n=1)
    return f"; is it {near[0]}?" if near else "."
