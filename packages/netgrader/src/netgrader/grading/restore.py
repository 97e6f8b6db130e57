"""From the submitted notebook to the one that runs: our cells restored, the student's kept.

A pure function of the submission and the skeleton, so that the same submission always gives the same run. Tracked cells
follow the release's order; cells that the student added stay behind the tracked cell they followed. No text in a student's
own cells is lost; replaced or omitted cells are reported.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphread.text import Said, Text
from netgrader.skeleton import SkeletonCell  # noqa: TC001  (a stored cell is decoded by annotations)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgrader.grading.submission import SubmittedCell, SubmittedNotebook
    from netgrader.skeleton import Skeleton

__all__ = ["RestoredCell", "RestoredNotebook", "as_released", "identify", "restore"]

COUNTS_ONCE = Text("The cell {grade_id} appeared twice; it counts once.")
RUN_AS_WELL = Text("The cell {grade_id} appeared twice; the first counts, and the other ran as well.")
PUT_BACK = Text("The cell {name} was missing and was restored.")
MISSING = Text("The cell {name} was missing; the other cells stayed in place.")
MOVED = Text("The cell {name} had been moved and is back in its place.")
CHANGED = Text("The cell {name} had been changed; its original text is back.")


@dataclass(frozen=True)
class RestoredCell:
    """A cell of the notebook that runs. `origin` is its release cell, None if the student added it."""

    cell_type: str
    source: str
    origin: SkeletonCell | None = None

    @property
    def grade_id(self) -> str:
        """The id by which nbgrader tracks it; empty for a student's own cell."""
        return self.origin.grade_id if self.origin else ""


@dataclass(frozen=True)
class RestoredNotebook:
    """The notebook that runs, and a sentence for each restored cell."""

    name: str
    cells: tuple[RestoredCell, ...]
    notes: tuple[Said, ...] = ()

    @property
    def code(self) -> tuple[RestoredCell, ...]:
        """The code cells, in order."""
        return tuple(cell for cell in self.cells if cell.cell_type == "code")


def as_released(skeleton: Skeleton) -> tuple[RestoredCell, ...]:
    """Return the cells of a release without a student's work."""
    return tuple(RestoredCell(cell.cell_type, cell.source, cell if cell.nbgrader else None) for cell in skeleton.cells)


def identify(notebook: SubmittedNotebook, skeletons: Sequence[Skeleton], file_stem: str = "") -> Skeleton | None:
    """Return the one of `skeletons` that the notebook was made from; None if it matches none.

    Its ids decide, or the text of its locked cells if ids were lost; the file's name only breaks a tie.
    """
    known = [one for one in skeletons if _matched(notebook, one) >= max(1, min(2, len(one.tracked)))]

    def score(one: Skeleton) -> tuple[float, bool]:
        return _matched(notebook, one) / len(one.tracked), one.notebook == file_stem

    return max(known, key=score, default=None)


def _matched(notebook: SubmittedNotebook, skeleton: Skeleton) -> int:
    """Return the number of tracked cells of `skeleton` in the notebook, by id or by text."""
    known = _by_id(notebook.cells, skeleton)
    same = {cell.source for cell in skeleton.tracked if cell.locked} & {cell.source for cell in notebook.cells}
    return max(len(known) - known.count(None), len(same))


def restore(notebook: SubmittedNotebook, skeleton: Skeleton) -> RestoredNotebook:
    """Restore the tracked cells of `skeleton` around the student's work.

    Locked cells get their original text; deleted, duplicated, emptied and moved ones return to their place. Of duplicated
    solution cells, the first keeps the id and both run. A deleted solution cell comes back empty, not as the release's stub,
    which would overwrite what the student may have written elsewhere.
    """
    matches = _match(notebook.cells, skeleton)
    counting = _counting(notebook.cells, matches, skeleton)
    in_place = _in_place(counting)
    own, noted = _own_cells(notebook.cells, matches, counting, in_place, skeleton)
    notes = [*notebook.notes, *noted]
    cells = [*own.get(-1, ())]
    for index, tracked in enumerate(skeleton.tracked):
        submitted = notebook.cells[counting[index]] if index in counting else None
        restored, note = _put_back(tracked, submitted, moved=index not in in_place)
        cells += [restored, *own.get(index, ())]
        notes += note
    return RestoredNotebook(skeleton.notebook, tuple(cells), tuple(notes))


def _counting(cells: Sequence[SubmittedCell], matches: Sequence[int | None], skeleton: Skeleton) -> dict[int, int]:
    """Return which copy of each tracked cell counts: the first; of a locked cell, the first unchanged one."""

    def rank(place: tuple[int, int]) -> tuple[bool, int]:
        index, position = place
        tracked = skeleton.tracked[index]
        return tracked.locked and cells[position].source.rstrip() == tracked.source.rstrip(), -position

    places = [(index, position) for position, index in enumerate(matches) if index is not None]
    return dict(sorted(places, key=rank))  # the last of several stays


