"""`check("train")`: run a cell's public checks on the notebook's state, and show the findings."""

from __future__ import annotations

import inspect
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from graphread.text import Text
from netgrader.cell_names import made_by
from netgrader.checks.context import TestContext
from netgrader.checks.diagnose import explain
from netgrader.checks.exercises import load_exercises, load_texts
from netgrader.checks.plugin import BrokenTests
from netgrader.checks.run import run_tests
from netgrader.checks.source_lines import Cell, by_key
from netgrader.evidence import PLACEHOLDER
from netgrader.student.answer import INTERRUPTED, NOT_DONE, NOT_MADE, NOT_RUN, STILL_RAISES, STOPPED, WAITS, Answer
from netgrader.student.capture import take
from netgrader.student.cell_runs import cell_runs, why_stopped
from netgrader.student.course_data import ChecksNotFoundError, checks_folder
from netgrader.student.estimate import estimate
from netgrader.student.notebook_cells import functions_in, is_stub
from netgrader.student.probes import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from graphread import Lab
    from netgrader.evidence import Evidence
    from netgrader.results import CheckResult

__all__ = ["check"]

SECONDS = 120.0
AT_A_LINE = Text("It was at {line}. If that line is in a loop, does the loop end?")


def check(name: str | FunctionType) -> None:
    """Check the results of a notebook cell, and show the findings.

    Parameters
    ----------
    name
        The solution cell's name in the exercise, ``"train"``, or the function that it defines.

    Notes
    -----
    Only the public checks run. Grading reruns them, with further ones.
    """
    namespace = sys._getframe(1).f_globals  # noqa: SLF001  (the notebook's globals, as from inspect.currentframe, which may not exist)
    folder = checks_folder()
    answer = examine(getattr(name, "__name__", str(name)), namespace, folder)
    replace(answer, texts=load_texts(folder)).show()


def examine(name: str, namespace: Mapping[str, Any], folder: Path) -> Answer:
    """Return the answer that `check` shows.

    Raises
    ------
    NotebookError
        If there are no checks for `name`, or they cannot run.
    """
    cell, tests = _cell(name), _tests(folder)
    unread = why_stopped((name,))
    if isinstance(unread, SyntaxError):  # nothing in the cell ran
        return _stopped(name, unread, namespace)
    if is_stub(namespace.get(name)):
        return Answer(name, problem=NOT_DONE.format(name=name))
    with tempfile.TemporaryDirectory(prefix="netgrader-check-", ignore_cleanup_errors=True) as root:
        out = Path(root) / cell
        out.mkdir()
        try:
            took = take(cell, namespace, out, folder, quick=True)
        except LookupError as error:
            raise ChecksNotFoundError(f"There is no check called {name!r}. Was its name changed?") from error
        stopped = why_stopped({name} & took.asked or took.asked)
        if stopped is not None:
            return _stopped(name, stopped, namespace)
        exercises = load_exercises(folder)
        cells = by_key(_named(text, [name, *exercises.asked]) for text in cell_runs().texts)
        bench = TestContext(Path(root), exercises, _local_lab, quick=True, cells=cells)
        try:
            taken = bench.evidence(cell).raw
            if _not_done(taken, written=inspect.isfunction(namespace.get(name))):
                return _unfinished(name, namespace, taken.errors)
            checks = _run(bench, tests, cell)
        finally:
            bench.close()
    asked = exercises.of_cell(cell)
    note = estimate(exercises.limits) if asked.estimates_time else None
    below = () if note is None else (note,)
    return Answer(name, checks=tuple(checks), beyond=asked.only_in_grading, printed=took.printed, below=below)


def _named(text: str, exercises: Iterable[str]) -> Cell:
    """Return an executed cell, named after the first exercise that it defines."""
    made = made_by(text)
    return Cell(next((name for name in exercises if name in made), ""), text)


def _cell(name: str) -> str:
    return f"check_{name.removeprefix('check_')}"


def _tests(folder: Path) -> Sequence[Path]:
    return sorted(folder.glob("test_*_public.py"))


def _stopped(name: str, error: BaseException, namespace: Mapping[str, Any]) -> Answer:
    """Return an answer with the error that stopped the solution cell: its names are from an earlier run."""
    told = describe(error, namespace)
    if isinstance(error, KeyboardInterrupt):
        at = (AT_A_LINE.format(line=told.line),) if told.line else ()
        return Answer(name, problem=INTERRUPTED.format(name=name), below=at)
    if told.kind == PLACEHOLDER:
        return _unfinished(name, namespace)
    if isinstance(error, SyntaxError) and error.text:
        told = replace(told, line=error.text.strip())
    fault = explain(told, name)
    # A hint about the line's values does not help if the line was not parsed, or imports a missing module.
    code = "" if isinstance(error, SyntaxError | ImportError) else fault.code
    return Answer(name, problem=STOPPED.format(name=name), below=(fault.said,), code=code)


def _run(bench: TestContext, tests: Sequence[Path], cell: str) -> Sequence[CheckResult]:
    try:
        run = run_tests(bench, tests, cells=[cell], seconds=SECONDS)
    except BrokenTests as error:
        raise ChecksNotFoundError(f"The checks cannot be run: {error}") from error
    return run.checks.get(cell, ())


def _local_lab() -> Lab:
    from graphread.lab.local import LocalLab  # noqa: PLC0415  (imports TensorFlow, which not every check needs)

    return LocalLab(timeout=SECONDS)


def _names_in(code: CodeType | None) -> frozenset[str]:
    """Return the names that a function's code and its inner functions use; empty for None."""
    within = (_names_in(part) for part in getattr(code, "co_consts", ()) if isinstance(part, CodeType))
    return frozenset(getattr(code, "co_names", ())).union(*within)


def _not_done(taken: Evidence, *, written: bool) -> bool:
    """Whether nothing has been filled in yet, or `written` was not called."""
    made = taken.arrays or (taken.graphs and not written)
    told = {(error.kind, error.line) for error in taken.errors.values()}
    return PLACEHOLDER in dict(told) or (not made and told == {("NameError", None)})


def _unfinished(name: str, namespace: Mapping[str, Any], asked: Iterable[str] = ()) -> Answer:
    """Return an answer with the next thing to do: `name`, functions it needs, or parts of `asked`."""
    known = dict(namespace)
    functions = functions_in(known)
    stubs = {found for found, value in functions.items() if is_stub(value)}
    raising = {found for found, value in functions.items() if _still_raises(value, namespace)} - stubs
    used = {name} | _names_in(getattr(functions.get(name), "__code__", None))
    candidates = (
        (NOT_RUN, {name} - known.keys()),
        (NOT_DONE, {name} & stubs),
        (STILL_RAISES, used & raising),
        (WAITS, used & stubs),
        (NOT_MADE, set(asked) - known.keys() if name in functions else set[str]()),
        (WAITS, stubs),
        (STILL_RAISES, raising),
        (NOT_DONE, {name}),
    )
    text, others = next(candidate for candidate in candidates if candidate[1])
    return Answer(name, problem=text.format(name=name, others=", ".join(sorted(others))))


def _still_raises(function: FunctionType, namespace: Mapping[str, Any]) -> bool:
    """Whether a notebook function still contains the placeholder line."""
    return function.__globals__ is namespace and "NotImplementedError" in function.__code__.co_names
