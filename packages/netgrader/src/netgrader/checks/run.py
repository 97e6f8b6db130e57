"""Run graded tests with pytest in this process, with their fixtures: `run_tests`."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pytest

from graphread.drawing import boxes_of
from graphread.text import Text
from netgrader.checks.context import CellEvidence, Dataset, Networks, TestContext, require_layers
from netgrader.checks.language import Failed, fail_all, require_decided
from netgrader.checks.plugin import BrokenTests, GradingPlugin, PlannedCheck, by_cell
from netgrader.checks.wording import FOLLOWS_FROM
from netgrader.faults import Severity, fault
from netgrader.observations import NetworkDrawing
from netgrader.results import CheckResult, Visibility

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from graphread import Lab, Network
    from netgrader.checks.context import TestContext
    from netgrader.checks.exercises import Exercises
    from netgrader.observations import Observation

__all__ = ["EvidenceByCell", "Fixtures", "TestRun", "run_tests"]


class EvidenceByCell(Mapping[str, CellEvidence]):
    """Evidence by check cell, each read on first use; for missing evidence, the reason."""

    def __init__(self, bench: TestContext) -> None:
        self._bench = bench

    def __getitem__(self, cell: str) -> CellEvidence:
        return self._bench.evidence(cell)

    def __iter__(self) -> Any:
        return iter(sorted(path.name for path in self._bench.evidence_root.iterdir() if path.is_dir()))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Fixtures:
    """The fixtures of one run, and the figures and observations that its tests recorded."""

    def __init__(self, bench: TestContext, plugin: GradingPlugin) -> None:
        self._bench = bench
        self._plugin = plugin
        self.measurements: dict[str, dict[str, Any]] = {}
        self.observations: dict[str, list[Observation]] = {}

    def _cell(self, request: pytest.FixtureRequest) -> str:
        return self._plugin.terms(request.node).grades.cell

    @pytest.fixture
    def evidence(self) -> EvidenceByCell:
        """Return the evidence of all check cells, by ``grade_id``."""
        return EvidenceByCell(self._bench)

    @pytest.fixture
    def cell_evidence(self, request: pytest.FixtureRequest) -> CellEvidence:
        """Return the evidence of this test's own check cell."""
        return self._bench.evidence(self._cell(request))

    @pytest.fixture
    def network(self, request: pytest.FixtureRequest) -> Network:
        """Return the network of this test's cell at its default rate; pages draw it with the cell.

        The test ends here if no trained layers lead from the inputs to the outputs.
        """
        cell = self._cell(request)
        network = self._bench.network(cell)
        self._bench.once(("drawing", cell), lambda: self._draw(cell, network))
        require_layers(network)
        return network

    @pytest.fixture
    def networks(self, request: pytest.FixtureRequest, network: Network) -> Networks:  # noqa: ARG002  (it has layers)
        """Return the networks at the further learning rates of grading, by rate."""
        return self._bench.networks(self._cell(request))

    @pytest.fixture
    def exercises(self) -> Exercises:
        """Return the parameters of all exercises."""
        return self._bench.exercises

    @pytest.fixture
    def exercise(self, request: pytest.FixtureRequest) -> Mapping[str, Any]:
        """Return the parameters of this test's exercise: the table of its solution cell."""
        return self._bench.exercises.table(self._cell(request).removeprefix("check_"))

    @pytest.fixture
    def lab(self) -> Lab:
        """Return the lab, which runs graphs."""
        return self._bench.lab

    @pytest.fixture
    def dataset(self) -> Dataset:
        """Return the grader's copy of the data."""
        return self._bench.dataset

    @pytest.fixture
    def bench(self) -> TestContext:
        """Return the whole context, for needs without a fixture; `TestContext.once` caches expensive work."""
        return self._bench

    @pytest.fixture
    def outside(self) -> Mapping[str, Any]:
        """Return observations of the student's process from outside it; empty in a student's own notebook."""
        return self._bench.outside

    @pytest.fixture
    def measured(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        """Return a dict for figures in the result's ``measured``: ``measured["test_accuracy"] = 0.98``."""
        return self.measurements.setdefault(self._cell(request), {})

    @pytest.fixture
    def show(self, request: pytest.FixtureRequest) -> Callable[[Observation], None]:
        """Return a function that records an observation for the pages to draw with this test's cell."""
        cell = self._cell(request)
        return lambda observation: self.observations.setdefault(cell, []).append(observation)

    @pytest.fixture
    def remark(self) -> Callable[..., None]:
        """Return a function that records a remark, with `fault`'s arguments; nothing if `found` is `expected`."""

        def note(what: str, *, found: object = "", expected: object = None, place: object = "") -> None:
            if found != expected:
                self._plugin.remark(fault(what, place, found, "" if expected is None else expected, Severity.REMARK))

        return note

    @pytest.fixture
    def refuse(self, request: pytest.FixtureRequest) -> Callable[[Network], None]:
        """Return a function that ends the test if the reader found or left open its faults; notes remarks."""
        terms = self._plugin.terms(request.node).grades

        def look(network: Network) -> None:
            self._refuse(network, frozenset(terms.faults))

        return look

    @pytest.fixture
    def refuse_others(self, request: pytest.FixtureRequest) -> Callable[[Network], None]:
        """Return a function that ends the test at faults that no test of this cell looks for."""
        terms = self._plugin.terms(request.node).grades

        def look(network: Network) -> None:
            found = {*network.left_open, *(fault.code for fault in [*network.faults, *network.remarks])}
            self._refuse(network, found - self._plugin.looked_for(terms.cell))

        return look

    def _draw(self, cell: str, network: Network) -> None:
        try:
            told = replace(network, faults=tuple(map(self._bench.exercises.texts.told, network.faults)))
            seen = _drawing(told)
        except Exception as error:  # noqa: BLE001  (a failed drawing must not cost anyone points)
            self._plugin.log.append(f"The network of {cell} could not be drawn: {error!r}")
        else:
            self.observations.setdefault(cell, []).append(seen)

    def _refuse(self, network: Network, codes: frozenset[str] | set[str]) -> None:
        for remark in network.remarks:
            if remark.code in codes:
                self._plugin.remark(remark)
        found = [fault for fault in network.faults if fault.code in codes]
        # A function of an earlier cell may have built this part: then the fault is charged there.
        fail_all([replace(fault, causes=(fault.code, *IN_A_LAYER.get(fault.code, ()))) for fault in found])
        consequences = sorted(network.brought.keys() & codes)
        if consequences:
            cause = network.brought[consequences[0]]
            said = FOLLOWS_FROM.format(sentence=self._plugin.texts.told(cause).sentence)
            raise Failed([fault(said)], follows=cause.code)
        require_decided(network, codes)


IN_A_LAYER: Mapping[str, tuple[str, ...]] = {"relu-on-logits": ("wrong-activation",)}
"""The name of a network's fault in a function that builds a single layer, if it differs there."""

# pytest's own plugins that print, write, debug or hook the interpreter; a student's kernel must not load them.
OFF = (
    "terminal",
    "cacheprovider",
    "warnings",
    "faulthandler",
    "unraisableexception",
    "threadexception",
    "logging",
    "debugging",
    "doctest",
    "junitxml",
    "pastebin",
    "stepwise",
)


@dataclass(frozen=True)
class TestRun:
    """The results of the tests: `checks` by cell in the students' order, and each cell's notes."""

    checks: Mapping[str, tuple[CheckResult, ...]]
    measured_by_cell: Mapping[str, Mapping[str, Any]]
    observations: Mapping[str, tuple[Observation, ...]]
    log: tuple[str, ...]


def _drawing(network: Network) -> NetworkDrawing:
    """Return the network's drawing for the pages, as boxes and in words."""
    return NetworkDrawing(
        boxes=boxes_of(network),
        layers=tuple(layer.describe() for layer in network.layers),
        marked=tuple(fault.said for fault in network.faults),
    )


def run_tests(
    bench: TestContext,
    public: Sequence[Path],
    hidden: Sequence[Path] = (),
    *,
    cells: Sequence[str] | None = None,
    seconds: float = 60.0,
    on_plan: Callable[[Sequence[PlannedCheck]], None] = lambda _plan: None,
    on_verdict: Callable[[CheckResult], None] = lambda _result: None,
) -> TestRun:
    """Run the tests in the given files.

    Parameters
    ----------
    bench
        The state that the tests share.
    public, hidden
        Test files.
    cells
        The check cells whose tests run; all if None.
    seconds
        Time limit for one test.
    on_plan, on_verdict
        Called when the selected tests are known, and after each test.

    Raises
    ------
    BrokenTests
        If a file cannot be loaded, or a test lacks `grades`.
    KeyboardInterrupt
        If the user interrupted the run.
    """
    visibility = _visibility(public, hidden)
    plugin = GradingPlugin(visibility, cells, seconds, bench.exercises.texts, on_plan, on_verdict)
    fixtures = Fixtures(bench, plugin)
    # Formulas are evaluated on arbitrary numbers: an overflow in them is nothing that a student can fix.
    with _undisturbed(visibility), np.errstate(all="ignore"):
        code = pytest.main(_arguments(visibility), plugins=[plugin, fixtures])
    plugin.raise_if_broken()
    _require_ended(code)
    return TestRun(
        checks=by_cell(plugin.plan, plugin.verdicts),
        measured_by_cell={cell: _as_json(noted, bench) for cell, noted in fixtures.measurements.items() if noted},
        observations={cell: tuple(seen) for cell, seen in fixtures.observations.items()},
        log=tuple(plugin.log),
    )


def _visibility(public: Sequence[Path], hidden: Sequence[Path]) -> dict[Path, Visibility]:
    """Return the visibility of each test file, by resolved path; raise BrokenTests for a missing file."""
    visibility = dict.fromkeys(map(Path.resolve, public), Visibility.PUBLIC)
    visibility |= dict.fromkeys(map(Path.resolve, hidden), Visibility.HIDDEN)
    for path in visibility:
        if not path.is_file():
            raise BrokenTests(f"There is no file of tests {path}.")
    return visibility


def _require_ended(code: int) -> None:
    """Raise the matching error if pytest did not finish."""
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}:
        raise BrokenTests(f"pytest could not run the tests (it ended with {code}).")


