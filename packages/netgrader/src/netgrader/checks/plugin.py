"""The pytest plugin of graded tests: selects and orders them, limits time, collects verdicts."""

from __future__ import annotations

import ctypes
import threading
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from graphread import LabError
from graphread.text import Said, SentenceError, joined, plain, tidy
from netgrader.catalogue import OF_NO_COURSE, CourseTexts
from netgrader.checks.language import Failed, Grades, Ungradable, grades_of
from netgrader.checks.wording import (
    BROKEN_TEST,
    CONTRADICTED,
    FOLLOWS_FROM,
    NOT_REACHED,
    TOO_LONG,
)
from netgrader.errors import NetgraderError
from netgrader.faults import kind_of
from netgrader.results import CheckResult, Outcome, Visibility

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from netgrader.faults import Fault

__all__ = ["BrokenTests", "GradingPlugin", "PlannedCheck", "TestTimeout", "by_cell", "time_limit"]


class TestTimeout(BaseException):
    """Raised in a test's thread when its time is up; not an `Exception`, so tests do not catch it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TestTimeout` in this thread after `seconds`.

    It takes effect between two Python instructions. A C call that never returns is left to the time limit of the process.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    lock, over = threading.Lock(), threading.Event()

    def ring() -> None:
        with lock:
            if not over.is_set():
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(TestTimeout))

    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            over.set()
            timer.cancel()
            # Cancel the pending asynchronous exception: it must not hit later code.
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)


class BrokenTests(NetgraderError):
    """The tests cannot run because of their author's mistake; the message names it."""

    def __init__(self, sentence: str, details: str = "") -> None:
        super().__init__(sentence)
        self.details = details


@dataclass(frozen=True)
class PlannedCheck:
    """A selected test, before its run."""

    check: str
    sentence: str
    visibility: Visibility
    grades: Grades
    texts: CourseTexts = OF_NO_COURSE

    def result(
        self,
        outcome: Outcome,
        credit: float,
        faults: Sequence[Fault] = (),
        said: Said | None = None,
        follows: Iterable[str] = (),
    ) -> CheckResult:
        """Return a verdict of this test, with its name and credit."""
        named = {fault.code: fault for fault in faults if fault.code}
        return CheckResult(
            check=self.check,
            sentence=self.sentence,
            visibility=self.visibility,
            outcome=outcome,
            credit=credit,
            max_credit=self.grades.credit,
            faults=tuple(named),
            message=joined(fault.said for fault in faults) if faults else said,
            hint=self.texts.hint(tuple(named)),
            findings=tuple(faults),
            follows=tuple(dict.fromkeys(follows)),
            severity={code: fault.severity for code, fault in named.items() if fault.severity is not None},
            causes={code: found for code, fault in named.items() if (found := _causes_of(fault))},
        )

    def not_reached(self) -> CheckResult:
        """Return the verdict for a run that ended before this test."""
        return self.result(Outcome.UNGRADABLE, 0.0, said=NOT_REACHED)


def by_cell(plan: Iterable[PlannedCheck], verdicts: Mapping[str, CheckResult]) -> dict[str, tuple[CheckResult, ...]]:
    """Return the planned checks by cell, each with its verdict (by check id), or as not reached."""
    checks: dict[str, tuple[CheckResult, ...]] = {}
    for planned in plan:
        verdict = verdicts.get(planned.check, planned.not_reached())
        checks[planned.grades.cell] = (*checks.get(planned.grades.cell, ()), verdict)
    return checks


