"""What cannot work in a course's probes and tests, read without running any: found before a student gets them."""

from __future__ import annotations

import ast
import difflib
import re
from typing import TYPE_CHECKING

from netgrader.errors import NetgraderError
from netgrader.fault_kinds import CODE
from netgrader.imports import cells_named, constants_of, parsed, texts_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["file_problems"]

FAULTS_OF = frozenset({"fail", "fault", "partial"})
"""Functions that are given a code."""


def file_problems(assignment: Assignment, notebook: str) -> Iterator[str]:
    """Yield what cannot work in the probes and tests of a notebook, in sentences with what to do."""
    yield from _of_no_notebook(assignment)
    files = assignment.files(notebook)
    trees: dict[Path, ast.Module] = {}
    broken = False
    for path in (*files.probes, *files.public_tests, *files.hidden_tests):
        try:
            trees[path] = parsed(path)
        except NetgraderError as error:
            broken = True
            yield str(error)
    if broken:
        return
    checks = [cell.grade_id for cell in assignment.skeleton(notebook).graded if cell.is_check]
    known = (*checks, *assignment.evidence_cells(notebook))
    probed = {cell for path in files.probes for cell in cells_named(path, "probe")}
    graded: set[str] = set()
    kinds = assignment.texts.kinds
    for path in (*files.public_tests, *files.hidden_tests):
        cells = cells_named(path, "grades")
        graded |= cells
        for cell in sorted(cells - {*known}):
            yield f"{path} has tests of {cell}, which is no check cell of {notebook}{_near(cell, checks)}"
        for code in sorted(_codes(trees[path]) - {*kinds}):
            yield f"{path} names the fault {code}, which is in no catalogue{_near(code, [*kinds])}"
    for cell in (cell for cell in checks if cell not in graded):
        yield f'{cell} is worth points, but no test grades it. Write one with @grades("{cell}").'
    for cell in (cell for cell in checks if cell not in probed):
        yield f'{cell} is worth points, but no probe takes its evidence. Write one with @probe("{cell}").'


def _of_no_notebook(assignment: Assignment) -> Iterator[str]:
    """Yield files that nothing reads, since they are called like no notebook."""
    course = assignment.course
    shorts = [re.sub(r"^\d+_", "", name) for name in assignment.notebooks]
    for form, folder in (
        ("probes_{}.py", assignment.checks),
        ("test_{}_public.py", assignment.checks),
        ("test_{}.py", course.hidden_tests),
    ):
        # Hidden tests of all assignments lie in one folder.
        all_of_them = (assignment,) if folder == assignment.checks else map(course.assignment, course.assignments)
        every = [one.files(name) for one in all_of_them for name in one.notebooks]
        read = {path for one in every for path in (*one.probes, *one.public_tests, *one.hidden_tests)}
        for path in sorted({*folder.glob(form.format("*"))} - read):
            names = " or ".join(form.format(f"{short}[_…]") for short in shorts)
            yield f"{path} is read by nobody, since it is called like no notebook. Call it {names}."


def _near(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"; is it {near[0]}?" if near else "."


def _codes(tree: ast.Module) -> frozenset[str]:
    """Return the codes that tests look for, or find."""
    constants = constants_of(tree)
    found: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if _name(node.func) == "grades":
            found.update(
                text for word in node.keywords if word.arg == "faults" for text in texts_in(word.value, constants)
            )
        elif _name(node.func) in FAULTS_OF:
            given = node.args[1:2] if _name(node.func) == "partial" else node.args[:1]
            found.update(text for one in given for text in texts_in(one, constants) if CODE.fullmatch(text))
    return frozenset(found)


def _name(function: ast.expr) -> str:
    return ast.unparse(function).rpartition(".")[2]
