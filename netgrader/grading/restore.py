"""From a notebook as handed in to the notebook that is run: our cells put back, the student's kept where they stood.

A pure function of the submission and the skeleton, so that the same submission always gives the same run. The order of
the release decides where tracked cells stand; cells that the student added stay behind the tracked cell that they
followed. Nothing a student wrote in a cell of their own is lost; what is replaced or left out is said.
"""

from __future__ import annotations

import bisect
import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netgrader.skeleton import SkeletonCell  # noqa: TC001  (a kept one is decoded by what its fields say)
from netgrader.text import Said, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.grading.submission import SubmittedCell, SubmittedNotebook
    from netgrader.skeleton import Skeleton

__all__ = ["RestoredCell", "RestoredNotebook", "identify", "restore"]

# How much a cell must look like a solution (0 to 1) to be taken for it where its neighbours do not tell its place.
LIKENESS = 0.35
COMPARED = 800  # characters
MOST_COMPARED = 8  # cells, for each that is looked for


@dataclass(frozen=True)
class RestoredCell:
    """A cell of the notebook that is run. `origin` is its release cell, None where the student added it."""

    cell_type: str
    source: str
    origin: SkeletonCell | None = None

    @property
    def grade_id(self) -> str:
        """Return the id that nbgrader tracks it by, empty for a student's own cell."""
        return self.origin.grade_id if self.origin else ""


@dataclass(frozen=True)
class RestoredNotebook:
    """The notebook that is run, and a sentence for each thing that was mended."""

    name: str
    cells: tuple[RestoredCell, ...]
    notes: tuple[Said, ...] = ()

    @property
    def code(self) -> tuple[RestoredCell, ...]:
        """Return the cells that are run, in order."""
        return tuple(cell for cell in self.cells if cell.cell_type == "code")


def identify(notebook: SubmittedNotebook, skeletons: Sequence[Skeleton], file_stem: str = "") -> Skeleton | None:
    """Return which of `skeletons` the notebook was filled in from; None if from none of them.

    Its ids decide, or the text of its locked cells where ids were lost; the file's name only breaks a tie.
    """
    best: tuple[float, bool] = (0.0, False)
    found: Skeleton | None = None
    for skeleton in skeletons:
        if not skeleton.tracked:
            continue
        known = sum(index is not None for index in _by_id(notebook.cells, skeleton))
        same = len({cell.source for cell in skeleton.tracked if cell.locked} & {cell.source for cell in notebook.cells})
        matched = max(known, same)
        if matched < min(2, len(skeleton.tracked)):
            continue
        score = (matched / len(skeleton.tracked), skeleton.notebook == file_stem)
        if score > best:
            best, found = score, skeleton
    return found


def restore(notebook: SubmittedNotebook, skeleton: Skeleton) -> RestoredNotebook:
    """Put the tracked cells of `skeleton` back around the student's work.

    Locked cells get their own text back; deleted, doubled, emptied and moved ones return to their place; of doubled
    solution cells the first keeps the id and both are run; a deleted solution cell comes back empty, not as the
    release's stub, which would overwrite what the student may have written elsewhere.
    """
    notes = list(notebook.notes)
    matches = _match(notebook.cells, skeleton)
    first: dict[int, int] = {}  # skeleton index -> index in the submission
    for position, index in enumerate(matches):
        if index is not None:
            first.setdefault(index, position)
    for index, tracked in enumerate(skeleton.tracked):
        _prefer_the_untouched(first, matches, notebook.cells, index, tracked)
    in_place = _in_place(first)

    extras: dict[int, list[RestoredCell]] = {}  # skeleton index (-1: before all) -> the student's cells behind it
    anchor = -1
    for position, cell in enumerate(notebook.cells):
        index = matches[position]
        if index is not None and first[index] == position:
            anchor = index if index in in_place else anchor
            continue
        if index is not None:
            tracked = skeleton.tracked[index]
            if tracked.locked and cell.source.strip() in {tracked.source.strip(), ""}:
                notes.append(Text("The cell {grade_id} was there twice; it counts once.", grade_id=tracked.grade_id))
                continue
            notes.append(
                Text(
                    "The cell {grade_id} was there twice; the first counts, and the other was run as well.",
                    grade_id=tracked.grade_id,
                )
            )
        extras.setdefault(anchor, []).append(RestoredCell(cell.cell_type, cell.source))

    cells = list(extras.get(-1, []))
    for index, tracked in enumerate(skeleton.tracked):
        submitted = notebook.cells[first[index]] if index in first else None
        moved = index in first and index not in in_place
        restored, note = _put_back(tracked, submitted, moved=moved)
        cells.append(restored)
        notes.extend(note)
        cells.extend(extras.get(index, []))
    return RestoredNotebook(skeleton.notebook, tuple(cells), tuple(notes))


