"""Right notebooks in six unrelated styles, graded as submitted, each with its own seed.

The styles are in ``tests/programs/notebooks`` (one is the sample class's ada), written independently of one another. A seed is
the course's, which all random numbers of a run and of the probes follow from.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import nbformat

from netgrader.course import Course
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import find_jobs
from netgrader.grading.stages import Options
from tests.programs import programs
from tests.sample_class.make import fill

if TYPE_CHECKING:
    from netgrader.results import NotebookResult

ROOT = Path(__file__).parents[2]
SEEDS = {"1_one_layer": 20, "2_two_layers": 5, "3_deep_network": 3}
STYLES = {
    "notebook": "notebooks/sample_class/ada",
    **{style: f"notebooks/{style}" for style in ("batches", "dataset", "keras", "plain", "terse")},
}


class Seeded(NamedTuple):
    """A style of a notebook, and the seed that it is graded with."""

    notebook: str
    style: str
    seed: int


@dataclass(frozen=True)
class SeededCourse(Course):
    """The course with another seed than its own."""

    number: int = 0

    @property
    def seed(self) -> int:
        """The seed."""
        return self.number


def graded(one: Seeded, folder: Path) -> NotebookResult:
    """The notebook as it is handed in and graded, with nothing that was kept of other runs."""
    path = folder / "handed-in" / f"{one.notebook}.ipynb"
    path.parent.mkdir()
    text = programs(STYLES[one.style])[one.notebook].source
    release = nbformat.read(ROOT / "release" / "digits" / path.name, as_version=4)
    nbformat.write(fill(release, text), path)
    os.environ["NETGRADER_STORE"] = str(folder / "store")
    (job,) = find_jobs(path, SeededCourse(ROOT, number=1_000 + one.seed))
    return grade_job(job, Options(threads=1)).result