def _as_json(noted: Mapping[str, Any], bench: TestContext) -> dict[str, Any]:
    """Return figures as JSON values, with texts in English."""
    say = bench.exercises.texts.in_english.say
    return {name: say(value) if isinstance(value, Text) else value for name, value in noted.items()}


def _arguments(files: Mapping[Path, Visibility]) -> list[str]:
    """Return arguments that isolate pytest: no configuration, no conftest, no other plugin."""
    here = Path(__file__).parent
    off = [argument for name in OFF for argument in ("-p", f"no:{name}")]
    fixed = ["-c", str(here / "pytest.ini"), "--rootdir", str(here), "--noconftest", "--import-mode=importlib"]
    return [*off, *fixed, "--assert=plain", "--capture=no", *map(str, files)]


@contextlib.contextmanager
def _undisturbed(files: Mapping[Path, Visibility]) -> Iterator[None]:
    """Restore the process afterwards: no bytecode files, no new modules, no changed environment."""
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}
    modules = set(sys.modules)
    with mock.patch.dict(os.environ, environment), mock.patch.object(sys, "dont_write_bytecode", new=True):
        try:
            yield
        finally:
            # A test file is reloaded each time: its author edits it while the kernel lives on.
            for name in set(sys.modules) - modules:
                if Path(getattr(sys.modules[name], "__file__", None) or ".").resolve() in files:
                    del sys.modules[name]
