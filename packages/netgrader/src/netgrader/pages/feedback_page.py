"""Build a notebook's feedback page: the student's work and verdicts open, the rest folded."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from markupsafe import escape

from graphread.text import Said, joined
from netgrader import drawing_pad
from netgrader.catalogue import OF_NO_COURSE, CourseTexts
from netgrader.checks.cell_points import GRAVEST_FIRST
from netgrader.line_chart import number as written
from netgrader.pages import safe, words
from netgrader.pages.feedback_figures import NO_DATA, PageData
from netgrader.pages.feedback_outputs import render_outputs
from netgrader.pages.feedback_verdicts import (
    SMALLEST_LOSS,
    Places,
    causes_of,
    cell_name,
    step_of,
    verdict_by_hand,
    verdict_of,
)
from netgrader.pages.feedback_view import Block, Cause, CellVerdict, Further, NextStep, Page, Section
from netgrader.pages.markdown import MarkdownLimits, heading_id, heading_key, headings, highlight, render_markdown
from netgrader.pages.objections import objection_to
from netgrader.pages.shell import percent, render
from netgrader.results import Outcome, Status
from netgrader.skeleton import SkeletonCell

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from netgrader.pages.graded import Graded

__all__ = ["build_page", "parts_of", "render_page"]


class PageLimits:
    """Limits on a feedback page; lengths in characters."""

    MOST_CELLS = 1_000
    MOST_SOURCE = 600_000
    """Characters of all cells together: highlighting can multiply them by fifteen."""
    MOST_STEPS, MOST_FURTHER = 6, 4
    LONGEST_RAW = 4_000
    LONGEST_NOTICE = 1_000
    MOST_HEADINGS = 4


PROBLEM_CELL = "problem"


def render_page(page: Page, texts: CourseTexts = OF_NO_COURSE) -> str:
    """Return the page as one HTML file, with the course's texts."""
    pads = any(figure.kind == "pad" for verdict in page.verdicts for figure in verdict.figures)
    more = {"script": drawing_pad.script(), "style": drawing_pad.style()} if pads else {}
    return render("feedback.html.j2", texts, page=page, **more)


def build_page(
    cells: Sequence[Any],
    graded: Graded,
    *,
    assignment: str,
    notebook: str,
    student: str,
    student_id: str = "",
    data: PageData = NO_DATA,
    released: Collection[str] = (),
    notice: Said = "",
) -> Page:
    """Return the feedback page of one notebook.

    Parameters
    ----------
    cells
        The autograded notebook's cells: nbformat's, or dictionaries.
    graded
        Result, observations, and marks and comments by people.
    assignment, notebook, student
        Their names; a student's name is untrusted.
    student_id
        The student's id in the course; if given, the student can object to verdicts that cost points.
    data
        The course's data and texts.
    released
        The released text of each cell; unchanged cells came with the notebook and are folded.
    notice
        A note on the page itself.
    """
    # The first cell of an ungradable notebook says so; the page does that in its own words.
    cells = [cell for cell in cells[: PageLimits.MOST_CELLS] if cell.get("id") != PROBLEM_CELL]
    texts = [*map(_cell, cells)]
    places = _places(notebook, texts)
    sender = {"student": student_id, "assignment": assignment, "notebook": notebook}
    make = _Blocks(graded, places, data, frozenset(map(str.strip, released)), sender)
    blocks = [
        make.block(number, cell, raw.get("outputs", ()))
        for number, (cell, raw) in enumerate(zip(texts, cells, strict=True))
    ]
    verdicts = [block.verdict for block in blocks if block.verdict is not None]
    page = Page(
        assignment=safe.line(assignment, 120),
        notebook=safe.line(notebook, 120),
        title=_title(texts) or safe.line(notebook, 120),
        student=safe.line(student, 120),
        late_penalty=graded.marks.late_penalty,
        verdicts=tuple(verdicts),
        facts=_facts(graded),
        notices=tuple(filter(None, (notice, *_notices(graded)))),
        whole=graded.status is Status.GRADED,
        notebook_language="" if data.texts.notebooks == data.texts.language else data.texts.notebooks,
    )
    if graded.status in {None, Status.NOT}:
        return page
    return replace(
        page,
        readable=True,
        steps=_steps(verdicts, graded, places, data.texts),
        causes=_causes(verdicts, graded, data.texts),
        parts=parts_of(blocks),
        further=_further(texts, make),
    )


