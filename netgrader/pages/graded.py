"""What pages are made from: results, observations, and what people wrote in nbgrader's gradebook."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.observations import Observations
    from netgrader.results import CellResult, NotebookResult

__all__ = ["CellMark", "Graded", "Marks", "earned"]


@dataclass(frozen=True)
class CellMark:
    """What the gradebook holds for one graded cell.

    Attributes
    ----------
    auto
        The grader's points, None where there are none.
    manual
        Points that a person gave; they replace `auto`.
    extra
        Extra credit.
    max_points
        What the cell is worth.
    waiting
        Whether a person still has to look at it.
    left_out
        What stood where a person gives points, if it is no number of points, as text. It counts for nothing.
    """

    auto: float | None
    manual: float | None
    max_points: float
    extra: float = 0.0
    waiting: bool = False
    left_out: str = ""

    @property
    def points(self) -> float | None:
        """What counts; None while a person has to give it."""
        given = self.manual if self.manual is not None else self.auto
        return None if given is None else given + self.extra

    @property
    def out_of_range(self) -> bool:
        """Whether a person gave less than nothing, or more than the cell is worth."""
        return self.manual is not None and not 0 <= self.manual <= self.max_points

    @property
    def lowered(self) -> float:
        """Points that the grader gave and a person took back."""
        if self.manual is None or self.auto is None:
            return 0.0
        return max(0.0, self.auto - self.manual)


@dataclass(frozen=True)
class Marks:
    """What the gradebook holds for one student's notebook: marks by graded cell, comments by solution cell."""

    cells: Mapping[str, CellMark] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    late_penalty: float = 0.0


@dataclass(frozen=True)
class Graded:
    """One student's notebook as it was graded.

    Attributes
    ----------
    result
        None where it never was.
    observations
        What verification saw.
    marks
        What the gradebook holds.
    integrity
        What was noticed of how it ran, as sentences for the instructor.
    """

    result: NotebookResult | None
    observations: Observations = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)
    integrity: tuple[str, ...] = ()


def earned(cell: CellResult, marks: Marks) -> float | None:
    """Points of a cell that count: a person's, else the grader's; None while a person has to give them."""
    mark = marks.cells.get(cell.cell)
    if mark is None:
        return cell.points
    return mark.points
