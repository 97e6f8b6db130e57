"""The page of a graded notebook in ``autograded/`` and formgrader: safe, and made within limits."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import nbformat
from jinja2 import pass_context

from netgrader.checks.cell_points import gravest
from netgrader.faults import Severity
from netgrader.limited import ExceededError, within_limits
from netgrader.pages import safe
from netgrader.pages.markdown import MarkdownLimits, render_markdown, without_gaps
from netgrader.pages.safe import framed, picture
from netgrader.results import CellResult, CheckResult, Outcome, Status, Visibility

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from jinja2.runtime import Context

    from netgrader.catalogue import CourseTexts
    from netgrader.grading.execution import Output
    from netgrader.grading.graded_notebook import GradedNotebook
    from netgrader.grading.restore import RestoredCell
    from netgrader.skeleton import Skeleton

__all__ = ["as_it_is", "fill", "page_of", "safe_markdown", "safe_outputs"]


class CellLimits:
    """Limits on formgrader's page, in characters unless noted otherwise."""

    MOST_SHOWN = 20_000_000
    """Characters of all outputs together."""
    LONGEST_TEXT = 60_000
    MOST_COLOURS = 500
    """Terminal escape sequences in one text: converting colors copies the text after each."""


LEFT_OUT = "The rest is left out here: it is longer than a page takes. All of it was graded."
NOT_MADE = (
    "**What this notebook put out is not shown here:** making a page of it {limit}. "
    "The marks are what they would be otherwise."
)
MARKS = {Outcome.PASSED: "✓", Outcome.PARTIAL: "◐", Outcome.FAILED: "✗", Outcome.UNGRADABLE: "?"}
MARKUP = re.compile(r"[\\`*_{}\[\]<>()#+\-.!|$&]")
COMMAND = re.compile(r"\x1b\[[0-9;?]{0,40}+[@-~]?")


def page_of(graded: GradedNotebook, skeleton: Skeleton, texts: CourseTexts) -> Any:
    """Return a graded notebook for formgrader: the executed cells, each check cell with its verdict.

    Outputs that take too long to convert are left out, with a note.
    """
    # Formgrader's pages have no drawings.
    shown = replace(graded, result=graded.result.rendered(texts), observations={})
    try:
        return nbformat.from_dict(within_limits(_page, shown, skeleton))
    except ExceededError as error:
        page = nbformat.from_dict(_page(replace(shown, cells=tuple((cell, ()) for cell, _ in graded.cells)), skeleton))
        page.cells.insert(0, nbformat.v4.new_markdown_cell(NOT_MADE.format(limit=error), id="not-shown"))
        return page


def _page(graded: GradedNotebook, skeleton: Skeleton) -> dict[str, Any]:
    page = nbformat.v4.new_notebook()
    fill(page, skeleton, _shown(graded))
    if graded.result.status is Status.NOT:
        why = f"**Not graded.** {_plain(str(graded.result.problem))}"
        page.cells.insert(0, nbformat.v4.new_markdown_cell(why, id="problem"))
    page.metadata["netgrader"] = {"digest": graded.digest}
    return dict(page)


def _shown(graded: GradedNotebook) -> Iterable[tuple[RestoredCell, list[dict[str, Any]]]]:
    """Yield the cells with their safe outputs, up to the page's limit, and with the verdicts."""
    results = {cell.cell: cell for cell in graded.result.cells if not cell.manual}
    left = CellLimits.MOST_SHOWN
    for cell, outputs in graded.cells:
        if cell.grade_id in results:
            shown = [verdict_output(results[cell.grade_id], str(graded.result.problem or ""))]
        elif left > 0:
            shown = safe_outputs(outputs)
            left -= len(json.dumps(shown))
        else:
            shown = [_printed(LEFT_OUT)]
        yield cell, shown


