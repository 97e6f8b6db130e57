"""Fuzz the border's readers and the whole road, and keep the tally: ``python -m evaluation.fuzzing --minutes 10``.

Goes on where it was: each target's seeds are counted through, over all commits, in ``evaluation/fuzzing.csv``. A row is
one target at one commit.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from random import Random

from evaluation.rows import append_row, measured_commit, rows_of
from netgrader.errors import CageError
from notebook_cage import require_self_tests
from tests.attacks.fuzzing import TARGETS, Report, fuzz
from tests.attacks.whole_road import build_road, change

HERE = Path(__file__).parent
ROWS = HERE / "fuzzing.csv"
ROAD = "whole road"
READERS, ROADS = 1_000_000, 10_000
"""Target numbers of inputs: for all readers together, and for the whole pipeline."""
SLICE = 20.0  # seconds per target in each turn


@dataclass
class Row:
    """Counts for one target at one commit."""

    commit: str
    target: str
    first_seed: int
    inputs: int = 0
    wrong: int = 0
    slowest_seconds: float = 0.0

    def add(self, report: Report) -> None:
        """Add the counts of a report."""
        self.inputs += report.tried
        self.wrong += len(report.wrong)
        self.slowest_seconds = max(self.slowest_seconds, round(report.slowest, 2))


def load(path: Path) -> list[Row]:
    """Return the current tally."""
    counts = ("first_seed", "inputs", "wrong")
    return [
        Row(row["commit"], row["target"], *(int(row[name]) for name in counts), float(row["slowest_seconds"]))
        for row in rows_of(path)
    ]


def save(rows: list[Row], path: Path) -> None:
    """Write the tally atomically."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    for row in map(asdict, rows):
        append_row(part, row, row)
    part.replace(path)


def row_of(rows: list[Row], at: str, target: str) -> Row:
    """Return the row of `target` at commit `at`, added if missing; its seeds follow those of all commits."""
    found = next((row for row in rows if (row.commit, row.target) == (at, target)), None)
    if found is None:
        found = Row(at, target, next_seed(rows, target))
        rows.append(found)
    return found


def next_seed(rows: list[Row], target: str) -> int:
    """Return the first unused seed of `target`."""
    return sum(row.inputs for row in rows if row.target == target)


def fuzz_reader(name: str, start: int, seconds: float) -> Report:
    """Fuzz one reader for `seconds`, starting at seed `start`."""
    return fuzz(TARGETS[name], itertools.count(start), seconds)


def walk_roads(start: int, seconds: float) -> Report:
    """Fuzz the whole pipeline for `seconds`, starting at seed `start`."""
    report = Report()
    with tempfile.TemporaryDirectory(prefix="netgrader-fuzz-") as name:
        road = build_road(Path(name))
        deadline = time.monotonic() + seconds
        for seed in itertools.count(start):
            if time.monotonic() > deadline:
                break
            random = Random(seed)  # noqa: S311
            begin = time.monotonic()
            try:
                road.walk(change(road.good, random), Path(name), random)
            except CageError:  # a problem of the machine, not of the notebook: this seed is not counted
                sys.stdout.write(f"{ROAD}, seed {seed}: {traceback.format_exc(limit=-1)}\n")
                break
            except Exception:  # noqa: BLE001  (this is what is looked for)
                report.wrong[seed] = traceback.format_exc(limit=-4)
            report.slowest = max(report.slowest, time.monotonic() - begin)
            report.tried += 1
    return report


def main(minutes: float, only: str | None = None, path: Path = ROWS) -> int:
    """Fuzz each target in turn; return 1 if anything went wrong."""
    deadline, failed = time.monotonic() + 60 * minutes, False
    at = measured_commit("packages", "tests/attacks")
    names = [name for name in (*TARGETS, ROAD) if only in (None, name)]
    if ROAD in names:
        require_self_tests()
    rows = load(path)
    # A reader that has reached the target by itself leaves its turns to the others.
    names = [name for name in names if only or next_seed(rows, name) < READERS] or names
    while (left := deadline - time.monotonic()) > 0:
        for name in names:
            seconds = min(SLICE * (3 if name == ROAD else 1), left / len(names))
            start = next_seed(rows, name)
            report = (walk_roads if name == ROAD else partial(fuzz_reader, name))(start, seconds)
            rows = _with_others(rows, path, names)
            row_of(rows, at, name).add(report)
            save(rows, path)
            for seed, trace in report.wrong.items():
                failed = True
                sys.stdout.write(f"\n{name}, seed {seed}:\n{trace}\n")
                sys.stdout.flush()
    sys.stdout.write(summary(load(path)) + "\n")
    return int(failed)


def _with_others(mine: list[Row], path: Path, names: list[str]) -> list[Row]:
    """Return the tally with concurrent counts of other targets."""
    others = [row for row in load(path) if row.target not in names]
    return [*others, *(row for row in mine if row.target in names)]


def summary(rows: list[Row]) -> str:
    """Return the totals in two lines."""
    readers = [row for row in rows if row.target != ROAD]
    roads = [row for row in rows if row.target == ROAD]
    return "\n".join(
        f"{what}: {sum(row.inputs for row in of):,} inputs of {wanted:,}, {sum(row.wrong for row in of)} went wrong"
        for what, of, wanted in (("readers", readers, READERS), (ROAD, roads, ROADS))
    )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--only", choices=[*TARGETS, ROAD])
    chosen = options.parse_args()
    sys.exit(main(chosen.minutes, chosen.only))
