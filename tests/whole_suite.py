"""Make `make test-all` resumable: one row of ``evaluation/whole_suite.csv`` for each completed file of tests.

A pytest plugin. Files that passed completely at the last commit that changed the tested code are skipped; rows of earlier
commits remain as history. Files that took longest come first, so that no worker is left alone with one at the end.
"""

from __future__ import annotations

import csv
import subprocess
from collections import Counter, defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = ROOT / "evaluation" / "whole_suite.csv"
FIELDS = ("commit", "file", "tests", "seconds", "failed")
TESTED = (".", ":!evaluation")
"""All of it, what is installed and built, too; but for what runs such as this one write down."""


def tested_commit() -> str:
    """Return the last commit that changed what is tested.

    Raises
    ------
    pytest.UsageError
        If something of it is changed and not committed: no row could say what was tested.
    """

    def git(*arguments: str) -> str:
        command = ["git", *arguments, "--", *TESTED]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    if changed := git("status", "--porcelain"):
        raise pytest.UsageError(f"Commit first what is tested: {changed.splitlines()[0]}")
    return git("log", "-1", "--format=%h")


def _read_rows(rows: Path) -> list[dict[str, str]]:
    if not rows.exists():
        return []
    with rows.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class ChooseFiles:
    """Leaves out the files that have passed at a commit, and puts the longest first, in each worker, too."""

    def __init__(self, rows: Path, commit: str) -> None:
        found = _read_rows(rows)
        self._passed = {row["file"] for row in found if row["commit"] == commit and not row["failed"]}
        self._seconds = {row["file"]: float(row["seconds"]) for row in found}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep what has not passed, by the seconds of a file's last row; files without one come last."""
        config.hook.pytest_deselected(items=[item for item in items if _file(item.nodeid) in self._passed])
        kept = (item for item in items if _file(item.nodeid) not in self._passed)
        items[:] = sorted(kept, key=lambda item: -self._seconds.get(_file(item.nodeid), 0))


class WriteRows:
    """Writes a file's row as soon as its last test has been reported."""

    def __init__(self, rows: Path, commit: str) -> None:
        self._rows, self._commit = rows, commit
        self._asked: Counter[str] = Counter()
        self._ended: Counter[str] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._failed: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count the tests of each file, where there are no workers."""
        self._asked = Counter(_file(item.nodeid) for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Count the tests of each file, as a worker found them."""
        self._asked = Counter(map(_file, ids))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note of a test, and write the row of a file whose last it was."""
        file = _file(report.nodeid)
        self._seconds[file] += report.duration
        if report.outcome != "passed":  # a skipped test has shown nothing
            self._failed[file][report.nodeid.partition("::")[2]] = None
        if report.when == "teardown":
            self._ended[file] += 1
            if self._ended[file] == self._asked[file]:
                self._write(file)

    def _write(self, file: str) -> None:
        new = not self._rows.exists()
        values = (self._commit, file, self._ended[file], f"{self._seconds[file]:.0f}", "; ".join(self._failed[file]))
        with self._rows.open("a", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerows([FIELDS, values] if new else [values])


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def take_part(config: pytest.Config, rows: Path, commit: str) -> None:
    """Register what chooses files, and, where reports arrive, what writes rows."""
    config.pluginmanager.register(ChooseFiles(rows, commit))
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(WriteRows(rows, commit))


def pytest_configure(config: pytest.Config) -> None:
    """Take part in a run of the whole suite."""
    take_part(config, ROWS, tested_commit())
