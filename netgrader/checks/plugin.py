"""The pytest plugin that runs tests for marks: chooses and orders them, limits their time, and collects their verdicts."""

from __future__ import annotations

import ctypes
import threading
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from netgrader.checks.language import Failed, Grades, Ungradable, grades_of
from netgrader.checks.wording import (
    BROKEN_TEST,
    CONTRADICTED,
    FOLLOWS_FROM,
    FORGIVEN,
    NOT_REACHED,
    TOO_LONG,
    WAITS,
    WAITS_UNGRADABLE,
    hint,
    message,
    plain,
)
from netgrader.errors import NetgraderError
from netgrader.faults import CATALOGUE, FOR_A_PERSON, Severity
from netgrader.phrases import say
from netgrader.reader import LabError
from netgrader.results import CheckResult, Outcome, Visibility, severity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from netgrader.faults import Fault

__all__ = ["BrokenTests", "GradingPlugin", "PlannedCheck", "TestTimeout", "time_limit"]


class TestTimeout(BaseException):
    """Raised in the test's thread when its time is up. Not an `Exception`: a test's own handlers must not eat it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TestTimeout` in this thread after `seconds`.

    It arrives between two steps of Python. A call into C that never returns is left to the limit of the whole process.
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
            # One that was sent and has not arrived must not hit whoever comes next.
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)


class BrokenTests(NetgraderError):
    """The tests themselves cannot be run: a mistake of their author. The message says which; `details` has more."""

    def __init__(self, sentence: str, details: str = "") -> None:
        super().__init__(sentence)
        self.details = details


class _Postponed(Exception):
    """A required test did not earn credit; `ungradable` if that was for want of anything to judge.

    `follows` are the codes of what was found there, which pay for what cannot be judged here.
    """

    def __init__(self, sentence: str, ungradable: bool, follows: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.ungradable = ungradable
        self.follows = follows


@dataclass(frozen=True)
class PlannedCheck:
    """A test that is going to be run."""

    check: str
    sentence: str
    visibility: Visibility
    grades: Grades

    def result(
        self,
        outcome: Outcome,
        credit: float,
        faults: Sequence[Fault] = (),
        said: str | None = None,
        follows: Iterable[str] = (),
        *,
        waits: bool = False,
    ) -> CheckResult:
        """Return the verdict with this test's name and terms."""
        codes = tuple(dict.fromkeys(fault.code for fault in faults if fault.code))
        return CheckResult(
            check=self.check,
            sentence=self.sentence,
            visibility=self.visibility,
            outcome=outcome,
            credit=credit,
            max_credit=self.grades.credit,
            faults=codes,
            message=said if said is not None else (message(faults) if faults else None),
            hint=hint(codes),
            follows=tuple(dict.fromkeys(follows)),
            waits=waits,
            severity={fault.code: fault.severity for fault in faults if fault.code and fault.severity is not None},
        )

    def not_reached(self) -> CheckResult:
        """Return the verdict where the run ended before this test."""
        return self.result(Outcome.UNGRADABLE, 0.0, said=say(NOT_REACHED))


