"""What a feedback page says, as plain sentences: for platforms that show neither pictures nor a page of ours."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (a field's type)
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netgrader.faults import speaking_of
from netgrader.pages import words
from netgrader.pages.feedback_page import build_page
from netgrader.pages.graded import Graded
from netgrader.pages.shell import points as written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.course import Assignment
    from netgrader.grading.graded_notebook import GradedNotebook
    from netgrader.pages.feedback_view import Check, Page

__all__ = ["Said", "what_is_said"]


@dataclass(frozen=True)
class Said:
    """The sentences of one notebook's page; they may hold what a student wrote."""

    summary: tuple[str, ...] = ()
    """On the notebook as a whole, and what to do next."""
    checks: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """On each check, by its cell and its test."""


def what_is_said(assignment: Assignment, graded: GradedNotebook) -> Said:
    """Return the sentences of a notebook's page. Of the notebook's texts only those of the release are looked at."""
    notebook = graded.result.notebook.removesuffix(".ipynb")
    known = notebook in assignment.notebooks
    ours = {cell.source for cell in assignment.skeleton(notebook).cells} if known else set()
    cells = [
        {
            "cell_type": cell.cell_type,
            "source": cell.source if cell.source in ours else "",
            "metadata": {"nbgrader": dict(cell.origin.nbgrader or {})} if cell.origin else {},
        }
        for cell, _ in graded.cells
    ]
    with speaking_of(assignment.texts):
        page = build_page(cells, Graded(graded.result), assignment=assignment.name, notebook=notebook, student="")
        found = {
            (verdict.cell, check.check): tuple(_of_check(check))
            for verdict in page.verdicts
            for check in verdict.checks
        }
        return Said(tuple(_summary(page)), found)


def _summary(page: Page) -> Iterator[str]:
    yield from page.notices
    for cause in page.causes:
        yield f"{cause.name} {cause.word}. {cause.sentence}"
    yield from page.facts
    for step in page.steps:
        most = words.NEXT_UP_TO[written(step.points) != "1"].format(points=written(step.points))
        where = f" {words.WHERE}: {step.where}." if step.where else ""
        yield f"{words.NEXT}: {step.name} ({most}): {step.sentence}{where}"
    if not page.readable:
        yield words.NEXT_MEND
    elif not page.steps and page.whole:
        yield words.NEXT_NONE_PLAIN


def _of_check(check: Check) -> Iterator[str]:
    yield from (text for text in (check.found, check.credit) if text)
    for reason in check.reasons:
        if reason.why:
            yield f"{words.WHY}: {reason.why}"
        if reason.where:
            yield f"{words.WHERE}: {reason.where}"
    if check.hint:
        yield f"{words.HINT}: {check.hint}"
    if check.hidden and check.state != "passed":
        yield f"({words.HIDDEN})"
