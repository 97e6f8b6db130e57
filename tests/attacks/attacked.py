"""The attacked course: its probes and tests, and a builder of attacking notebooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.conftest import TINY, build, filled_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from netgrader.skeleton import Skeleton
    from tests.conftest import TinyCourse

ADD, RIGHT = TINY["right"]["add"], TINY["right"]["squares"]
WRONG = "squares = [0] * 10"


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
        cells.append(filled_in(cell, answers))
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
    for path, text in TINY["attacked"].items():
        course.write(path, text.replace("SECRET", mark))
    course.write("source/numbers/checks/exercises.toml", limits)
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