def _own_cells(
    cells: Sequence[SubmittedCell],
    matches: Sequence[int | None],
    counting: Mapping[int, int],
    in_place: frozenset[int],
    skeleton: Skeleton,
) -> tuple[dict[int, list[RestoredCell]], list[Said]]:
    """Return the student's cells by the tracked cell before them (-1: none), and notes on copies."""
    own: dict[int, list[RestoredCell]] = {}
    notes: list[Said] = []
    anchor = -1
    counted = {position: index for index, position in counting.items()}
    for position, cell in enumerate(cells):
        if position in counted:
            anchor = counted[position] if counted[position] in in_place else anchor
            continue
        index = matches[position]
        if index is not None:
            copied = skeleton.tracked[index]
            unused = copied.locked and cell.source.strip() in {copied.source.strip(), ""}
            notes.append((COUNTS_ONCE if unused else RUN_AS_WELL).format(grade_id=copied.grade_id))
            if unused:
                continue
        own.setdefault(anchor, []).append(RestoredCell(cell.cell_type, cell.source))
    return own, notes


def _put_back(
    tracked: SkeletonCell, submitted: SubmittedCell | None, *, moved: bool
) -> tuple[RestoredCell, tuple[Said, ...]]:
    """Return one tracked cell as it runs, and notes on it."""
    if submitted is None:
        empty = RestoredCell(tracked.cell_type, tracked.source if tracked.locked else "", tracked)
        return empty, ((PUT_BACK if tracked.locked else MISSING).format(name=tracked.grade_id),)
    same = (submitted.cell_type, submitted.source.rstrip()) == (tracked.cell_type, tracked.source.rstrip())
    said = ((moved, MOVED), (tracked.locked and not same, CHANGED))
    notes = tuple(text.format(name=tracked.grade_id) for met, text in said if met)
    return RestoredCell(tracked.cell_type, (tracked if tracked.locked else submitted).source, tracked), notes


def _in_place(counting: Mapping[int, int]) -> frozenset[int]:
    """Return the largest set of tracked cells that are still in the release's order; the others moved.

    The longest increasing subsequence of release indexes in the submission's order, by patience sorting.
    """
    tails: list[int] = []
    chains: list[tuple[int, ...]] = [()]
    for index in sorted(counting, key=counting.__getitem__):
        slot = bisect.bisect_left(tails, index)
        tails[slot : slot + 1] = [index]
        chains[slot + 1 : slot + 2] = [(*chains[slot], index)]
    return frozenset(chains[-1])


def _match(cells: Sequence[SubmittedCell], skeleton: Skeleton) -> list[int | None]:
    """Return for each submitted cell its tracked cell's index: by id, else by text, else by position."""
    matches = _by_id(cells, skeleton)
    for find in (_with_its_text, _in_its_place):
        for index in sorted({*range(len(skeleton.tracked))}.difference(matches)):
            found = find(cells, matches, index, skeleton)
            if found is not None:
                matches[found] = index
    return matches


def _by_id(cells: Sequence[SubmittedCell], skeleton: Skeleton) -> list[int | None]:
    """Return matches by nbgrader's id, else by the notebook format's cell id."""
    by_grade_id = {cell.grade_id: index for index, cell in enumerate(skeleton.tracked)}
    by_cell_id = {cell.cell_id: index for index, cell in enumerate(skeleton.tracked)}
    by_cell_id.pop("", None)  # notebooks of format 4.4 have no cell ids
    matches = [by_grade_id.get(cell.grade_id) for cell in cells]
    for position, cell in enumerate(cells):
        index = by_cell_id.get(cell.cell_id)
        if matches[position] is None and index not in matches:
            matches[position] = index
    return matches


def _with_its_text(
    cells: Sequence[SubmittedCell], matches: Sequence[int | None], index: int, skeleton: Skeleton
) -> int | None:
    """Return the first unmatched cell with the text of tracked cell `index`; None if there is none."""
    texts = {skeleton.tracked[index].source.strip()} - {""}
    free = (position for position, match in enumerate(matches) if match is None)
    return next((position for position in free if cells[position].source.strip() in texts), None)


def _in_its_place(
    cells: Sequence[SubmittedCell], matches: Sequence[int | None], index: int, skeleton: Skeleton
) -> int | None:
    """Return the student's only cell between the neighbors of solution cell `index`; else None.

    If there are several, they run in place as the student's own cells.
    """
    tracked = skeleton.tracked[index]
    places: dict[int | None, int] = {match: position for position, match in enumerate(matches)}
    places |= {-1: -1, len(skeleton.tracked): len(cells)}
    # The release's own text is no solution. If a neighbor is missing, nothing is between.
    released = {cell.source.strip() for cell in skeleton.cells} | {""}
    between = range(places.get(index - 1, len(cells)) + 1, places.get(index + 1, -1))
    free = [position for position in between if matches[position] is None]
    own = [p for p in free if cells[p].cell_type == tracked.cell_type and cells[p].source.strip() not in released]
    return own[0] if tracked.is_solution and len(own) == 1 else None
