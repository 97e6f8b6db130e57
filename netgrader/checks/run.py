"""Run tests for marks with pytest, in this process: `run_tests`."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from netgrader.checks.fixtures import Fixtures
from netgrader.checks.plugin import BrokenTests, GradingPlugin, PlannedCheck
from netgrader.results import CheckResult, Visibility

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from netgrader.checks.bench import Bench
    from netgrader.observations import Observation

__all__ = ["TestRun", "run_tests"]

# Plugins of pytest's own that print, write, debug or hook the interpreter: none of it belongs in a student's kernel.
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
    """What came of the tests: `checks` by cell as students see them, and what the tests of each cell noted."""

    checks: Mapping[str, tuple[CheckResult, ...]]
    measured_by_cell: Mapping[str, Mapping[str, Any]]
    observations: Mapping[str, tuple[Observation, ...]]
    log: tuple[str, ...]

    @property
    def measured(self) -> dict[str, Any]:
        """The figures of all cells."""
        return {name: value for noted in self.measured_by_cell.values() for name, value in noted.items()}


def run_tests(
    bench: Bench,
    public: Sequence[Path],
    hidden: Sequence[Path] = (),
    *,
    cells: Sequence[str] | None = None,
    seconds: float = 60.0,
    on_plan: Callable[[Sequence[PlannedCheck]], None] = lambda _plan: None,
    on_verdict: Callable[[CheckResult], None] = lambda _result: None,
) -> TestRun:
    """Run the tests in the files given.

    Parameters
    ----------
    bench
        What they work on.
    public, hidden
        Files of tests.
    cells
        Check cells whose tests are run; all if None.
    seconds
        Time limit for one test.
    on_plan, on_verdict
        Called when it is known which tests will be run, and after each.

    Raises
    ------
    BrokenTests
        If a file cannot be loaded, or a test does not say what it grades.
    KeyboardInterrupt
        If the user stopped it.
    """
    visibility = {path.resolve(): Visibility.PUBLIC for path in public}
    visibility |= {path.resolve(): Visibility.HIDDEN for path in hidden}
    missing = [path for path in visibility if not path.is_file()]
    if missing:
        raise BrokenTests(f"There is no file of tests {missing[0]}.")
    plugin = GradingPlugin(visibility, None if cells is None else frozenset(cells), seconds, on_plan, on_verdict)
    fixtures = Fixtures(bench, plugin)
    with _undisturbed(visibility):
        code = pytest.main(_arguments(visibility), plugins=[plugin, fixtures])
    plugin.raise_if_broken()
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}:
        raise BrokenTests(f"pytest could not run the tests (it ended with {code}).")
    checks: dict[str, list[CheckResult]] = {}
    for planned in plugin.plan:
        verdict = plugin.verdicts.get(planned.check) or planned.not_reached()
        checks.setdefault(planned.grades.cell, []).append(verdict)
    return TestRun(
        checks={cell: tuple(found) for cell, found in checks.items()},
        measured_by_cell={cell: dict(noted) for cell, noted in fixtures.measurements.items() if noted},
        observations={cell: tuple(seen) for cell, seen in fixtures.observations.items()},
        log=tuple(plugin.log),
    )


def _arguments(files: Mapping[Path, Visibility]) -> list[str]:
    """Nothing of the surroundings counts: no configuration, no conftest, no other plugin."""
    here = Path(__file__).parent
    off = [argument for name in OFF for argument in ("-p", f"no:{name}")]
    fixed = ["-c", str(here / "pytest.ini"), "--rootdir", str(here), "--noconftest", "--import-mode=importlib"]
    return [*off, *fixed, "--assert=plain", "--capture=no", *map(str, files)]


@contextlib.contextmanager
def _undisturbed(files: Mapping[Path, Visibility]) -> Iterator[None]:
    """Leave the process as it was: no compiled files beside the tests, no modules, no settings of the environment."""
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}
    before = {name: os.environ.get(name) for name in [*environment, "PYTEST_CURRENT_TEST", "PYTEST_VERSION"]}
    modules, compiled = set(sys.modules), sys.dont_write_bytecode
    os.environ.update(environment)
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = compiled
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        # A test file is loaded afresh each time: its author edits it, and the kernel lives on.
        for name in set(sys.modules) - modules:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).resolve() in files:
                del sys.modules[name]