@dataclass(eq=False)  # hashable, which pytest before 9 requires of plugins
class GradingPlugin:
    """Runs the collected tests and collects their verdicts."""

    visibility: Mapping[Path, Visibility]
    """The visibility of each test file, by resolved path."""
    cells: Collection[str] | None = None
    """The check cells whose tests run; all if None."""
    seconds: float = 60.0
    """Time limit for one test."""
    texts: CourseTexts = OF_NO_COURSE
    """The course's texts about faults."""
    on_plan: Callable[[Sequence[PlannedCheck]], None] = lambda _plan: None
    on_verdict: Callable[[CheckResult], None] = lambda _result: None
    """Called when the selected tests are known, and after each test."""
    plan: list[PlannedCheck] = field(default_factory=list)
    verdicts: dict[str, CheckResult] = field(default_factory=dict)
    """The tests in the order in which students see them, and their verdicts by check id."""
    log: list[str] = field(default_factory=list)
    """Problems of the tests themselves, with tracebacks, for the instructor."""

    def __post_init__(self) -> None:
        self._planned: dict[str, PlannedCheck] = {}  # by pytest's node id
        self._files: dict[str, str] = {}  # of tests, by function
        self._remarks: list[Fault] = []
        self._found: dict[str, list[Fault]] = {}  # by cell
        self._broken: list[BrokenTests] = []

    # For fixtures.

    def terms(self, item: pytest.Item) -> PlannedCheck:
        """Return the plan's entry for a pytest item."""
        return self._planned[item.nodeid]

    def remark(self, fault: Fault) -> None:
        """Record a remark, which costs nothing, with the running test."""
        self._remarks.append(fault)

    def looked_for(self, cell: str) -> frozenset[str]:
        """Return the codes of faults that the tests of a cell look for."""
        return frozenset(code for entry in self.plan if entry.grades.cell == cell for code in entry.grades.faults)

    def raise_if_broken(self) -> None:
        """Raise the first error found in the tests themselves, if there is one."""
        if self._broken:
            raise self._broken[0]

    # Hooks of pytest.

    @pytest.hookimpl
    def pytest_exception_interact(self, node: pytest.Item | pytest.Collector, report: pytest.CollectReport) -> None:
        """Record a test file that cannot be loaded."""
        if isinstance(node, pytest.Collector):
            details = str(report.longrepr)
            last = details.strip().rpartition("\n")[2].removeprefix("E").strip()
            self._broken.append(BrokenTests(f"{node.path.name} cannot be loaded: {plain(last)}", details))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        """Select the tests of the requested cells and plan them."""
        chosen: list[pytest.Function] = []
        for item in items:
            planned = self._entry(item)
            if planned is None or (self.cells is not None and planned.grades.cell not in self.cells):
                continue
            chosen.append(item)
            self.plan.append(planned)
            self._planned[item.nodeid] = planned
            name = item.originalname
            if self._files.setdefault(name, _file_name(item)) != _file_name(item):
                self._broken.append(BrokenTests(f"Two tests of one notebook are called {name}; give one another name."))
        items[:] = [] if self._broken else chosen
        if not self._broken:
            self.on_plan(self.plan)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Iterator[None]:
        """Limit the time of fixtures."""
        self._remarks.clear()
        with time_limit(self.seconds):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        """Limit the time of a test."""
        with time_limit(self.seconds):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """Convert a test's end to its verdict."""
        report = yield
        planned = self.terms(item)
        raised = call.excinfo.value if call.excinfo is not None else None
        if call.when == "teardown":
            if raised is not None:
                self.log.append(_traceback(planned, raised))
        elif raised is not None or call.when == "call":
            verdict = self._verdict(planned, raised)
            self.verdicts[planned.check] = verdict
            self.on_verdict(verdict)
        return report

    # Verdicts.

    def _entry(self, item: pytest.Function) -> PlannedCheck | None:
        function = item.function
        terms = grades_of(function)
        if terms is None:
            self._broken.append(BrokenTests(f"{_file_name(item)}: {item.name} does not say what it grades (@grades)."))
            return None
        unknown = sorted(set(terms.faults) - self.texts.kinds.keys())
        if unknown:
            self._broken.append(
                BrokenTests(f"{_file_name(item)}: no such fault in the catalogue: {', '.join(unknown)}.")
            )
            return None
        sentence = function.__doc__.strip().splitlines()[0]
        name = f"{_file_name(item)}::{item.name}"
        return PlannedCheck(name, sentence, self.visibility[item.path.resolve()], terms, self.texts)

    def _verdict(self, planned: PlannedCheck, raised: BaseException | None) -> CheckResult:
        match raised:
            case None:
                return planned.result(Outcome.PASSED, planned.grades.credit, self._told(self._remarks))
            case Failed():
                return self._failed(planned, raised)
            case AssertionError() | pytest.fail.Exception():
                return planned.result(Outcome.FAILED, 0.0, said=_asserted(raised))
            case _:
                return planned.result(Outcome.UNGRADABLE, 0.0, said=self._why_ungradable(planned, raised))

    def _failed(self, planned: PlannedCheck, raised: Failed) -> CheckResult:
        """Return the verdict of a failure; charge nothing if an earlier test of the cell found the same."""
        named = [fault.code for fault in raised.faults if fault.code]
        unknown = set(named) - self.texts.kinds.keys()
        if unknown:
            self.log.append(f"{planned.check}: no such fault in the catalogue: {', '.join(sorted(unknown))}.")
            return planned.result(Outcome.UNGRADABLE, 0.0, said=BROKEN_TEST)
        known = self._found.setdefault(planned.grades.cell, [])
        if len(named) == len(raised.faults) and all(fault in known for fault in raised.faults):
            said = FOLLOWS_FROM.format(sentence=self.texts.told(raised.faults[0]).sentence)
            return planned.result(Outcome.FAILED, 0.0, said=said, follows=named)
        known += raised.faults
        credit = planned.grades.credit * raised.share
        follows = filter(None, [raised.follows])
        found = self._told([*raised.faults, *self._remarks])
        return planned.result(Outcome.PARTIAL if credit else Outcome.FAILED, credit, found, follows=follows)

    def _told(self, faults: Iterable[Fault]) -> list[Fault]:
        """Return faults with the course's sentences."""
        return [self.texts.told(fault) for fault in faults]

    def _why_ungradable(self, planned: PlannedCheck, raised: BaseException) -> Said:
        match raised:
            case Ungradable():
                return tidy(raised.sentence)
            case SentenceError():
                self.log.append(f"{planned.check}: {raised}")
                return tidy(raised.said)
            case LabError():
                self.log.append(f"{planned.check}: the lab: {raised.kind}: {raised.sentence}")
                return tidy(raised.sentence)
            case TestTimeout():
                self.log.append(f"{planned.check} took longer than {self.seconds:g} s.")
                return TOO_LONG.format(seconds=self.seconds)
            case _:
                self.log.append(_traceback(planned, raised))
                return BROKEN_TEST


def _causes_of(fault: Fault) -> tuple[str, ...]:
    """Return the possible causes of a fault: its own, and those of its kind in the catalog."""
    return (*fault.causes, *kind_of(fault.code).after)


def _asserted(raised: BaseException) -> Said:
    """Return the author's sentence without the comparison that pytest may append."""
    first = plain(str(raised).partition("\n")[0])
    return CONTRADICTED if not first or first.startswith("assert ") else first


def _file_name(item: pytest.Item) -> str:
    return item.path.name


def _traceback(planned: PlannedCheck, raised: BaseException) -> str:
    lines = "".join(traceback.format_exception(raised))
    return f"{planned.check} broke:\n{lines}"
