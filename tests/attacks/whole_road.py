"""The complete pipeline as a fuzzing target: a changed notebook is found, restored, run in a sandbox, judged and reported.

The course is the attacked one, which needs no TensorFlow. No exception may escape: problems of a submission are part of its
result.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from netgrader.checks.wording import BROKEN_TEST, NOT_REACHED
from netgrader.course import Course
from netgrader.errors import UsageError
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import find_jobs
from tests.attacks.attacked import RIGHT, Attack, course_of_sums, notebook_of
from tests.attacks.fuzzing import mutate, mutate_json

LIMITS = """
[limits]
cell_seconds = 3
notebook_seconds = 8
capture_seconds = 4
memory_bytes = 500_000_000
processes = 40
disk_bytes = 30_000_000
received_bytes = 30_000_000
"""
MOST = 5.0  # points of the notebook


@dataclass(frozen=True)
class Road:
    """A course to fuzz, and a good notebook for it."""

    course: Course
    good: bytes

    def walk(self, content: bytes, folder: Path, random: Random) -> None:
        """Hand in `content`, grade it, and write down what came of it.

        Raises
        ------
        ValueError
            If the result says what cannot be, or that a check of ours broke. Any other exception is the grader's as well.
        """
        folder = folder / "handed-in"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        name = random.choice(("1_sums.ipynb", "1_sums.ipynb", "сумма.ipynb", "1_sums (1).ipynb"))
        (folder / name).write_bytes(content)
        try:
            jobs = find_jobs(folder, self.course)
        except UsageError:
            return
        for job in jobs:
            result = grade_job(job).result
            json.dumps(result.as_json(), allow_nan=False).encode()
            said = {check.message for cell in result.cells for check in cell.checks}
            ours = {BROKEN_TEST, NOT_REACHED} & said or "Traceback" in str(result.problem or "")
            if ours or not 0 <= result.score <= result.max_score <= MOST:
                raise ValueError(str(result.as_json()))


def build_road(folder: Path) -> Road:
    """The attacked course in `folder`, with limits so small that ten thousand notebooks end some day."""
    course = Course(course_of_sums(folder / "course", LIMITS).root)
    honest = Attack("honest", squares=RIGHT, cells=["import math\ntotal = sum(range(10))\nprint(total, math.pi)"])
    good = notebook_of(course.assignment("numbers").skeleton("1_sums"), honest)
    return Road(course, json.dumps(good).encode())


def change(content: bytes, random: Random) -> bytes:
    """Change a notebook as JSON, as bytes, or in the code of a cell."""
    kind = random.random()
    if kind < 0.35:
        return mutate_json(content, random)
    if kind < 0.45:
        return mutate(content, random)
    if kind < 0.5:
        return b"\xef\xbb\xbf" + content.replace(b"\\n", b"\\r\\n")
    notebook: dict[str, Any] = json.loads(content)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for _ in range(random.choice((1, 1, 2))):
        cell, other = random.choice(code), random.choice(code)
        match random.randrange(4):
            case 0:
                cell["source"] = mutate(str(cell["source"]).encode(), random).decode("utf-8", "replace")[:20_000]
            case 1:
                cell["source"] = f"{cell['source']}\n{other['source']}"
            case 2:
                notebook["cells"].insert(random.randrange(len(notebook["cells"])), {**other})
            case _:
                words = str(cell["source"]).split(" ")
                random.shuffle(words)
                cell["source"] = " ".join(words)
    return json.dumps(notebook).encode("utf-8", "surrogatepass")
