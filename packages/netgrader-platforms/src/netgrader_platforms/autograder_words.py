"""Student-facing texts of an autograder's results, in addition to `netgrader.pages.words`."""

from __future__ import annotations

from graphread.text import Text

GRADING_BEGAN = Text(
    "Grading has begun. If you still see this later, grading was stopped because it ran out of time or memory. "
    "This says nothing about the quality of your work. Hand in again, or tell your instructor."
)
GRADING_ENDED = Text(
    "Grading ran out of time and was stopped. A part that is not graded below says nothing about the quality of "
    "your work: tell your instructor."
)
GRADING_BROKE = Text(
    "This notebook could not be graded, through no fault of yours. It has no points "
    "yet, and this says nothing about the quality of your work: tell your instructor."
)
CELL_WAITS = Text("{cell}: your written answer waits for a person ({points} points)")
LOST_ELSEWHERE = Text("This is right. A more serious mistake in the same cell limits the points that the cell keeps.")
ELSEWHERE_CUT = Text("The rest is left out here.")
