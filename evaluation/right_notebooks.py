"""Grade right notebooks in six styles with many seeds: each must earn all that a grader gives without a person.

Styles and seeds: `tests.course.right_notebooks`. Each result is a row of ``evaluation/right_notebooks.csv``
with the commit that was measured; what has a row at this commit is not graded again, so the study goes on where it was:
``python -m evaluation.right_notebooks``. It grades in real cages, each notebook on one thread. With ``--since COMMIT`` rows of that
commit and later ones count as well.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.rows import append_row, measured_commit, rows_of
from notebook_cage import require_self_tests
from tests.course.right_notebooks import SEEDS, STYLES, Seeded, graded

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
ROWS = Path(__file__).with_suffix(".csv")


def later(commit: str) -> list[str]:
    """Return this commit and later ones, as rows abbreviate them."""
    command = ["git", "log", "--format=%h", f"{commit}^..HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()


def wanted() -> Iterator[Seeded]:
    """Yield all combinations, seed by seed."""
    for seed in range(max(SEEDS.values())):
        for notebook, seeds in SEEDS.items():
            if seed < seeds:
                yield from (Seeded(notebook, style, seed) for style in STYLES)


def row_of(one: Seeded, at: str) -> dict[str, object]:
    """Grade a notebook; return its row."""
    with tempfile.TemporaryDirectory(prefix="netgrader-right-") as name:
        start = time.monotonic()
        result = graded(one, Path(name))
    cells = [cell for cell in result.cells if not cell.manual]
    codes = sorted(
        {code for cell in cells for check in cell.checks if check.outcome != "passed" for code in check.faults}
    )
    accuracy = result.measured.get("test_accuracy")
    return {
        "commit": at,
        **one._asdict(),
        "points": sum(cell.points or 0.0 for cell in cells),
        "of": sum(cell.max_points for cell in cells),
        "codes": " ".join(codes) or str(result.problem or ""),
        "accuracy": "" if accuracy is None else f"{accuracy:.4f}",
        "seconds": round(time.monotonic() - start, 1),
    }


def main() -> int:
    """Grade all notebooks without a row; return 1 if a right one lost points in any counted row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=None, help="begin no further notebook after so many")
    parser.add_argument("--only", choices=list(SEEDS), help="one notebook")
    parser.add_argument("--part", default="1/1", metavar="K/N", help="the K-th of N parts, for N processes at a time")
    parser.add_argument("--since", metavar="COMMIT", help="rows that were measured at this commit or later ones count")
    options = parser.parse_args()
    require_self_tests()
    deadline = None if options.minutes is None else time.monotonic() + 60 * options.minutes
    at = measured_commit("packages", "source/digits", "grader_tests", "tests/programs/notebooks")
    part, parts = map(int, options.part.split("/"))
    counted = {at, *later(options.since)} if options.since else {at}
    known = {(row["notebook"], row["style"], int(row["seed"])) for row in rows_of(ROWS) if row["commit"] in counted}
    for number, one in enumerate(wanted()):
        if tuple(one) in known or options.only not in (None, one.notebook) or number % parts != part - 1:
            continue
        if deadline is not None and time.monotonic() > deadline:
            break
        row = row_of(one, at)
        append_row(ROWS, row, row)
        sys.stdout.write(" ".join(str(value) for name, value in row.items() if name != "commit") + "\n")
        sys.stdout.flush()
    rows = [row for row in rows_of(ROWS) if row["commit"] in counted]
    lost = [row for row in rows if float(row["points"]) < float(row["of"])]
    for notebook in SEEDS:
        of_it = [row for row in rows if row["notebook"] == notebook]
        accuracies = sorted(row["accuracy"] for row in of_it if row["accuracy"])
        between = f", test accuracies from {accuracies[0]} to {accuracies[-1]}" if accuracies else ""
        sys.stdout.write(f"{notebook}: {len(of_it)} graded{between}\n")
    sys.stdout.write(
        f"{len(rows)} graded at {', '.join(sorted({row['commit'] for row in rows}))}, {len(lost)} lost points\n"
    )
    return int(bool(lost))


if __name__ == "__main__":
    sys.exit(main())