def _put_back(
    tracked: SkeletonCell, submitted: SubmittedCell | None, *, moved: bool
) -> tuple[RestoredCell, tuple[Said, ...]]:
    """Return one tracked cell as it is run, and what is to be said of it."""
    name = tracked.grade_id
    if submitted is None:
        if tracked.locked:
            return RestoredCell(tracked.cell_type, tracked.source, tracked), (
                Text("The cell {name} was missing and was put back.", name=name),
            )
        return RestoredCell(tracked.cell_type, "", tracked), (
            Text("The cell {name} was missing; what stands in other cells was run all the same.", name=name),
        )
    notes: list[Said] = []
    if moved:
        notes.append(Text("The cell {name} had been moved and is back at its place.", name=name))
    if tracked.locked:
        if submitted.source.rstrip() != tracked.source.rstrip() or submitted.cell_type != tracked.cell_type:
            notes.append(Text("The cell {name} had been changed; its own text is back.", name=name))
        if submitted.grade_id != name:
            notes.append(Text("The cell {name} had lost its id and was recognised by its content.", name=name))
        return RestoredCell(tracked.cell_type, tracked.source, tracked), tuple(notes)
    if submitted.cell_type != tracked.cell_type:
        notes.append(
            Text(
                "The cell {name} had become a {cell_type} cell and was read as {cell_type_2} again.",
                name=name,
                cell_type=submitted.cell_type,
                cell_type_2=tracked.cell_type,
            )
        )
    if submitted.grade_id != name:
        notes.append(Text("The cell {name} had lost its id and was recognised by its content.", name=name))
    return RestoredCell(tracked.cell_type, submitted.source, tracked), tuple(notes)


def _prefer_the_untouched(
    first: dict[int, int],
    matches: Sequence[int | None],
    cells: Sequence[SubmittedCell],
    index: int,
    tracked: SkeletonCell,
) -> None:
    """Of copies of a locked cell, the one with its own text is the cell; another may be a student's use of a copy."""
    if not tracked.locked or index not in first:
        return
    copies = [position for position, match in enumerate(matches) if match == index]
    same = [position for position in copies if cells[position].source.rstrip() == tracked.source.rstrip()]
    if same:
        first[index] = same[0]


def _in_place(first: dict[int, int]) -> frozenset[int]:
    """Return the largest set of tracked cells whose order is still that of the release; all others were moved.

    The longest increasing run of release indexes in the submission's order, by patience sorting.
    """
    order = [index for index, _ in sorted(first.items(), key=lambda item: item[1])]
    tails: list[int] = []
    chains: list[tuple[int, ...]] = []
    for index in order:
        slot = bisect.bisect_left(tails, index)
        chain = (*(chains[slot - 1] if slot else ()), index)
        tails[slot : slot + 1] = [index]
        chains[slot : slot + 1] = [chain]
    return frozenset(chains[-1]) if chains else frozenset()


