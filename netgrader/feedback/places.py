"""Where on a page a section of the notebook stands: from "Notebook 1, The data" to an anchor."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netgrader.pages.markdown import heading_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Places"]

ELSEWHERE = re.compile(r"Notebook (\d+), (.+)")


@dataclass(frozen=True)
class Places:
    """The sections of one notebook.

    Attributes
    ----------
    number
        The notebook's number.
    anchors
        Ids on the page, by `heading_key`.
    exercises
        For each graded cell the heading above it: the exercise that it belongs to.
    """

    number: str = ""
    anchors: Mapping[str, str] = field(default_factory=dict)
    exercises: Mapping[str, str] = field(default_factory=dict)

    def link(self, where: str) -> str:
        """The anchor of the section that `where` names; empty if it stands in another notebook, or nowhere."""
        named = ELSEWHERE.fullmatch(where)
        if named is None:
            return self.anchors.get(heading_key(where), "")
        return self.anchors.get(heading_key(named[2]), "") if named[1] == self.number else ""

    def to_read(self, sections: Sequence[str], cell: str) -> tuple[str, str]:
        """Where to read, and its anchor: one of `sections` that is on this page, else the first of them.

        Where there is none, the text of the exercise itself says what was asked for.
        """
        sections = sections or [heading for heading in [self.exercises.get(cell)] if heading]
        here = next((section for section in sections if self.link(section)), None)
        where = here or next(iter(sections), "")
        return where, self.link(where)