@dataclass
class _Blocks:
    """Makes the blocks of one notebook.

    `released` are the texts that it came with, `sender` identifies the student who objects to a verdict.
    """

    graded: Graded
    places: Places
    data: PageData
    released: frozenset[str]
    sender: Mapping[str, str]
    left: int = PageLimits.MOST_SOURCE
    """Characters of cells that still fit on the page."""

    def block(self, number: int, cell: SkeletonCell, outputs: Sequence[Mapping[str, Any]]) -> Block:
        """Return the block of a cell; call it for cells in order, since they share the page's limit."""
        verdict = self._verdict(cell)
        written = self.graded.marks.comments.get(cell.grade_id, "")
        comment = render_markdown(written, prefix=f"c{number}-", heading_shift=4) if written.strip() else None
        yours = self.is_the_students(cell)
        if verdict is not None and not verdict.manual:
            return Block("verdict", verdict=verdict, comment=comment)
        source = safe.text(cell.source, self.left)
        self.left = max(0, self.left - len(source))
        if cell.cell_type == "code":
            return Block(
                "code",
                highlight(source),
                yours=yours,
                lines=source.count("\n") + 1,
                label=words.CODE_OF.format(number=number + 1),
                outputs=render_outputs(outputs, self.data.texts),
                verdict=verdict,
                comment=comment,
            )
        if cell.cell_type != "markdown":
            return Block("raw", escape(safe.text(source, PageLimits.LONGEST_RAW)), yours=yours, comment=comment)
        return Block(
            "answer" if cell.is_solution else "text",
            render_markdown(source, cell.attachments, prefix=_prefix(number), heading_shift=1, anchor=self.places.link),
            yours=yours,
            headings=_shown_headings(source),
            verdict=verdict,
            comment=comment,
        )

    def is_the_students(self, cell: SkeletonCell) -> bool:
        """Whether the student wrote the cell."""
        if cell.grade_id:
            return cell.is_solution
        return cell.source.strip() not in self.released

    def _verdict(self, cell: SkeletonCell) -> CellVerdict | None:
        """Return the box of a graded cell; None for other cells."""
        result = self.graded.by_checks.get(cell.grade_id)
        if result is not None and not result.manual:
            return self._objectionable(verdict_of(result, self.graded, self.places, self.data))
        if not cell.is_graded:
            return None
        mark = self.graded.marks.of(cell.grade_id)
        if result is not None or cell.is_solution:
            return verdict_by_hand(cell.grade_id, cell.points, mark)
        name = cell_name(cell.grade_id)
        points = mark.points or 0.0
        return CellVerdict(cell.grade_id, name, str(Outcome.UNGRADABLE), words.NOT_GRADED, points, cell.points)

    def _objectionable(self, verdict: CellVerdict) -> CellVerdict:
        """Return a verdict with the text of an objection, if it costs points."""
        if verdict.lost <= 0:
            return verdict
        return replace(verdict, objection=objection_to(self.graded.results[verdict.cell], **self.sender))


def _places(notebook: str, cells: Sequence[SkeletonCell]) -> Places:
    """Return the notebook's sections; of several with the same heading, the first one wins."""
    anchors: dict[str, str] = {}
    exercises: dict[str, str] = {}
    last = ""
    for number, cell in enumerate(cells):
        for _, heading in _headings(cell):
            last = safe.line(_bare(heading), 80)
            anchors.setdefault(heading_key(heading), _prefix(number) + heading_id(heading))
        if cell.is_graded:
            exercises[cell.grade_id] = last
    return Places(notebook.partition("_")[0], anchors, exercises)


def _headings(cell: SkeletonCell) -> list[tuple[int, str]]:
    """Return the headings of a text cell, unless it is an answer: their levels and texts."""
    return headings(cell.source) if cell.cell_type == "markdown" and not cell.is_solution else []


def _prefix(number: int) -> str:
    """Return the prefix of ids in a text cell."""
    return f"m{number}-"


def _title(cells: Sequence[SkeletonCell]) -> str:
    """Return the notebook's first heading of level 1; empty if it has none."""
    first = (heading for cell in cells for level, heading in _headings(cell) if level == 1)
    return safe.line(_bare(next(first, "")), 120)


def _causes(verdicts: Sequence[CellVerdict], graded: Graded, texts: CourseTexts) -> tuple[Cause, ...]:
    """Return the grave faults, shown before any points: gravest first, then in the notebook's order."""
    results = graded.results
    found = [
        one
        for verdict in verdicts
        if verdict.cell in results
        for one in causes_of(results[verdict.cell], verdict, texts)
    ]
    return tuple(sorted(found, key=lambda one: GRAVEST_FIRST.index(one.severity)))[: PageLimits.MOST_STEPS]


