"""Convert grading results to the ``results.json`` of Gradescope and PrairieLearn."""

from __future__ import annotations

import json
from collections.abc import Mapping  # noqa: TC003  (a field's type)
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markupsafe import escape

from graphread.text import Said, Text
from netgrader import __version__
from netgrader.catalogue import OF_NO_COURSE, CourseTexts
from netgrader.pages import safe, words
from netgrader.pages.check_points import points_by_check
from netgrader.pages.feedback_figures import PageData
from netgrader.pages.feedback_page import build_page
from netgrader.pages.feedback_verdicts import cell_name
from netgrader.pages.graded import Graded
from netgrader.pages.shell import points as written
from netgrader.pages.shell import up_to
from netgrader.results import CellResult, CheckResult, NotebookResult, Outcome, Status
from netgrader_platforms import autograder_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from graphread.text import Said
    from netgrader.course import Assignment
    from netgrader.grading.graded_notebook import GradedNotebook
    from netgrader.pages.feedback_view import Check, Page

__all__ = [
    "LARGEST",
    "NotebookStanding",
    "Sentences",
    "Standing",
    "as_text",
    "gradescope",
    "prairielearn",
    "what_is_said",
]

LARGEST = 1_000_000
"""Size of the largest ``results.json`` that PrairieLearn accepts, in bytes."""
CUTS = (100_000, 20_000, 4_000, 1_000, 300, 100)
"""Lengths, in characters, to which each text is cut in turn until the file is small enough."""


@dataclass(frozen=True)
class Sentences:
    """The sentences of one notebook's feedback page; untrusted, since they may quote the student."""

    summary: tuple[str, ...] = ()
    """Sentences on the notebook as a whole, and next steps."""
    checks: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """Sentences on each check, by cell and test."""


@dataclass(frozen=True)
class NotebookStanding:
    """The grading state of one notebook: its result, or none (yet)."""

    notebook: str
    result: NotebookResult | None = None
    said: Sentences = field(default_factory=Sentences)
    broke: bool = False
    """Whether grading failed for a reason that is not the student's."""

    @property
    def summary(self) -> tuple[Said, ...]:
        """Return the notes on the notebook as a whole."""
        return (autograder_words.GRADING_BROKE, *self.said.summary) if self.broke else self.said.summary


@dataclass(frozen=True)
class Standing:
    """The state of a submission's grading: its notes and notebooks."""

    answers: tuple[NotebookStanding, ...]
    notices: tuple[Said, ...] = ()
    seconds: float = 0.0
    """Seconds since grading began."""
    over: bool = False
    """Whether no further change follows."""
    texts: CourseTexts = OF_NO_COURSE
    """The course's texts and language."""

    @property
    def results(self) -> list[NotebookResult]:
        """Return the results that exist so far."""
        return [one.result for one in self.answers if one.result is not None]

    @property
    def score(self) -> float:
        """Return the points of these results, in hundredths."""
        return round(sum(result.score for result in self.results), 2)

    @property
    def lines(self) -> list[_Line]:
        """Return the test entries of all notebooks, in order."""
        return [line for one in self.answers for line in _lines(one)]

    @property
    def is_whole(self) -> bool:
        """Whether every notebook was graded."""
        return all(one.result is not None and one.result.status is Status.GRADED for one in self.answers)


@dataclass(frozen=True)
class _Line:
    """A test entry as platforms show it; without points it is a mere note."""

    name: Said
    said: tuple[Said, ...] = ()
    state: str = ""
    """``passed``, ``failed`` or empty."""
    points: float = 0.0
    most: float = 0.0
    tags: tuple[str, ...] = ()


def gradescope(standing: Standing) -> dict[str, Any]:
    """Return Gradescope's ``results.json``; without a score, never a 0, if nothing was graded."""
    results, say = standing.results, standing.texts.say
    made: dict[str, Any] = {
        **({"score": standing.score} if results else {}),
        "execution_time": round(standing.seconds, 1),
        "output_format": "html",
        "stdout_visibility": "hidden",
        "extra_data": {
            "netgrader": __version__,
            "complete": standing.is_whole,
            # Gradescope's own name for the state of a failed run.
            "autograder_error": any(one.broke for one in standing.answers) or (standing.over and not results),
            "notebooks": {one.notebook: _state(one) for one in standing.answers},
        },
    }
    lines = standing.lines or [_Line(words.NOT_GRADED_YET)]

    def cut(most: int) -> dict[str, Any]:
        return {
            **made,
            "output": _html(_summary(standing), most, say),
            "tests": [_test(line, most, say) for line in lines],
        }

    return _fitting(cut)


def prairielearn(standing: Standing) -> dict[str, Any]:
    """Return PrairieLearn's ``results.json``; an ungraded submission is not gradable and costs no attempt."""
    results, say = standing.results, standing.texts.say
    if not any(result.status is not Status.NOT for result in results):
        return _fitting(
            lambda most: {"gradable": False, "format_errors": [_cut(one, most, say) for one in _summary(standing)]}
        )
    most_points = sum(result.max_score for result in results)
    score = min(1.0, standing.score / most_points) if most_points else 0.0

    def cut(most: int) -> dict[str, Any]:
        return {
            "gradable": True,
            "score": score,
            "message": _cut(as_text(_summary(standing), say), most, say),
            "tests": [
                {
                    "name": say(line.name),
                    "points": line.points,
                    "max_points": line.most,
                    "message": _cut(as_text(line.said, say), most, say),
                }
                for line in standing.lines
            ],
        }

    return _fitting(cut)


