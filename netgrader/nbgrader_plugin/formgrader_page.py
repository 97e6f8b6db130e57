"""The page of a graded notebook, as it stands in ``autograded/`` and as formgrader shows it: safe, and made within limits."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import nbformat
from jinja2 import pass_context

from netgrader.checks.cell_points import gravest
from netgrader.faults import Severity
from netgrader.limited import ExceededError, within_limits
from netgrader.pages.markdown import render_markdown, without_gaps
from netgrader.pages.safe import LONGEST_HTML, LONGEST_PICTURE, framed, picture
from netgrader.results import CellResult, CheckResult, Outcome, Status, Visibility

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jinja2.runtime import Context

    from netgrader.catalogue import CourseTexts
    from netgrader.grading.graded_notebook import GradedNotebook
    from netgrader.grading.restore import RestoredCell
    from netgrader.skeleton import Skeleton

__all__ = ["as_it_is", "fill", "page_of", "safe_markdown", "safe_outputs"]

LONGEST_SOURCE = 100_000  # characters of one cell that are shown
MOST_SOURCE = 600_000  # of all cells together
MOST_SHOWN = 20_000_000  # of what they put out, and of what is made of it
LEFT_OUT = "The rest is left out here: it is longer than a page takes. All of it was graded."
NOT_MADE = (
    "**What this notebook put out is not shown here:** making a page of it {limit}. "
    "The marks are what they would be otherwise."
)
MARKS = {Outcome.PASSED: "✓", Outcome.PARTIAL: "◐", Outcome.FAILED: "✗", Outcome.UNGRADABLE: "?"}
LONGEST_TEXT = 60_000
MOST_COLOURS = 500
"""Commands to a terminal in one text: whoever makes colours of them takes the text anew after each."""
COMMAND = re.compile(r"\x1b\[[0-9;?]{0,40}+[@-~]?")


def page_of(graded: GradedNotebook, skeleton: Skeleton, texts: CourseTexts) -> Any:
    """Return a graded notebook as formgrader shows it: the cells that were run, and under each check cell its verdict.

    What was put out is left away, and that is said, where making something of it that can be shown takes too long.
    """
    # Pages in formgrader draw nothing.
    shown = replace(graded, result=graded.result.rendered(texts), observations={})
    try:
        return nbformat.from_dict(within_limits(_page, shown, skeleton))
    except ExceededError as error:
        page = nbformat.from_dict(_page(replace(shown, cells=tuple((cell, ()) for cell, _ in graded.cells)), skeleton))
        page.cells.insert(0, nbformat.v4.new_markdown_cell(NOT_MADE.format(limit=error), id="not-shown"))
        return page


def _page(graded: GradedNotebook, skeleton: Skeleton) -> dict[str, Any]:
    page = nbformat.v4.new_notebook()
    result = graded.result
    fill(page, skeleton, _shown(graded), str(result.problem) if result.status is Status.NOT else None)
    page.metadata["netgrader"] = {"digest": graded.digest}
    return dict(page)


def _shown(graded: GradedNotebook) -> Iterable[tuple[RestoredCell, list[dict[str, Any]]]]:
    """Return the cells with what is shown of them, as much as a page takes: what a student wrote and put out may be megabytes."""
    results = {cell.cell: cell for cell in graded.result.cells if not cell.manual}
    sources, shown = MOST_SOURCE, MOST_SHOWN
    for cell, outputs in graded.cells:
        kept = cell if cell.origin and cell.origin.locked else _cut(cell, sources)
        sources -= len(kept.source)
        if cell.grade_id in results:
            yield kept, [verdict_output(results[cell.grade_id], str(graded.result.problem or ""))]
            continue
        made = safe_outputs(outputs) if shown > 0 else []
        shown -= sum(len(text) for output in (*made, *outputs) for text in _texts(output))
        yield kept, made if made or not outputs else [_said(LEFT_OUT)]


def _cut(cell: RestoredCell, most: int) -> RestoredCell:
    """Return a cell of which no more is shown than a page takes; what was run is all of it."""
    if cell.cell_type == "code":
        cell = replace(cell, source=without_gaps(cell.source))
    if len(cell.source) <= min(most, LONGEST_SOURCE):
        return cell
    note = f"\n# {LEFT_OUT}" if cell.cell_type == "code" else f"\n\n{LEFT_OUT}"
    return replace(cell, source=cell.source[: max(0, min(most, LONGEST_SOURCE))] + note)


def _texts(output: Mapping[str, Any]) -> Iterable[str]:
    said = (*output.get("data", {}).values(), *output.get("traceback", ()), output.get("text", ""))
    return (text for text in said if isinstance(text, str))


def _said(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def fill(
    nb: Any, skeleton: Skeleton, cells: Iterable[tuple[RestoredCell, Sequence[dict[str, Any]]]], problem: str | None
) -> None:
    """Write the cells into nbgrader's notebook, with the metadata of the release and no one else's."""
    nb.metadata = nbformat.from_dict(dict(skeleton.metadata))
    nb.cells = []
    if problem:
        nb.cells.append(nbformat.v4.new_markdown_cell(f"**Not graded.** {_plain(problem)}", id="problem"))
    # The course's pictures stand with the course's text; a submission's own do not travel.
    pictures = {cell.source: cell.attachments for cell in skeleton.cells if cell.attachments}
    nb.cells += [
        _cell(cell, f"cell-{number}", outputs, pictures.get(cell.source))
        for number, (cell, outputs) in enumerate(cells)
    ]


def _cell(cell: RestoredCell, name: str, outputs: Sequence[dict[str, Any]], pictures: Mapping[str, Any] | None) -> Any:
    """Return a cell of the notebook format; not by `nbformat.v4`'s makers, which validate each cell by itself."""
    of_kind: dict[str, dict[str, Any]] = {
        "code": {"execution_count": None, "outputs": list(outputs)},
        "markdown": {"attachments": dict(pictures)} if pictures else {},
    }
    kind = cell.cell_type if cell.cell_type in of_kind else "raw"
    # A raw cell without a type is put into formgrader's page as it is, markup and all.
    metadata: dict[str, Any] = {"raw_mimetype": "text/plain"} if kind == "raw" else {}
    if cell.origin is not None:
        metadata |= cell.origin.frozen
        metadata |= {"nbgrader": dict(cell.origin.nbgrader)} if cell.origin.nbgrader else {}
    about = {"id": name, "cell_type": kind, "metadata": metadata, "source": cell.source}
    return nbformat.from_dict({**about, **of_kind.get(kind, {})})


