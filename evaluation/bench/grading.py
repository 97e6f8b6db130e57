"""What grading costs beside the student's own computing, as ratios in one run: ``make bench``.

    .venv/bin/python -m evaluation.bench.grading --rounds 5 --otter FOLDER

In each round a full submission is run bare (its code cells in plain Python, checks left out) on one core and graded by a
worker on the other, both with one thread and at the same time, so that whatever else the machine does falls on both alike;
the next round changes the cores over. Then a class is graded by nbgrader alone, with tests in the student's kernel, by us on
one and on two workers, and by otter-grader where a virtual environment that has it is named. What each row means stands
below the table.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from evaluation.bench.others import NOTEBOOK, OtterCourse, PlainCourse
from evaluation.bench.stored import store_seconds
from evaluation.bench.submissions import (
    ASSIGNMENT,
    ROOT,
    SMALL,
    SUBMISSIONS,
    Submission,
    as_script,
    change_tests,
    copy_of_course,
)
from evaluation.bench.watched import Ran, side_by_side, watched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluation.bench.watched import Mark

THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
BINARIES = Path(sys.executable).parent
CLASS = ("ada", "bela", "chloe", "dmitri")

ROWS = {
    "first": "notebook 1, a worker's first, including the worker's import of TensorFlow: / bare.",
    "further": "notebook 1, a worker's later one: / bare.",
    "2_two_layers": "notebook 2, a worker's later one: / bare.",
    "3_deep_network": "notebook 3, a worker's later one: / bare.",
    "submission": "a submission of all three, a worker's first: / bare.",
    "further submission": "a submission of all three, a worker's later one: / bare.",
    "evidence": "capturing evidence, all three notebooks: / the student's own code, by the result's own `seconds`.",
    "verdicts": "verdicts with all their experiments: / the student's own code, by the result's own `seconds`.",
    "experiments": "both together, except reading networks: / the student's own code, by the result's own `seconds`; the goal is"
    " at most 0.15. Repeated runs of a network near the limit are turned off.",
    "overhead": "all of grading except the student's own code: / that code.",
    "changed test": "`netgrader grade` of the submission after a change to a hidden test in one cell of each notebook: / bare.",
    "unchanged": "the same when nothing changed: / bare.",
    "store": "writing the submission's results to the store and reading them, without copying the files: / bare.",
    "one worker": "a class of {students} with notebook 1 by `netgrader autograde`, one worker: / nbgrader alone.",
    "two workers": "the same on two workers: / nbgrader alone.",
    "otter": "the same class by `otter run`, which has no sandbox (like nbgrader), in its mode without a container: / nbgrader alone.",
    "memory": "GB that a worker's notebooks take above bare, at most, all processes together; the goal is at most 0.8.",
}
NOT_SO = math.nan

Figures = dict[str, tuple[float, float]]
"""By row: in processor time and in wall time; NOT_SO where there is but one of them."""


def main() -> None:
    """Measure and print, the table anew after each round."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--otter", type=Path, help="a virtual environment with otter-grader, TensorFlow and Matplotlib")
    parser.add_argument("--students", type=int, default=2, help=f"of the class, at most {len(CLASS)}")
    parser.add_argument("--short", action="store_true", help="one round of little: whether the benchmark runs")
    options = parser.parse_args()
    students = CLASS[: 1 if options.short else options.students]
    submissions = (SMALL,) if options.short else SUBMISSIONS
    rounds: list[Figures] = []
    with tempfile.TemporaryDirectory(prefix="netgrader-bench-") as made:
        folder = Path(made)
        plain = PlainCourse(folder / "plain", students)
        otter = OtterCourse(folder / "otter", students, options.otter.absolute()) if options.otter else None
        for number in range(1 if options.short else options.rounds):
            submission = submissions[number % len(submissions)]
            say(f"round {number + 1}: {submission.name}; load {os.getloadavg()[0]:.1f}")
            place = folder / f"round{number}"
            found = of_submission(submission, place, swapped=bool(number % 2))
            found |= of_class(students, place, plain, otter)
            rounds.append(found)
            say(json.dumps({name: [round(one, 3) for one in both] for name, both in found.items()}))
            print_table(rounds, students)