def _printed(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def fill(nb: Any, skeleton: Skeleton, cells: Iterable[tuple[RestoredCell, Sequence[dict[str, Any]]]]) -> None:
    """Write the cells into nbgrader's notebook, with the release's metadata only."""
    nb.metadata = nbformat.from_dict(dict(skeleton.metadata))
    # The course's pictures go with the course's text; a submission's own are dropped.
    pictures = {cell.source: cell.attachments for cell in skeleton.cells}
    nb.cells = [
        _cell(cell, f"cell-{number}", outputs, pictures.get(cell.source, {}))
        for number, (cell, outputs) in enumerate(cells)
    ]


def _cell(cell: RestoredCell, name: str, outputs: Sequence[dict[str, Any]], pictures: Mapping[str, Any]) -> Any:
    """Return a cell of the notebook format, without the validation of `nbformat.v4`'s constructors."""
    of_kind: dict[str, dict[str, Any]] = {
        "code": {"execution_count": None, "outputs": list(outputs), "metadata": {}},
        "markdown": {"attachments": dict(pictures), "metadata": {}},
        # A raw cell without a type would be inserted into formgrader's page unescaped.
        "raw": {"metadata": {"raw_mimetype": "text/plain"}},
    }
    # The page shows only this much; all of it ran.
    source = safe.text(without_gaps(cell.source), MarkdownLimits.LONGEST_CODE)
    about = {**of_kind[cell.cell_type], "id": name, "cell_type": cell.cell_type, "source": source}
    if cell.origin is not None:
        about["metadata"] |= {**cell.origin.frozen, "nbgrader": cell.origin.nbgrader}
    return nbformat.from_dict(about)


def _plain(text: str) -> str:
    """Return text with Markdown's markup escaped."""
    return MARKUP.sub(r"\\\g<0>", text)


def verdict_output(cell: CellResult, problem: str = "") -> dict[str, Any]:
    """Return the output of a check cell: points and a line for each check, or `problem`, text and HTML."""
    said = [*map(_line, cell.checks)] or [problem]
    lines = [f"{cell.cell}: {cell.points or 0:g} of {cell.max_points:g} points", *said]
    html = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "\n".join(lines), "text/html": html}}


@pass_context
def safe_markdown(context: Context, source: str) -> str:
    """Return Markdown as safe HTML; nbconvert's own filter lets a student's scripts through."""
    cell = context.get("cell", {})
    return str(render_markdown(source, cell.get("attachments"), prefix=f"text-{cell.get('id', '')}-"))


def as_it_is(html: str) -> str:
    """Return the text unchanged; nbconvert's filter for an old server's links takes quadratic time."""
    return html


def safe_outputs(outputs: Iterable[Output]) -> list[dict[str, Any]]:
    """Return a run's outputs for formgrader: text, pictures, rich output in frames without scripts."""
    return [*filter(None, map(_safe_output, outputs))]


def _safe_output(output: Output) -> dict[str, Any]:
    """Return one output; empty if nothing of it can be shown."""
    if output["output_type"] == "stream":
        return _printed(_text(output["text"]), output["name"])
    if output["output_type"] == "error":
        return {
            "output_type": "error",
            "ename": _text(output["ename"]),
            "evalue": _text(output["evalue"]),
            "traceback": [*map(_text, output["traceback"])],
        }
    bundle = _bundle(output["data"])
    # Results become displays: a program that searches for a score would read a result's number.
    return {"output_type": "display_data", "metadata": {}, "data": bundle} if bundle else {}


def _bundle(data: Mapping[str, str]) -> dict[str, str]:
    """Return the safe parts of an output, by type."""
    made = {shown: make(data[kind]) for kind, (shown, make) in SHOWN_AS.items() if kind in data}
    return {kind: value for kind, value in made.items() if value}


def _text(text: str) -> str:
    kept = text[: CellLimits.LONGEST_TEXT]
    return kept if kept.count("\x1b") <= CellLimits.MOST_COLOURS else COMMAND.sub("", kept)


def _frame(html: str) -> str:
    return str(framed(html))


def _picture(kind: str, content: str) -> str:
    """Return a picture in base64; empty if it is not of the declared kind."""
    return (picture(kind, content) or "").partition(",")[2]


SHOWN_AS: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "text/plain": ("text/plain", _text),
    "image/png": ("image/png", partial(_picture, "image/png")),
    "image/jpeg": ("image/jpeg", partial(_picture, "image/jpeg")),
    "image/svg+xml": ("text/html", _frame),
    "text/html": ("text/html", _frame),
}
"""Types of output that formgrader's page shows, with the type and function that show them."""


def _line(check: CheckResult) -> str:
    """Return a check's line: its outcome, severity, sentence and message."""
    worst = gravest([check])
    word = str(check.outcome) if worst in {None, Severity.MEASURED} else f"{check.outcome}, {worst}"
    hidden = " (hidden)" if check.visibility is Visibility.HIDDEN else ""
    said = "".join(f" — {text}" for text in (check.message, check.hint) if text)
    return f"{MARKS[check.outcome]} {word}: {check.sentence}{hidden}{said}"
