"""A class of copies whose runs and first verdicts are replayed: what the rest costs, from 300 to 10,000 students.

One notebook is run and verified as usual. Each student then hands in a copy of it in which one comment differs; its run
and its first verdicts are put into the store under the copy's own hashes. So nothing is trained, and everything else is
real: reading, hashing, the gradebook, pages, and the verdicts after a test was changed.

    .venv/bin/python -m research.simulated_class --students 300
    .venv/bin/python -m research.simulated_class --students 1000

Each measurement is a row of `research/simulated_class.csv`, with the commit and the machine's load.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from netgrader.course import Course
from netgrader.grading import stages, store, verify_stage
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import find_jobs, jobs_of
from research import opening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.course import Assignment

ROOT = Path(__file__).parent.parent
ROWS = Path(__file__).with_suffix(".csv")
PARTS = ("source", "grader_tests", "data", "nbgrader_config.py")
FIELDS = (
    "commit",
    "time",
    "load",
    "students",
    "what",
    "seconds",
    "cpu_seconds",
    "peak_mb",
    "gradebook_mb",
    "size_mb",
    "said",
)
NETGRADER = Path(sys.executable).parent / "netgrader"


def main() -> None:
    """Make the class, measure, write rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--notebook", type=Path, default=ROOT / "submitted/ada/digits/1_one_layer.ipynb")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--change", default="check_prepare_data", help="the check cell of which a hidden test is changed"
    )
    parser.add_argument("--no-change", action="store_true", help="leave out what a changed test costs")
    parser.add_argument("--folder", type=Path, help="keep the class here; a temporary folder if not given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="netgrader-class-") as made:
        folder = (options.folder or Path(made) / "course").resolve()
        measure(folder, options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    """All measurements of one class."""
    os.environ |= {"NETGRADER_COURSE": str(folder), "NETGRADER_STORE": str(folder / ".netgrader")}
    course = made_course(folder)
    assignment = course.assignment("digits")
    begun = time.monotonic()
    hand_in(assignment, options.notebook, options.students)
    say(f"{options.students} copies handed in, their runs replayed, in {time.monotonic() - begun:.0f} s")
    grade = ["autograde", "digits", "--workers", str(options.workers)]
    note = Rows(folder, options.students)
    note.run("first marks, runs replayed", grade)
    note.run("nothing changed", grade)
    note.run("report", ["report", "digits"], folder / "reports" / "digits.html")
    for one in opening.measure(folder, "digits", options.students):
        note.row(one.what, one.seconds, cpu=one.page_cpu + one.server_cpu, said=f"{one.elements} elements")
    if not options.no_change:
        change_test(folder, options.notebook.stem, options.change)
        note.run(f"hidden test of {options.change} changed: dry run", [*grade, "--dry-run"])
        note.run("the same, saved", grade)


def say(line: str) -> None:
    """Print it at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def made_course(folder: Path) -> Course:
    """A copy of the course that may be changed."""
    for part in PARTS:
        if not (folder / part).exists():
            folder.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copyfile
            copy(ROOT / part, folder / part)
    return Course(folder)


def hand_in(assignment: Assignment, notebook: Path, students: int) -> None:
    """A copy for each student, with its run and its verdicts in the store."""
    (job,) = find_jobs(notebook, assignment.course)
    kept = assignment.course.scratch / "store"
    with noticed() as (runs, verdicts):
        grade_job(job)
        if not runs:  # it was in the store: take it from there
            runs.append(next(iter((kept / "execute").glob("*/*/content"))))
            raw = next(iter((kept / "verify").glob("*/*/content/verification.json")))
            verdicts.append(verify_stage._load(raw.parent))  # noqa: SLF001
    text = notebook.read_text(encoding="utf-8")
    with replayed(runs[0], verdicts[0]):
        for number in range(students):
            student = f"s{number:05}"
            target = assignment.course.folder("submitted", student, assignment.name) / notebook.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(with_comment(text, student), encoding="utf-8")
            for one in jobs_of(assignment, student):
                grade_job(one)


def with_comment(text: str, student: str) -> str:
    """The notebook with a comment of the student's in its first solution cell."""
    raw = json.loads(text)
    cell = next(one for one in raw["cells"] if one["metadata"].get("nbgrader", {}).get("solution"))
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    cell["source"] = f"{source}\n# {student}"
    return json.dumps(raw)


@contextmanager
def noticed() -> Iterator[tuple[list[Path], list[Any]]]:
    """Keeps what is run and verified: folders of runs, verifications."""
    runs: list[Path] = []
    verdicts: list[Any] = []
    run, verify = stages.run_request, verify_stage.verify
    with tempfile.TemporaryDirectory(prefix="netgrader-run-") as made:

        def run_and_note(request: Any, options: Any, folder: Path) -> None:
            run(request, options, folder)
            shutil.copytree(folder, Path(made) / "run")
            runs.append(Path(made) / "run")

        def verify_and_note(request: Any) -> Any:
            verdicts.append(verify(request))
            return verdicts[-1]

        stages.run_request, verify_stage.verify = run_and_note, verify_and_note
        try:
            yield runs, verdicts
            if runs:  # outlives the folder
                kept = Path(tempfile.mkdtemp(prefix="netgrader-run-"))
                shutil.copytree(runs[0], kept, dirs_exist_ok=True)
                runs[0] = kept
        finally:
            stages.run_request, verify_stage.verify = run, verify


@contextmanager
def replayed(run: Path, verification: Any) -> Iterator[None]:
    """Runs are links to the files of one run, with a number that makes each another one; verdicts are those of it.

    Nothing waits for the disk: that is part of a real run, and here the class is only made.
    """
    really, verify = stages.run_request, verify_stage.verify
    flush, flush_folder = store._flush, store._flush_folder  # noqa: SLF001
    number = iter(range(10**9))

    def link(_request: Any, _options: Any, folder: Path) -> None:
        shutil.copytree(run, folder, copy_function=os.link, dirs_exist_ok=True)
        (folder / "replayed.txt").write_text(str(next(number)))

    stages.run_request, verify_stage.verify = link, lambda _request: verification
    store._flush = store._flush_folder = lambda _folder: None  # noqa: SLF001
    try:
        yield
    finally:
        stages.run_request, verify_stage.verify = really, verify
        store._flush, store._flush_folder = flush, flush_folder  # noqa: SLF001


def change_test(folder: Path, notebook: str, cell: str) -> None:
    """A hidden test more in the cell, which nobody passes: the marks of all change."""
    short = re.sub(r"^\d+_", "", notebook)
    path = folder / "grader_tests" / f"test_{short}.py"
    stamp = int(time.time())
    path.write_text(
        path.read_text(encoding="utf-8")
        + f'\n\n@grades("{cell}")\ndef test_added_{stamp}(cell_evidence):\n    """The images are floats"""\n'
        + '    from netgrader.checks import fail\n\n    if cell_evidence.raw.problem is None:\n        fail("They are not.")\n',
        encoding="utf-8",
    )


class Rows:
    """Runs commands on a class and writes what they took."""

    def __init__(self, folder: Path, students: int) -> None:
        self._folder = folder
        self._students = students
        done = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        self._commit = done.stdout.strip()

    def run(self, what: str, arguments: list[str], file: Path | None = None) -> None:
        """A command; `file` is what it writes."""
        begun, before = time.monotonic(), _cpu_of_children()
        process = subprocess.Popen(
            [NETGRADER, *arguments], cwd=self._folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        peak = Peak(process.pid)
        said, _ = process.communicate()
        seconds = time.monotonic() - begun
        cpu = _cpu_of_children() - before
        lines = [line for line in said.splitlines() if line.strip()]
        told = lines[-1].strip().replace(f"{self._folder}/", "") if lines else ""
        self.row(what, seconds, peak=peak.stop(), file=file, said=told, cpu=cpu)

    def row(
        self, what: str, seconds: float, *, peak: int = 0, file: Path | None = None, said: str = "", cpu: float = 0.0
    ) -> None:
        """One measurement."""
        gradebook = self._folder / "gradebook.db"
        row = {
            "commit": self._commit,
            "time": datetime.now(UTC).isoformat(timespec="minutes"),
            "load": f"{os.getloadavg()[0]:.1f}",
            "students": self._students,
            "what": what,
            "seconds": f"{seconds:.1f}",
            "cpu_seconds": f"{cpu:.1f}" if cpu else "",
            "peak_mb": f"{peak / 1e6:.0f}" if peak else "",
            "gradebook_mb": f"{gradebook.stat().st_size / 1e6:.1f}" if gradebook.is_file() else "",
            "size_mb": f"{file.stat().st_size / 1e6:.2f}" if file and file.is_file() else "",
            "said": said[:200],
        }
        say(", ".join(f"{name} {value}" for name, value in row.items() if value))
        new = not ROWS.exists()
        with ROWS.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
            if new:
                writer.writeheader()
            writer.writerow(row)


def _cpu_of_children() -> float:
    """Processor seconds of all processes below this one that have ended: what a busy machine does not change."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Peak:
    """The most memory that a process and its descendants held at once, in bytes, looked at twice a second."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> int:
        """The peak."""
        self._over.set()
        self._thread.join()
        return self._most

    def _look(self) -> None:
        while not self._over.wait(0.5):
            try:
                parent = psutil.Process(self._pid)
                family = [parent, *parent.children(recursive=True)]
                self._most = max(self._most, sum(one.memory_info().rss for one in family))
            except psutil.Error:
                continue


if __name__ == "__main__":
    main()