def _plain(text: str) -> str:
    """Return text for Markdown in which nothing is markup."""
    return "".join("\\" + character if character in "\\`*_{}[]<>()#+-.!|$&" else character for character in text)


def verdict_output(cell: CellResult, problem: str | None = None) -> dict[str, Any]:
    """Return what stands under a check cell: its points and a line for each check, as text and as HTML."""
    said = [problem] if problem and not cell.checks else []
    lines = [f"{cell.cell}: {cell.points or 0:g} of {cell.max_points:g} points", *said, *map(_line, cell.checks)]
    html = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "\n".join(lines), "text/html": html}}


@pass_context
def safe_markdown(context: Context, source: str) -> str:
    """Markdown as harmless HTML: in place of nbconvert's own filter, which lets a student's scripts through."""
    cell = context.get("cell") or {}
    return str(render_markdown(source, cell.get("attachments"), prefix=f"text-{cell.get('id', '')}-"))


def as_it_is(html: str) -> str:
    """In place of nbconvert's filter for links of an old server's, which takes the square of the length of what comes to it."""
    return html


def safe_outputs(outputs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return outputs fit for formgrader's page: text, pictures, and rich output in frames where it cannot run or load."""
    safe: list[dict[str, Any]] = []
    for output in outputs:
        kind = output.get("output_type")
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            safe.append({"output_type": "stream", "name": name, "text": _text(output.get("text"))})
        elif kind == "error":
            trace = output.get("traceback")
            lines = [_text(line) for line in trace] if isinstance(trace, list) else []
            name, value = _text(output.get("ename")), _text(output.get("evalue"))
            safe.append({"output_type": "error", "ename": name, "evalue": value, "traceback": lines})
        elif kind in {"display_data", "execute_result"}:
            data = output.get("data")
            bundle = _bundle(data) if isinstance(data, dict) else {}
            if bundle:
                # A result becomes a display: its number would be read by whoever looks for a score.
                safe.append({"output_type": "display_data", "metadata": {}, "data": bundle})
    return safe


def _bundle(data: Mapping[str, Any]) -> dict[str, str]:
    clean: dict[str, str] = {}
    for kind, value in data.items():
        if kind in {"image/png", "image/jpeg"}:
            clean[kind] = (picture(kind, _text(value, LONGEST_PICTURE + 1)) or "").partition(",")[2]
        elif kind == "text/plain":
            clean[kind] = _text(value)
        elif kind in {"text/html", "image/svg+xml"}:
            clean["text/html"] = str(framed(_text(value, LONGEST_HTML + 1)))
    return {kind: value for kind, value in clean.items() if value}


def _text(value: Any, longest: int = LONGEST_TEXT) -> str:
    text = "".join(value) if isinstance(value, list) and all(isinstance(v, str) for v in value) else value
    kept = text[:longest] if isinstance(text, str) else ""
    return kept if kept.count("\x1b") <= MOST_COLOURS else COMMAND.sub("", kept)


def _line(check: CheckResult) -> str:
    """Return how a check ended, how grave what it found is, and what it says."""
    worst = gravest([check])
    word = str(check.outcome) if worst in {None, Severity.MEASURED} else f"{check.outcome}, {worst}"
    hidden = " (hidden)" if check.visibility is Visibility.HIDDEN else ""
    said = "".join(f" — {text}" for text in (check.message, check.hint) if text)
    return f"{MARKS[check.outcome]} {word}: {check.sentence}{hidden}{said}"
