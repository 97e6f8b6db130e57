"""What of a notebook stands open on its page: the student's work and its verdicts. What came with the notebook is folded."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from netgrader.feedback.view import Block, Part
from netgrader.pages import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["parts_of"]

MOST_HEADINGS = 4


def parts_of(blocks: Iterable[Block]) -> tuple[Part, ...]:
    """Neighbouring pieces together: those that came with the notebook under a title, all others without one."""
    return tuple(
        Part(run, _title(run) if given else "")
        for given, run in ((given, tuple(run)) for given, run in itertools.groupby(blocks, _is_given))
    )


def _is_given(block: Block) -> bool:
    """Whether nothing in it is the student's, and nothing was said about it. An error in it stays in sight."""
    said = block.verdict is not None or block.comment is not None
    return not block.yours and not said and not any('class="stopped"' in output for output in block.outputs)


def _title(blocks: Sequence[Block]) -> str:
    headings = [heading for block in blocks for heading in block.headings]
    if not headings:
        return words.GIVEN_UNTITLED
    if len(headings) > MOST_HEADINGS:
        # The last one leads to the cell that follows: it says what was asked for there.
        headings = [*headings[: MOST_HEADINGS - 2], "…", headings[-1]]
    return " · ".join(headings)
