"""Earlier releases: a submission is graded with the cells that its author received.

Each release stores its cells next to the cached results. A submission belongs to the release that matches most of its locked
cells, the newest if several do; points, check cells and tests are always the current ones.
"""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from graphread.text import Said, Text
from netgrader.files import decode, write_json
from netgrader.skeleton import Skeleton

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["OLDER", "as_handed_out", "every_release", "remember"]

OLDER = Text("The notebook is of an earlier release; it was graded with the cells of that release.")


def _file(assignment: Assignment, notebook: str) -> Path:
    return assignment.course.scratch / "releases" / assignment.name / f"{notebook}.json"


def _earlier(assignment: Assignment, notebook: str) -> list[Skeleton]:
    """Return the earlier releases of the notebook, oldest first."""
    try:
        return _from_text(_file(assignment, notebook).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []


@functools.lru_cache(maxsize=16)
def _from_text(text: str) -> list[Skeleton]:
    """Return the skeletons in a file's text; cached per text, since grading a class asks per notebook."""
    return [decode(Skeleton, one) for one in json.loads(text)]


def remember(assignment: Assignment, notebooks: Iterable[str]) -> None:
    """Store the cells of the current release."""
    for name in notebooks:
        now, earlier = assignment.skeleton(name), _earlier(assignment, name)
        if now not in earlier[-1:]:
            write_json(_file(assignment, name), [*earlier, now])


def as_handed_out(
    assignment: Assignment, skeleton: Skeleton, texts: Iterable[str]
) -> tuple[Skeleton, tuple[Said, ...]]:
    """Return `skeleton` with the cells of the release that best matches `texts`; a note if it is older."""
    there = {text.strip() for text in texts}

    def known(one: Skeleton) -> int:
        return sum(cell.source.strip() in there for cell in one.tracked if cell.locked and not cell.is_check)

    own = max((skeleton, *every_release(assignment, skeleton.notebook)), key=known)  # the first of equal ones
    if known(own) == known(skeleton):
        return skeleton, ()
    old = {cell.grade_id: cell.source for cell in own.tracked if not cell.is_check}
    cells = (
        cell if cell.is_check else replace(cell, source=old.get(cell.grade_id, cell.source)) for cell in skeleton.cells
    )
    return replace(skeleton, cells=tuple(cells)), (OLDER,)


def every_release(assignment: Assignment, notebook: str) -> tuple[Skeleton, ...]:
    """Return the notebook's current release, then its earlier ones, newest first."""
    return (assignment.skeleton(notebook), *reversed(_earlier(assignment, notebook)))
