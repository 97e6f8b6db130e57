"""The course that is attacked: its probes and tests, and how a notebook is made that attacks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.conftest import build

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from netgrader.skeleton import Skeleton
    from tests.conftest import TinyCourse

# Like the real probes, these know no answers; like the real tests, those below believe only what they compute again.
PROBES = '''
    """Evidence for the sums."""

    import numpy as np

    from netgrader.student.probes import probe


    @probe("check_add")
    def add(student, out):
        numbers = student.random("add").integers(0, 1000, (20, 2))
        with student.capturing(out, "sums"):
            out.array("sums", np.array([student.call("add", int(a), int(b)) for a, b in numbers]))


    @probe("check_squares")
    def squares(student, out):
        with student.capturing(out, "squares"):
            out.array("squares", np.asarray(student.value("squares")))
'''

TESTS = '''
    """What only the grader has: SECRET."""

    import numpy as np

    from netgrader.checks.language import fail, grades


    @grades("check_add")
    def test_all_sums_are_right(cell_evidence, bench):
        """All sums are right"""
        numbers = np.random.default_rng([bench.seed, *b"add"]).integers(0, 1000, (20, 2))
        if not np.array_equal(cell_evidence.array("sums"), numbers.sum(axis=1)):
            fail("A sum is wrong.")


    @grades("check_squares")
    def test_squares_are_right(cell_evidence):
        """The squares are right"""
        if cell_evidence.array("squares").tolist() != [k * k for k in range(10)]:
            fail("The squares are not those of 0 to 9.")
'''

ADD = "def add(a, b):\n    return a + b"
WRONG = "squares = [0] * 10"
RIGHT = "squares = [k * k for k in range(10)]"


@dataclass(frozen=True)
class Attack:
    """A notebook that attacks: by default its sums are right, its squares are wrong, and it wants points for these.

    Attributes
    ----------
    name
        What it tries, in the words of a student who tries.
    squares, add
        What stands in the solution cells.
    cells
        Cells of its own behind the solution of ``add``.
    last
        Cells of its own at the end.
    files
        Files beside the notebook.
    change
        What is done to the notebook's JSON afterwards.
    add_deserves, squares_deserves
        Points that the honest part deserves.
    says
        Pieces of what the student reads.
    noticed
        What the instructor reads of it: a cell, and the limit that it met.
    """

    name: str
    squares: str = WRONG
    add: str = ADD
    cells: Sequence[str] = ()
    last: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    change: Callable[[dict[str, Any]], None] | None = None
    add_deserves: float = 2.0
    squares_deserves: float = 0.0
    says: Sequence[str] = ()
    noticed: Sequence[str] = ()


def notebook_of(skeleton: Skeleton, attack: Attack) -> dict[str, Any]:
    """The release as the attacker hands it in."""
    answers = {"add": attack.add, "squares": attack.squares, "why": "Because."}
    cells: list[dict[str, Any]] = []
    for cell in skeleton.cells:
        made: dict[str, Any] = {
            "cell_type": cell.cell_type,
            "id": cell.cell_id,
            "metadata": dict(cell.frozen),
            "source": cell.source,
        }
        if cell.nbgrader:
            made["metadata"]["nbgrader"] = dict(cell.nbgrader)
            made["source"] = answers.get(cell.grade_id, cell.source)
        if cell.cell_type == "code":
            made |= {"outputs": [], "execution_count": None}
        cells.append(made)
        if cell.grade_id == "add":
            cells += [code_cell(source) for source in attack.cells]
    cells += [code_cell(source) for source in attack.last]
    notebook = {"cells": cells, "metadata": dict(skeleton.metadata), "nbformat": 4, "nbformat_minor": 5}
    if attack.change is not None:
        attack.change(notebook)
    return notebook


def course_of_sums(root: Path, limits: str, mark: str = "") -> TinyCourse:
    """Build the course, its limits as `exercises.toml` has them and a mark in its hidden tests."""
    course = build(root)
    course.write("source/numbers/checks/probes_sums.py", PROBES)
    course.write("source/numbers/checks/exercises.toml", limits)
    course.write("source/numbers/checks/test_sums_public.py", '"""Nothing public."""\n')
    course.write("grader_tests/test_sums.py", TESTS.replace("SECRET", mark))
    return course


def code_cell(source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": f"own-{abs(hash(source)) % 10**8}",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