@dataclass(eq=False)  # hashable, as versions of pytest before 9 ask of a plugin
class GradingPlugin:
    """Runs the collected tests for marks."""

    visibility: Mapping[Path, Visibility]
    """What each test file is, by resolved path."""
    cells: frozenset[str] | None = None
    """Check cells whose tests are run; all if None."""
    seconds: float = 60.0
    """Time limit for one test."""
    on_plan: Callable[[Sequence[PlannedCheck]], None] = lambda _plan: None
    on_verdict: Callable[[CheckResult], None] = lambda _result: None
    """Called when it is known which tests will be run, and after each."""
    plan: list[PlannedCheck] = field(default_factory=list)
    verdicts: dict[str, CheckResult] = field(default_factory=dict)
    """The tests in the order in which students see them, and what came of them, by check id."""
    log: list[str] = field(default_factory=list)
    """For the instructor: what went wrong in tests, with tracebacks."""

    def __post_init__(self) -> None:
        self._planned: dict[str, PlannedCheck] = {}  # by pytest's node id
        self._by_function: dict[str, PlannedCheck] = {}
        self._remarks: list[Fault] = []
        self._forgiven: list[str] = []
        self._broken: list[BrokenTests] = []

    # What fixtures ask.

    def terms(self, item: pytest.Item) -> PlannedCheck:
        """Return the plan's entry for an item of pytest's."""
        return self._planned[item.nodeid]

    def remark(self, fault: Fault) -> None:
        """Note something that costs nothing with the test that is running."""
        self._remarks.append(fault)

    def forgive(self, cause: str) -> None:
        """Note that the test that is running found what only follows from a fault that is charged in another cell."""
        self._forgiven.append(cause)

    def causes(self, cells: Sequence[str]) -> Mapping[str, str]:
        """Return what is not charged again after the faults that these cells were charged with so far: by code, its cause."""
        found: dict[str, str] = {}
        for entry in self.plan:
            verdict = self.verdicts.get(entry.check) if entry.grades.cell in cells else None
            if verdict is not None and verdict.outcome in {Outcome.FAILED, Outcome.PARTIAL}:
                for code in verdict.faults:
                    fatal = severity_of(verdict, code) is Severity.FATAL and code not in FOR_A_PERSON
                    shows_as = CATALOGUE[code].elsewhere if code in CATALOGUE else frozenset()
                    brings = {code} | shows_as | (_cannot_learn() if fatal else frozenset())
                    found |= {consequence: found.get(consequence, code) for consequence in brings}
        return found

    def looked_for(self, cell: str) -> frozenset[str]:
        """Return codes of the faults that some test of the cell says it looks for."""
        return frozenset(code for entry in self.plan if entry.grades.cell == cell for code in entry.grades.faults)

    def raise_if_broken(self) -> None:
        """Raise the first mistake found in the tests themselves, if there is one."""
        if self._broken:
            raise self._broken[0]

    # What pytest calls.

    @pytest.hookimpl
    def pytest_exception_interact(self, node: pytest.Item | pytest.Collector, report: pytest.CollectReport) -> None:
        """Notice a test file that cannot be loaded."""
        if isinstance(node, pytest.Collector):
            details = str(report.longrepr)
            last = details.strip().splitlines()[-1].removeprefix("E").strip() if details.strip() else "no reason given"
            self._broken.append(BrokenTests(f"{node.path.name} cannot be loaded: {plain(last)}", details))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Choose the tests of the cells that are asked for, and run each after those that it builds on."""
        chosen: list[pytest.Item] = []
        for item in items:
            planned = self._entry(item)
            if planned is None or (self.cells is not None and planned.grades.cell not in self.cells):
                continue
            chosen.append(item)
            self.plan.append(planned)
            self._planned[item.nodeid] = planned
            name = _function_name(item)
            if name in self._by_function and self._by_function[name].check.partition("::")[0] != _file_name(item):
                self._broken.append(BrokenTests(f"Two tests of one notebook are called {name}; give one another name."))
            self._by_function[name] = planned
        items[:] = chosen if self._broken else self._ordered(chosen)
        if self._broken:
            items.clear()
            return
        self.on_plan(self.plan)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        """Refuse to run what waits for another test; limit the time that fixtures take."""
        self._remarks.clear()
        self._forgiven.clear()
        for required in self._required(item):
            entry = self._by_function[required]
            verdict = self.verdicts[entry.check]
            if not _earned(verdict):
                # What a student said and the test that confirms it did not find is not true: that costs its credit.
                said = _function_name(item) in entry.grades.confirms
                causes = () if said else verdict.follows or verdict.faults
                raise _Postponed(entry.sentence, verdict.outcome is Outcome.UNGRADABLE, causes)
        with time_limit(self.seconds):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        """Limit the time that a test takes."""
        with time_limit(self.seconds):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """Turn how a test ended into its verdict."""
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

    # How it decides.

    def _entry(self, item: pytest.Item) -> PlannedCheck | None:
        if not isinstance(item, pytest.Function):
            return None
        function = item.function
        terms = grades_of(function)
        if terms is None:
            self._broken.append(BrokenTests(f"{_file_name(item)}: {item.name} does not say what it grades (@grades)."))
            return None
        sentence = say((function.__doc__ or "").strip().splitlines()[0])
        return PlannedCheck(f"{_file_name(item)}::{item.name}", sentence, self.visibility[item.path.resolve()], terms)

    def _ordered(self, items: Sequence[pytest.Item]) -> list[pytest.Item]:
        """Items with required tests and forgiven cells first, and otherwise in the order in which they stand."""
        done: list[pytest.Item] = []
        left = list(items)
        while left:
            names = {_function_name(item) for item in left}
            cells = {self.terms(item).grades.cell for item in left}
            ready = next((item for item in left if not self._blocked(item, names, cells)), None)
            if ready is None:
                self._broken.append(BrokenTests(f"{left[0].name} and the tests that it requires wait for one another."))
                return []
            done.append(ready)
            left.remove(ready)
        return done

    def _required(self, item: pytest.Item) -> tuple[str, ...]:
        """Return names of the tests that must have earned credit before this one is run."""
        own = _function_name(item)
        confirming = (name for name, entry in self._by_function.items() if own in entry.grades.confirms)
        return *self.terms(item).grades.requires, *confirming

    def _blocked(self, item: pytest.Item, names: set[str], cells: set[str]) -> bool:
        grades = self.terms(item).grades
        for required in self._required(item):
            entry = self._by_function.get(required)
            if entry is None or entry.grades.cell != grades.cell:
                self._broken.append(BrokenTests(f"{item.name} requires {required}, which is no test of its cell."))
                return False
        for confirmed in grades.confirms:
            entry = self._by_function.get(confirmed)
            if entry is None or entry.grades.cell != grades.cell:
                self._broken.append(BrokenTests(f"{item.name} confirms {confirmed}, which is no test of its cell."))
                return False
        return any(name in names for name in self._required(item)) or any(cell in cells for cell in grades.forgives)

    def _verdict(self, planned: PlannedCheck, raised: BaseException | None) -> CheckResult:
        full = planned.grades.credit
        match raised:
            case None:
                return self._passed(planned)
            case Failed():
                causes = self.causes(planned.grades.forgives)
                if all(_follows(fault.code, causes) for fault in raised.faults):
                    self._forgiven += [causes[fault.code] for fault in raised.faults]
                    return self._passed(planned)
                outcome = Outcome.PARTIAL if raised.share > 0 and full > 0 else Outcome.FAILED
                follows = [raised.follows] if raised.follows else []
                return planned.result(outcome, full * raised.share, [*raised.faults, *self._remarks], follows=follows)
            case AssertionError() | pytest.fail.Exception():
                return planned.result(Outcome.FAILED, 0.0, said=_asserted(raised))
            case _Postponed(ungradable=False):
                waits, said = not raised.follows, say(WAITS, sentence=raised)
                if raised.follows:
                    said = say(FOLLOWS_FROM, sentence=_sentence(raised.follows[0]))
                return planned.result(Outcome.FAILED, 0.0, said=said, follows=raised.follows, waits=waits)
            case _:
                waits, why = isinstance(raised, _Postponed), self._why_ungradable(planned, raised)
                return planned.result(Outcome.UNGRADABLE, 0.0, said=why, waits=waits)

    def _passed(self, planned: PlannedCheck) -> CheckResult:
        told = [say(FORGIVEN, sentence=_sentence(code)) for code in dict.fromkeys(self._forgiven)]
        noted = [message(self._remarks)] if self._remarks else []
        said = " ".join([*noted, *told]) or None
        return planned.result(Outcome.PASSED, planned.grades.credit, self._remarks, said, self._forgiven)

    def _why_ungradable(self, planned: PlannedCheck, raised: BaseException) -> str:
        match raised:
            case _Postponed():
                return say(WAITS_UNGRADABLE, sentence=raised)
            case Ungradable():
                return say(plain(raised))
            case NetgraderError():
                self.log.append(f"{planned.check}: {raised}")
                return say(plain(raised))
            case LabError():
                self.log.append(f"{planned.check}: the lab: {raised.kind}: {raised.sentence}")
                return say(plain(raised.sentence))
            case TestTimeout():
                self.log.append(f"{planned.check} took longer than {self.seconds:g} s.")
                return say(TOO_LONG, seconds=self.seconds)
            case _:
                self.log.append(_traceback(planned, raised))
                return say(BROKEN_TEST)


def _sentence(code: str) -> str:
    return say(CATALOGUE[code].sentence) if code in CATALOGUE else code


def _earned(verdict: CheckResult) -> bool:
    return verdict.credit > 0 or (verdict.max_credit == 0 and verdict.outcome is Outcome.PASSED)


def _asserted(raised: BaseException) -> str:
    """Return the author's sentence; the comparison that pytest may have added below it is not for students."""
    first = say(plain(str(raised).partition("\n")[0]))
    return say(CONTRADICTED) if not first or first.startswith("assert ") else first


def _function_name(item: pytest.Item) -> str:
    return getattr(item, "originalname", None) or item.name


def _file_name(item: pytest.Item) -> str:
    return item.path.name


def _traceback(planned: PlannedCheck, raised: BaseException) -> str:
    lines = "".join(traceback.format_exception(raised))
    return f"{planned.check} broke:\n{lines}"


def _follows(code: str, causes: Mapping[str, str]) -> bool:
    """Whether what a test found only follows from a fault that is charged in another cell, and is not that fault itself."""
    return code in causes and (code in _cannot_learn() or causes[code] != code)


def _cannot_learn() -> frozenset[str]:
    """Return what any training of a network that cannot learn comes to."""
    return frozenset(code for code, kind in CATALOGUE.items() if kind.after_fatal)
