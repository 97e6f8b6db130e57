"""Where on a page a section of the notebook stands: from "Notebook 1, The data" to an anchor."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Places", "heading_key"]

ELSEWHERE = re.compile(r"Notebook (\d+), (.+)")


@dataclass(frozen=True)
class Places:
    """The sections of one notebook: its number, and anchors by `heading_key`."""

    number: str = ""
    anchors: Mapping[str, str] = field(default_factory=dict)

    def link(self, where: str) -> str:
        """The anchor of the section that `where` names; empty if it stands in another notebook, or nowhere."""
        named = ELSEWHERE.fullmatch(where)
        if named is None:
            return self.anchors.get(heading_key(where), "")
        return self.anchors.get(heading_key(named[2]), "") if named[1] == self.number else ""


def heading_key(heading: str) -> str:
    """A heading without marks and case, by which sections are found."""
    return " ".join("".join(one if one.isalnum() else " " for one in heading.casefold()).split())