def as_text(said: Sequence[Said], say: Callable[[Said], str]) -> str:
    """Return sentences as plain text, one paragraph each."""
    return "\n\n".join(map(say, said))


def _fitting(made: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
    """Return `made(most)` for the longest texts that fit the platform's size limit."""
    for most in CUTS:
        found = made(most)
        if len(json.dumps(found)) <= LARGEST:
            return found
    return made(0)


def _summary(standing: Standing) -> tuple[Said, ...]:
    """Return the notes on the submission as a whole and on each notebook."""
    said_of: dict[Said, list[str]] = {}
    for one in standing.answers:
        for text in one.summary:
            said_of.setdefault(text, []).append(one.notebook)
    own = (Text("{notebook}: {text}", notebook=", ".join(names), text=text) for text, names in said_of.items())
    return (*(() if standing.over else (autograder_words.GRADING_BEGAN,)), *standing.notices, *own)


def _state(one: NotebookStanding) -> str:
    if one.result is not None:
        return str(one.result.status)
    return "autograder-error" if one.broke else "not-graded-yet"


def _lines(one: NotebookStanding) -> Iterator[_Line]:
    """Yield the test entries of a notebook; their points add up to the notebook's, in hundredths."""
    if one.result is not None:
        for cell in one.result.cells:
            yield from _of_cell(cell, one.result, one.said)
        return
    name = Text("{notebook}: {text}", notebook=one.notebook, text=words.NOT_GRADED_YET)
    broke = _Line(name, (autograder_words.GRADING_BROKE,), "failed", tags=("autograder_error",))
    yield broke if one.broke else _Line(name)


def _of_cell(cell: CellResult, result: NotebookResult, said: Sentences) -> Iterator[_Line]:
    name = cell_name(cell.cell)
    if cell.points is None:
        yield _Line(autograder_words.CELL_WAITS.format(cell=name, points=written(cell.max_points)), tags=("manual",))
    elif not cell.checks:
        told = safe.said(result.problem or words.NOT_GRADED)
        yield _Line(name, (told,), "failed", cell.points, cell.max_points, ("ungradable",))
    else:
        for check, points, most in points_by_check(cell):
            yield _of_check(name, check, points, most, said.checks.get((cell.cell, check.check), ()))


def _of_check(cell: str, check: CheckResult, points: float, most: float, said: tuple[Said, ...]) -> _Line:
    """Return the test entry of a check with these points."""
    name = f"{cell}: {safe.line(check.sentence)}"
    if check.outcome is Outcome.PASSED:
        lost = (autograder_words.LOST_ELSEWHERE,) if points < most else ()
        return _Line(name, (*said, *lost), "passed", points, most, check.faults)
    tags = ("ungradable",) if check.outcome is Outcome.UNGRADABLE else check.faults
    return _Line(name, said, "failed", points, most, tags)


def _test(line: _Line, most: int, say: Callable[[Said], str]) -> dict[str, Any]:
    scores = {"score": line.points, "max_score": line.most} if line.most else {}
    about = {
        "name": say(line.name),
        **scores,
        "status": line.state,
        "output": _html(line.said, most, say),
        "output_format": "html",
        "tags": list(line.tags),
    }
    return {name: value for name, value in about.items() if value not in ("", [])}


def _html(said: Sequence[Said], most: int, say: Callable[[Said], str]) -> str:
    """Return sentences as HTML that survives sanitizers: paragraphs and line breaks."""
    texts = [str(escape(_cut(text, most, say))).replace("\n", "<br>") for text in said]
    return "".join(f"<p>{text}</p>" for text in texts)


def _cut(said: Said, most: int, say: Callable[[Said], str]) -> str:
    text = say(said)
    return text if len(text) <= most else f"{text[:most]}… {say(autograder_words.ELSEWHERE_CUT)}"


def what_is_said(assignment: Assignment, graded: GradedNotebook) -> Sentences:
    """Return the sentences of a notebook's feedback page; cell texts come from the release."""
    notebook = graded.result.notebook.removesuffix(".ipynb")
    cells = [
        {"cell_type": cell.cell_type, "source": cell.source, "metadata": {"nbgrader": cell.nbgrader}}
        for cell in assignment.skeleton(notebook).cells
    ]
    texts = assignment.texts
    known_result, data, say = Graded(graded.result.rendered(texts)), PageData(texts=texts), texts.say
    page = build_page(cells, known_result, assignment=assignment.name, notebook=notebook, student="", data=data)
    found = {
        (verdict.cell, check.check): tuple(_of_shown_check(check, say))
        for verdict in page.verdicts
        for check in verdict.checks
    }
    return Sentences(tuple(_of_page(page, say)), found)


def _of_page(page: Page, say: Callable[[Said], str]) -> Iterator[str]:
    yield from map(say, page.notices)
    for cause in page.causes:
        yield f"{cause.name} {say(cause.word)}. {say(cause.sentence)}"
    yield from map(say, page.facts)
    for step in page.steps:
        yield f"{say(words.NEXT)}: {step.name} ({say(up_to(step.points))}): {say(step.sentence)}"
    if not page.readable:
        yield say(words.NEXT_FIX)
    elif not page.steps and page.whole:
        yield say(words.NEXT_NONE_PLAIN)


def _of_shown_check(check: Check, say: Callable[[Said], str]) -> Iterator[str]:
    yield from (say(text) for text in (check.found, check.credit) if text)
    for reason in check.reasons:
        if reason.why:
            yield f"{say(words.WHY)}: {say(reason.why)}"
        if reason.where:
            yield f"{say(words.WHERE)}: {reason.where}"
