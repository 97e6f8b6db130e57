"""Grade the whole sample class again and again, as courses with different secrets would, and compare the marks.

The course's secret decides which test images are redrawn and which training images carry patterns, so every run trains on
data of its own. Each result is a row of ``research/class_again.csv`` with the commit that was measured; a run whose rows are
there is not done again: ``python -m research.class_again --runs 10``.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from netgrader.cage import require_self_tests
from netgrader.course import Course
from netgrader.grading.jobs import jobs_of
from netgrader.grading.pool import Done, ProcessPool, Task, grade_tasks, longest_first
from netgrader.grading.stages import Options
from research.right_notebooks import ROOT, later, write_result
from research.rows import code_of, measured_commit

ROWS = Path(__file__).with_suffix(".csv")
FIELDS = ("commit", "run", "student", "notebook", "score", "of", "codes")


class _Printed:
    """Prints each notebook that is done."""

    def begin(self, task: Task) -> None: ...

    def end(self, done: Done) -> None:
        score = done.result.score if done.result else done.error
        sys.stdout.write(f"{done.task.student} {done.task.job.path.name} {score}\n")
        sys.stdout.flush()

    def tick(self) -> None: ...


def graded(run: int, at: str, workers: int, record: Path | None = None) -> list[dict[str, object]]:
    """The class's rows of one run, with nothing kept of other runs; each result as JSON into the folder `record`."""
    course = Course(ROOT)
    tasks = [
        Task(student, job)
        for student in course.submitted("digits")
        for job in jobs_of(course.assignment("digits"), student)
    ]
    with tempfile.TemporaryDirectory(prefix="netgrader-again-") as folder:
        os.environ["NETGRADER_STORE"] = folder
        (Path(folder) / "secret").write_bytes(hashlib.sha256(f"class again {run}".encode()).digest())
        done = grade_tasks(longest_first(tasks), Options(threads=1), ProcessPool(workers), [_Printed()])
    rows = []
    for one in sorted(done, key=lambda one: (one.task.student, one.task.job.path.name)):
        if one.result is None:
            raise RuntimeError(f"{one.task.student}, {one.task.job.path.name}: {one.error}")
        codes = " ".join(sorted(one.result.faults)) or one.result.status
        row = (at, run, one.task.student, one.task.job.path.stem, one.result.score, one.result.max_score, codes)
        rows.append(dict(zip(FIELDS, row, strict=True)))
        if record:
            write_result(one.result, record / f"{one.task.student}-{one.task.job.path.stem}.json")
    return rows


def load() -> list[dict[str, str]]:
    """All rows that there are."""
    if not ROWS.exists():
        return []
    with ROWS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> int:
    """Do the runs that have no rows, then say which marks differ; 1 if any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--record", type=Path, metavar="FOLDER", help="write the first run's results as JSON, and no rows"
    )
    parser.add_argument("--since", metavar="COMMIT", help="rows that were measured at this commit or later ones count")
    options = parser.parse_args()
    require_self_tests()
    at = measured_commit(*code_of("marks"))
    if options.record:
        graded(0, at, options.workers, options.record)
        return 0
    counted = {at, *later(options.since)} if options.since else {at}
    for run in range(options.runs):
        if any(row["commit"] in counted and int(row["run"]) == run for row in load()):
            continue
        start, new = time.monotonic(), not ROWS.exists()
        rows = graded(run, at, options.workers)
        with ROWS.open("a", encoding="utf-8", newline="") as file:
            out = csv.DictWriter(file, FIELDS, lineterminator="\n")
            if new:
                out.writeheader()
            out.writerows(rows)
        sys.stdout.write(f"run {run}: {time.monotonic() - start:.0f} s\n")
    given = defaultdict(set)
    for row in load():
        if row["commit"] in counted:
            given[row["student"], row["notebook"]].add((row["score"], row["codes"]))
    different = {one: marks for one, marks in given.items() if len(marks) > 1}
    for (student, notebook), marks in different.items():
        sys.stdout.write(
            f"{student}, {notebook}: {' · '.join(f'{score} ({codes})' for score, codes in sorted(marks))}\n"
        )
    sys.stdout.write(f"{len(given)} notebooks, {len(different)} with different marks\n")
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main())
