"""Kill ``netgrader autograde`` at random moments, let the next call finish, and compare with an undisturbed class.

Notebooks that train nothing, in real cages, into a real gradebook. A row of `studies/kills.csv` for each series of kills
that ended with a call which was left alone. Resumable: series are numbered, and each call adds the next ones.

    .venv/bin/python -m studies.kills --kills 100
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from netgrader.grading.kept import kept, kept_path
from netgrader.nbgrader_plugin.gradebook import sync_cells
from tests.conftest import TinyCourse, build

ROWS = Path(__file__).with_suffix(".csv")
FIELDS = ("commit", "series", "moments", "done_when_killed", "same", "differs")
NETGRADER = Path(sys.executable).parent / "netgrader"
PER_SERIES = 5
CLASS: dict[str, dict[str, Any]] = {
    "ada": {},
    "bela": {"add": "def add(a, b):\n    return a - b"},
    "chloe": {"squares": "squares = 1 / 0"},
    "hana": {"content": b"{ not json"},
}


def main() -> None:
    """Kill as often as asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--kills", type=int, default=100, help="how many there shall be in the end, former calls' included"
    )
    wanted = parser.parse_args().kills
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROWS.parent, capture_output=True, text=True, check=True
    ).stdout.strip()
    rows = _rows()
    with tempfile.TemporaryDirectory(prefix="netgrader-kills-") as made:
        template = template_class(Path(made) / "template")
        undisturbed, seconds = finished(copy_of(template, Path(made) / "alone"))
        while sum(len(row["moments"].split()) for row in rows) < wanted:
            number = len(rows) + 1
            folder = Path(made) / f"series{number}"
            moments, done, state = series(copy_of(template, folder), number, seconds)
            differs = " ".join(name for name in undisturbed if state.get(name) != undisturbed[name])
            row = {
                "commit": commit,
                "series": number,
                "moments": " ".join(f"{moment:.2f}" for moment in moments),
                "done_when_killed": " ".join(map(str, done)),
                "same": "yes" if state == undisturbed else "no",
                "differs": differs,
            }
            _write(row)
            rows = _rows()
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
            shutil.rmtree(folder)
    same = [row for row in rows if row["same"] == "yes"]
    kills = sum(len(row["moments"].split()) for row in rows)
    sys.stdout.write(f"{kills} kills in {len(rows)} series; {len(same)} ended as the undisturbed class did.\n")


def template_class(root: Path) -> TinyCourse:
    """A class that has handed in, with a gradebook that knows the notebook."""
    course = build(root)
    sync_cells(course.assignment, {"1_sums"})
    for student, answers in CLASS.items():
        course.submit(student, **answers)
    return course


def copy_of(course: TinyCourse, target: Path) -> TinyCourse:
    """The same class elsewhere."""
    shutil.copytree(course.root, target)
    return TinyCourse(target)


def finished(course: TinyCourse) -> tuple[dict[str, Any], float]:
    """What a call that is left alone ends with, and its seconds."""
    begun = time.monotonic()
    process = _start(course)
    said = process.communicate()[0]
    if process.returncode not in {0, 1}:  # 1: Hana's file is none
        raise SystemExit(f"grading ended with {process.returncode}:\n{said}")
    return state_of(course), time.monotonic() - begun


def series(
    course: TinyCourse, seed: int, seconds: float, kills: int = PER_SERIES
) -> tuple[list[float], list[int], dict[str, Any]]:
    """Kill one call after the other, each at a random moment, then let one finish.

    Parameters
    ----------
    course
        A class of which nothing is graded.
    seed
        Of the moments.
    seconds
        How long a call takes.

    Returns
    -------
    The moments in seconds after the start, how many notebooks were done at each, and what it ended with.
    """
    chance = random.Random(seed)  # noqa: S311  (moments, no secrets)
    moments, done = [], []
    for _ in range(kills):
        moment = chance.uniform(0.0, seconds)
        process = _start(course)
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            # Now and then the whole group, as when a machine loses power; else the command alone.
            (os.killpg if chance.random() < 1 / 3 else os.kill)(process.pid, signal.SIGKILL)
        process.communicate()
        moments.append(moment)
        done.append(_done(course))
    return moments, done, finished(course)[0]


def state_of(course: TinyCourse) -> dict[str, Any]:
    """All that grading leaves and that is not a time: marks, comments, pages, what is kept; by student."""
    found: dict[str, Any] = {}
    with Gradebook(course.course.db_url) as gradebook:
        for submission in gradebook.find_assignment(course.assignment_id).submissions:
            student = submission.student_id
            for notebook in submission.notebooks:
                marks = {
                    one.name: (one.auto_score, one.manual_score, one.needs_manual_grade) for one in notebook.grades
                }
                comments = {one.name: one.auto_comment for one in notebook.comments}
                folder = course.course.folder("autograded", student, course.assignment_id)
                page = json.loads((folder / f"{notebook.name}.ipynb").read_text(encoding="utf-8"))
                last = kept(kept_path(course.assignment, student, notebook.name))
                result = {**last.result.as_json(), "seconds": {}, "environment": {}} if last else None
                found[f"{student}/{notebook.name}"] = (marks, comments, page["cells"], result)
    return found


def _start(course: TinyCourse) -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NETGRADER_")}
    return subprocess.Popen(
        [NETGRADER, "autograde", course.assignment_id, "--workers", "2"],
        cwd=course.root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _done(course: TinyCourse) -> int:
    return len(list((course.root / "autograded").glob("*/*/*.ipynb")))


def _rows() -> list[dict[str, str]]:
    if not ROWS.is_file():
        return []
    with ROWS.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _write(row: dict[str, Any]) -> None:
    new = not ROWS.exists()
    with ROWS.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


if __name__ == "__main__":
    main()
