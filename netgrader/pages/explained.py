"""Where the notebooks of an assignment explain a mistake: their sections, with their text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netgrader.pages.feedback_verdicts import ELSEWHERE
from netgrader.pages.markdown import heading_key, headings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from netgrader.course import Assignment

__all__ = ["CourseSection", "Explained", "explained_in"]


@dataclass(frozen=True)
class CourseSection:
    """A section of a notebook: how pages name it, its Markdown, and the pictures that this shows."""

    where: str
    text: str
    attachments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Explained:
    """The sections by the notebook's number and `heading_key`, and for each notebook and graded cell the one that it is in."""

    sections: Mapping[tuple[str, str], CourseSection] = field(default_factory=dict)
    holding: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def of(self, places: Sequence[str], notebook: str, cell: str) -> CourseSection | None:
        """Return one of `places`, in this notebook if there is one, else the section of the cell; None if there is none."""
        named = [found.groups() for found in map(ELSEWHERE.fullmatch, places) if found]
        keys = [(number, heading_key(heading)) for number, heading in named]
        keys.sort(key=lambda key: key[0] != notebook.partition("_")[0])
        keys += [self.holding[notebook, cell]] if (notebook, cell) in self.holding else []
        return next((self.sections[key] for key in keys if key in self.sections), None)


def explained_in(assignment: Assignment) -> Explained:
    """Return the sections of all notebooks of an assignment; of several with one heading the first one wins.

    A section goes on over texts and given code to the next heading, or to where students write.
    """
    found: dict[tuple[str, str], tuple[str, list[str], dict[str, Any]]] = {}
    holding: dict[tuple[str, str], tuple[str, str]] = {}
    for notebook in assignment.notebooks:
        number, last, goes_on = notebook.partition("_")[0], None, False
        for cell in assignment.skeleton(notebook).cells:
            if cell.is_graded and last is not None:
                holding[notebook, cell.grade_id] = last
            if cell.is_solution or cell.is_graded:
                goes_on = False
            elif cell.cell_type == "code" and last is not None and goes_on:
                found[last][1].append(f"```python\n{cell.source}\n```")
            elif cell.cell_type == "markdown":
                for heading, text in _parts(cell.source):
                    if heading:
                        last = number, heading_key(heading)
                        goes_on = last not in found
                        found.setdefault(last, (f"Notebook {number}, {heading}", [], {}))
                    if last is not None and goes_on:
                        found[last][1].append(text)
                        found[last][2].update(cell.attachments)
    sections = {
        key: CourseSection(where, "\n\n".join(filter(None, texts)), attachments)
        for key, (where, texts, attachments) in found.items()
    }
    return Explained(sections, holding)


def _parts(source: str) -> list[tuple[str, str]]:
    """Return the headings of a cell, each with the text below it; what comes before the first one has none."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in source.split("\n"):
        here = headings(line)
        if here and heading_key(here[0][1]):
            found.append((here[0][1], []))
        else:
            found[-1][1].append(line)
    return [(heading, "\n".join(lines).strip()) for heading, lines in found]
