"""`check("train")`: run the public checks of a cell on what the notebook holds, and say what was found."""

from __future__ import annotations

import html
import inspect
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgrader.checks.context import TestContext
from netgrader.checks.exercises import load_exercises
from netgrader.checks.plugin import BrokenTests
from netgrader.checks.run import run_tests
from netgrader.evidence import PLACEHOLDER
from netgrader.phrases import say
from netgrader.results import Outcome
from netgrader.student.capture import take
from netgrader.student.data import ChecksNotFoundError, checks_folder
from netgrader.student.estimate import estimate
from netgrader.student.notebook_cells import is_stub

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgrader.evidence import Evidence
    from netgrader.reader import Lab
    from netgrader.results import CheckResult

__all__ = ["Answer", "check"]

SECONDS = 30.0

MARKS = {Outcome.PASSED: "✓", Outcome.PARTIAL: "◐", Outcome.FAILED: "✗", Outcome.UNGRADABLE: "?"}
COLOURS = {
    Outcome.PASSED: "#1a7f37",
    Outcome.PARTIAL: "#9a6700",
    Outcome.FAILED: "#cf222e",
    Outcome.UNGRADABLE: "#6e7781",
}
NOT_DONE = "{name}: not done yet. Fill in the cell above, run it, then run this one again."
WAITS = "{name}: this needs {others}, not done yet. Fill that in, run it, then run this cell again."
ALL_PASSED = "{name}: all {count} checks passed. Grading runs these and others like them."
SOME_PASSED = "{name}: {passed} of {count} checks passed."


def check(name: str, *, namespace: Mapping[str, Any] | None = None, folder: Path | str | None = None) -> None:
    """Check what a cell of the notebook made, and show what was found.

    Parameters
    ----------
    name
        The solution cell, as the exercise calls it: ``"train"``.
    namespace
        Where its names are; the globals of the caller, which is the notebook, if None.
    folder
        The folder ``checks`` that came with the notebook; looked for beside the notebook and above it if None.

    Notes
    -----
    Only the public checks are run. Grading runs them again, and others beside them.
    """
    if namespace is None:
        namespace = sys._getframe(1).f_globals  # noqa: SLF001  (what inspect.currentframe gives, where it exists)
    answer = examine(name, namespace, Path(folder) if folder is not None else checks_folder())
    answer.show()


def examine(name: str, namespace: Mapping[str, Any], folder: Path) -> Answer:
    """What `check` shows, as a value.

    Raises
    ------
    NotebookError
        If there are no checks for `name`, or they cannot be run.
    """
    cell = f"check_{name.removeprefix('check_')}"
    tests = sorted(folder.glob("test_*_public.py"))
    if is_stub(namespace.get(name)):
        return Answer(name, waits_for=(name,))
    with tempfile.TemporaryDirectory(prefix="netgrader-check-", ignore_cleanup_errors=True) as root:
        out = Path(root) / cell
        out.mkdir()
        try:
            take(cell, namespace, out, folder)
        except LookupError as error:
            raise ChecksNotFoundError(f"There is no check called {name!r}. Was its name changed?") from error
        exercises = load_exercises(folder)
        bench = TestContext(Path(root), exercises, _local_lab, quick=True)
        try:
            taken = bench.evidence(cell).raw
            if _not_done(taken):
                return Answer(name, waits_for=_stubs(name, namespace))
            checks = _run(bench, tests, cell)
        finally:
            bench.close()
    terms = exercises.tables.get(cell.removeprefix("check_"), {})
    note = estimate(exercises.tables.get("limits", {})) if terms.get("estimates_time") else None
    return Answer(name, tuple(checks), note=note)


def _run(bench: TestContext, tests: Sequence[Path], cell: str) -> Sequence[CheckResult]:
    try:
        run = run_tests(bench, tests, cells=[cell], seconds=SECONDS)
    except BrokenTests as error:
        raise ChecksNotFoundError(f"The checks cannot be run: {error}") from error
    return run.checks.get(cell, ())


def _local_lab() -> Lab:
    from netgrader.reader.lab.local import LocalLab  # noqa: PLC0415  (imports TensorFlow, which a check may not need)

    return LocalLab(timeout=SECONDS)


def _not_done(taken: Evidence) -> bool:
    """Whether all there is to see is that something has not been filled in."""
    errors = taken.errors.values()
    if any(error.kind == PLACEHOLDER for error in errors):
        return True
    made = bool(taken.graphs or taken.arrays)
    return bool(errors) and not made and all(error.kind == "NameError" and error.line is None for error in errors)


def _stubs(name: str, namespace: Mapping[str, Any]) -> tuple[str, ...]:
    """What is to be filled in first: `name` itself, or functions of the notebook's that it needs."""
    stubs = tuple(found for found, value in list(namespace.items()) if inspect.isfunction(value) and is_stub(value))
    return (name,) if name in stubs or name not in namespace else stubs or (name,)


@dataclass(frozen=True)
class Answer:
    """The verdicts of a cell's public checks."""

    name: str
    """The solution cell."""
    checks: tuple[CheckResult, ...] = ()
    """Its verdicts."""
    waits_for: tuple[str, ...] = ()
    """What has not been filled in, the cell itself or something that it needs; there are no verdicts then."""
    note: str | None = None
    """What else is to be said, below the verdicts."""

    @property
    def headline(self) -> str:
        """The first line."""
        if self.waits_for == (self.name,):
            return say(NOT_DONE, name=self.name)
        if self.waits_for:
            return say(WAITS, name=self.name, others=", ".join(self.waits_for))
        passed = sum(check.outcome is Outcome.PASSED for check in self.checks)
        words = ALL_PASSED if passed == len(self.checks) else SOME_PASSED
        return say(words, name=self.name, passed=passed, count=len(self.checks))

    def __str__(self) -> str:
        lines = [self.headline]
        for check in self.checks:
            lines.append(f"  {MARKS[check.outcome]} {check.sentence}")
            lines += [f"      {text}" for text in (check.message, check.hint) if text]
        if self.note:
            lines.append(f"  {say(self.note)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        items = "".join(_item(check) for check in self.checks)
        listed = f'<ul style="list-style:none;margin:.3em 0;padding:0">{items}</ul>' if items else ""
        note = f"<div>{html.escape(say(self.note))}</div>" if self.note else ""
        return f'<div role="status"><strong>{html.escape(self.headline)}</strong>{listed}{note}</div>'

    def show(self) -> None:
        """Display it: as HTML in a notebook, with the text for frontends that have none, else print it."""
        ipython = sys.modules.get("IPython")
        if ipython is not None and ipython.get_ipython() is not None:
            from IPython.display import display  # noqa: PLC0415  (there only in a notebook)

            display({"text/plain": str(self), "text/html": self._repr_html_()}, raw=True)
        else:
            print(self)  # noqa: T201  (the answer itself)


def _item(check: CheckResult) -> str:
    words = {
        Outcome.PASSED: say("passed"),
        Outcome.PARTIAL: say("partly passed"),
        Outcome.FAILED: say("not yet"),
        Outcome.UNGRADABLE: say("could not be checked"),
    }
    mark = (
        f'<span style="color:{COLOURS[check.outcome]};font-weight:bold">'
        f'<span aria-hidden="true">{MARKS[check.outcome]}</span> {html.escape(words[check.outcome])}</span>'
    )
    said = "".join(
        f'<div style="margin-left:1.5em">{html.escape(text)}</div>' for text in (check.message, check.hint) if text
    )
    return f'<li style="margin:.25em 0">{mark} · {html.escape(check.sentence)}{said}</li>'