def say(line: str) -> None:
    """Print it at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def environment(course: Path, store: Path, threads: int) -> dict[str, str]:
    """What a command of ours is given."""
    return {
        **os.environ,
        **dict.fromkeys(THREADS, str(threads)),
        "MPLBACKEND": "agg",
        "NETGRADER_DATA": str(course / "data"),
        "NETGRADER_COURSE": str(course),
        "NETGRADER_STORE": str(store),
        "PYTHONPATH": str(ROOT),
    }


def of_submission(submission: Submission, folder: Path, *, swapped: bool) -> Figures:
    """A submission bare and graded, then after a changed test, then unchanged."""
    course, store = copy_of_course(folder / "course"), folder / "store"
    notebooks = submission.hand_in(folder / "submission")
    env = environment(course, store, 1)
    scripts = [as_script(notebook, folder / f"{notebook.stem}.py") for notebook in notebooks]
    shell = " && ".join(f"'{sys.executable}' '{script}' >/dev/null && echo {script.stem}" for script in scripts)
    worker = [
        sys.executable,
        "-m",
        "evaluation.bench.worker",
        str(course),
        "1",
        *map(str, notebooks),
        str(notebooks[0]),
    ]
    bare, graded = side_by_side((["sh", "-c", shell], env, folder), (worker, env, folder), swapped=swapped)
    alone, of_ours = parts(bare.marks), parts(graded.marks)
    told = [json.loads(mark.line) for mark in graded.marks[: len(notebooks) + 1]]
    scores = ", ".join(f"{one['notebook']} {one['score']:g} of {one['max_score']:g}" for one in told)
    own = sum(one["own_cpu"] for one in told[1:])
    say(f"bare {bare.cpu:.0f} s, own code {own:.0f} s, graded {graded.cpu:.0f} s of processor time; {scores}")
    found: Figures = {}
    for name, place, at in (("first", 0, 0), ("further", len(notebooks), 0)):
        found[name] = ratio(of_ours[place], alone[at])
    for place, notebook in enumerate(notebooks[1:], 1):
        found[notebook.stem] = ratio(of_ours[place], alone[place])
    whole, further = of_ours[: len(notebooks)], of_ours[1 : len(notebooks) + 1]
    found["submission"] = ratio(total(whole), total(alone))
    found["further submission"] = ratio(total(further), total(alone))
    found |= shares([one["seconds"] for one in told[1:]], total(further)[1] / own - 1)
    grade = [str(BINARIES / "netgrader"), "grade", str(notebooks[0].parent)]
    change_tests(course)
    for name in ("changed test", "unchanged"):
        ran = watched(grade, env, folder, core=min(os.sched_getaffinity(0)))
        found[name] = ratio((ran.seconds, ran.cpu), total(alone))
    found["store"] = ratio(store_seconds(store, folder / "other"), total(alone))
    peaks = [mark.peak / 1e9 for mark in graded.marks]
    above = max(peak - mark.peak / 1e9 for peak, mark in zip(peaks, bare.marks[: len(notebooks)], strict=False))
    found["memory"] = (above, NOT_SO)
    return found


def parts(marks: Sequence[Mark]) -> list[tuple[float, float]]:
    """Wall and processor time from one line to the next."""
    ends = [(0.0, 0.0), *((mark.seconds, mark.cpu) for mark in marks)]
    return [(end[0] - begin[0], end[1] - begin[1]) for begin, end in itertools.pairwise(ends)][:-1]


def total(times: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The sum of wall and processor times."""
    return sum(one[0] for one in times), sum(one[1] for one in times)


def ratio(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Two times of each kind as ratios, that in processor time first."""
    return one[1] / other[1], one[0] / other[0]


def shares(seconds: Sequence[dict[str, float]], all_of_ours: float) -> Figures:
    """What each takes of the time of the student's own code; `all_of_ours` is what all of grading does, in processor time."""
    own, evidence, verdicts, experiments = (
        sum(one[name] for one in seconds) for name in ("student", "capture", "verify", "experiments")
    )
    return {
        "evidence": (NOT_SO, evidence / own),
        "verdicts": (NOT_SO, verdicts / own),
        "experiments": (NOT_SO, experiments / own),
        "overhead": (all_of_ours, NOT_SO),
    }


def of_class(students: Sequence[str], folder: Path, plain: PlainCourse, otter: OtterCourse | None) -> Figures:
    """A class with notebook 1 by nbgrader alone, by us, and by otter-grader if there is one."""
    theirs = plain.grade()
    base = (theirs.seconds, theirs.cpu)
    found = {}
    for name, workers in (("one worker", 1), ("two workers", 2)):
        ran = our_class(students, folder / f"class{workers}", workers)
        found[name] = ratio((ran.seconds, ran.cpu), base)
    if otter is not None:
        found["otter"] = ratio(total([(ran.seconds, ran.cpu) for ran in otter.grade()]), base)
    return found


def our_class(students: Sequence[str], folder: Path, workers: int, notebooks: tuple[str, ...] = (NOTEBOOK,)) -> Ran:
    """`netgrader autograde` for a class that has not been graded yet."""
    course = copy_of_course(folder)
    for student in students:
        Submission(student, student, notebooks=notebooks).hand_in(course / "submitted" / student / ASSIGNMENT)
    env = {**environment(course, folder / "store", 1), "NO_COLOR": "1"}
    for name in THREADS:
        env.pop(name)
    command = [str(BINARIES / "netgrader"), "autograde", ASSIGNMENT, "--workers", str(workers)]
    return watched(command, env, course)


def shown(figure: float) -> str:
    """Three digits of it."""
    return "" if math.isnan(figure) else f"{figure:.3g}"


def print_table(rounds: Sequence[Figures], students: Sequence[str]) -> None:
    """Minimum, median and maximum of the rounds."""
    table = Table("", "processor: min", "median", "max", "wall: min", "median", "max", title=f"{len(rounds)} rounds")
    for name in ROWS:
        found = [figures[name] for figures in rounds if name in figures]
        if found:
            columns = [[one[kind] for one in found] for kind in (0, 1)]
            told = [shown(of(values)) for values in columns for of in (min, statistics.median, max)]
            table.add_row(name, *told)
    console = Console(width=110)
    console.print(table)
    for name, meaning in ROWS.items():
        console.print(f"{name}: {meaning.format(students=len(students))}", highlight=False, markup=False)
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    console.print(f"{machine}; load now {os.getloadavg()[0]:.1f}", highlight=False)


if __name__ == "__main__":
    main()