def _match(cells: Sequence[SubmittedCell], skeleton: Skeleton) -> list[int | None]:
    """Return for each submitted cell the index of the tracked cell that it is: by id, else by text, else by likeness."""
    matches = _by_id(cells, skeleton)
    taken = {index for index in matches if index is not None}
    for index, tracked in enumerate(skeleton.tracked):
        if index in taken or not tracked.source.strip():
            continue
        for position, cell in enumerate(cells):
            if matches[position] is None and cell.source.strip() == tracked.source.strip():
                matches[position] = index
                taken.add(index)
                break
    for index, tracked in enumerate(skeleton.tracked):
        if index not in taken and tracked.is_solution:
            likeliest = _alike(cells, matches, index, skeleton)
            if likeliest is not None:
                matches[likeliest] = index
                taken.add(index)
    return matches


def _by_id(cells: Sequence[SubmittedCell], skeleton: Skeleton) -> list[int | None]:
    """Return matches by nbgrader's id; by the format's cell id where nbgrader's is lost."""
    by_grade_id = {cell.grade_id: index for index, cell in enumerate(skeleton.tracked)}
    by_cell_id = {cell.cell_id: index for index, cell in enumerate(skeleton.tracked) if cell.cell_id}
    matches = [by_grade_id.get(cell.grade_id) if cell.grade_id else None for cell in cells]
    taken = {index for index in matches if index is not None}
    for position, cell in enumerate(cells):
        if matches[position] is None and cell.cell_id:
            index = by_cell_id.get(cell.cell_id)
            if index is not None and index not in taken:
                matches[position] = index
                taken.add(index)
    return matches


def _alike(
    cells: Sequence[SubmittedCell],
    matches: Sequence[int | None],
    index: int,
    skeleton: Skeleton,
) -> int | None:
    """Return the cell without an id that is tracked cell `index`: between its neighbours, most alike; None if none is."""
    tracked = skeleton.tracked[index]
    # The release's own text is nobody's solution.
    released = {cell.source.strip() for cell in skeleton.cells if cell.nbgrader is None}
    before = [position for position, match in enumerate(matches) if match is not None and match < index]
    after = [position for position, match in enumerate(matches) if match is not None and match > index]
    start = max(before, default=-1) + 1
    stop = min((position for position in after if position >= start), default=len(cells))
    bounded = (before or index == 0) and (after or index == len(skeleton.tracked) - 1)
    wanted = _defined(tracked.source)
    likeness = _Likeness(tracked)
    candidates = []
    for position in range(start, stop):
        cell = cells[position]
        text = cell.source.strip()
        if matches[position] is not None or cell.cell_type != tracked.cell_type or not text or text in released:
            continue
        bonus = 0.5 if wanted and wanted & _defined(cell.source[:COMPARED]) else 0.0
        candidates.append((bonus + likeness.at_most(cell), position, bonus))
    # Most alike at a first look: the careful comparison takes long, and there may be thousands of cells.
    best, found = (-1.0 if bounded else LIKENESS), None
    for _, position, bonus in sorted(candidates, key=lambda one: (-one[0], one[1]))[:MOST_COMPARED]:
        alike = max(likeness.of(cells[position]), bonus) + bonus
        if alike > best or (alike == best and found is not None and position < found):
            best, found = alike, position
    return found


class _Likeness:
    """How alike other cells are to one, 0 to 1."""

    def __init__(self, tracked: SkeletonCell) -> None:
        # It keeps what it finds out about the second text: thousands of cells are compared with one.
        self._quick = difflib.SequenceMatcher(None, "", tracked.source[:COMPARED], autojunk=False)
        self._text = tracked.source[:COMPARED]

    def at_most(self, cell: SubmittedCell) -> float:
        """Return what `of` says, or more; quickly."""
        self._quick.set_seq1(cell.source[:COMPARED])
        return self._quick.quick_ratio()

    def of(self, cell: SubmittedCell) -> float:
        """Compare with care, which takes up to the cube of the length that is compared."""
        return difflib.SequenceMatcher(None, self._text, cell.source[:COMPARED], autojunk=False).ratio()


def _defined(source: str) -> frozenset[str]:
    """Return names of the functions and classes that a cell defines at its top, in valid Python or not."""
    return frozenset(re.findall(r"^(?:def|class)[ \t]++(\w+)", source, re.MULTILINE))