def _steps(verdicts: Sequence[CellVerdict], graded: Graded, places: Places, texts: CourseTexts) -> tuple[NextStep, ...]:
    """Return the first steps, gravest first, one for each cause, since one mistake has many effects."""
    results = graded.results
    by_hand = words.NEXT_COMMENTED if graded.marks.comments else words.NEXT_BY_HAND
    once: dict[Said, NextStep] = {}
    for verdict in verdicts:
        if verdict.lost < SMALLEST_LOSS:
            continue
        if verdict.cell in results and not verdict.manual:
            step = step_of(results[verdict.cell], verdict, places, by_hand, texts)
            before = once.get(step.about, replace(step, points=0.0))
            once[step.about] = replace(before, points=before.points + step.points)
        elif verdict.word == words.UNANSWERED:
            once[verdict.anchor] = NextStep(verdict.name, verdict.anchor, words.NEXT_ANSWER, verdict.max_points)
    return tuple(sorted(once.values(), key=lambda step: step.gravity))[: PageLimits.MOST_STEPS]


def _further(cells: Sequence[SkeletonCell], make: _Blocks) -> tuple[Further, ...]:
    """Return the notebook's own suggestions after all is done: given paragraphs that begin with "To try"."""
    begins = tuple(f"**{word}" for word in ("To try", make.data.texts.say(words.TO_TRY)))
    given = [cell.source for cell in cells if cell.cell_type == "markdown" and not make.is_the_students(cell)]
    section = ""
    found: list[Further] = []
    for paragraph in "\n\n".join(given)[: MarkdownLimits.LONGEST_MARKDOWN].split("\n\n"):
        *_, section = section, *_shown_headings(paragraph)
        if paragraph.startswith(begins):
            text = render_markdown(paragraph, prefix=f"f{len(found)}-", heading_shift=3, anchor=make.places.link)
            found.append(Further(section, make.places.link(section), text))
    return tuple(found[: PageLimits.MOST_FURTHER])


def _facts(graded: Graded) -> tuple[Said, ...]:
    """Return the measurements as sentences; none if they may rest on wrong labels."""
    if words.OF_LABELS & {*graded.faults}:
        return ()
    facts: list[Said] = []
    if graded.accuracy is not None:
        facts.append(words.ACCURACY_ONE.format(accuracy=percent(graded.accuracy)))
    if graded.error is not None:
        facts.append(words.ERROR_ONE.format(error=f"{written(graded.error)} {graded.unit}".strip()))
    met = str(graded.measured.get("target_met"))
    return (*facts, words.TARGET[met]) if met in words.TARGET else tuple(facts)


def _notices(graded: Graded) -> tuple[Said, ...]:
    """Return the notes on the notebook as a whole."""
    result = graded.decided
    if result is None:
        return (words.PROBLEM,)
    why = safe.said(result.problem or "", PageLimits.LONGEST_NOTICE)
    notes = [safe.said(note, PageLimits.LONGEST_NOTICE) for note in result.notes]
    match result.status:
        case Status.NOT:
            return (joined(filter(None, (words.PROBLEM, why))), *notes)
        case Status.PARTLY:
            return (joined(filter(None, (words.PROBLEM_PARTLY, why, words.PROBLEM_PARTLY_MORE))), *notes)
    return tuple(notes)


def _shown_headings(source: str) -> tuple[str, ...]:
    """Return the headings of a text as the page shows them."""
    return tuple(safe.line(_bare(heading), 80) for _, heading in headings(source))


def _bare(heading: str) -> str:
    """Return a heading without Markdown's marks."""
    return re.sub(r"[*_`$]", "", heading)


def _cell(raw: Any) -> SkeletonCell:
    """Return a cell of a notebook, from nbformat's type or a dictionary."""
    nbgrader = raw["metadata"].get("nbgrader")
    return SkeletonCell(
        cell_id=str(raw.get("id", "")),
        cell_type=raw["cell_type"],
        source=raw["source"],
        nbgrader=nbgrader if isinstance(nbgrader, dict) and nbgrader.get("grade_id") else None,
        attachments=raw.get("attachments", {}),
    )


def parts_of(blocks: Iterable[Block]) -> tuple[Section, ...]:
    """Return neighboring blocks as sections: given ones under a title, others without."""
    return tuple(
        Section(run, _part_title(run) if given else "")
        for given, run in ((given, tuple(run)) for given, run in itertools.groupby(blocks, _is_given))
    )


def _is_given(block: Block) -> bool:
    """Whether a block is neither the student's nor has a verdict or comment; errors stay visible."""
    said = block.verdict is not None or block.comment is not None
    return not block.yours and not said and not any('class="stopped"' in output for output in block.outputs)


def _part_title(blocks: Sequence[Block]) -> Said:
    # The last headings lead to the next cell, whose task they describe.
    headings = [heading for block in blocks for heading in block.headings][-PageLimits.MOST_HEADINGS :]
    return " · ".join(headings) or words.GIVEN_UNTITLED
