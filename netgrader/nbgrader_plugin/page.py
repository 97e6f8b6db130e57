"""The page of a graded notebook, as it stands in ``autograded/`` and as formgrader shows it: made within limits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import nbformat

from netgrader.limited import ExceededError, within_limits
from netgrader.nbgrader_plugin.render import safe_outputs, verdict_output
from netgrader.pages.markdown import without_gaps
from netgrader.results import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from netgrader.grading.grade import GradedNotebook
    from netgrader.grading.restore import RestoredCell
    from netgrader.skeleton import Skeleton

__all__ = ["about_it", "fill", "page_of"]

LONGEST_SOURCE = 100_000  # characters of one cell that are shown
MOST_SOURCE = 600_000  # of all cells together
MOST_SHOWN = 20_000_000  # of what they put out, and of what is made of it
LEFT_OUT = "The rest is left out here: it is longer than a page takes. All of it was graded."
NOT_MADE = (
    "**What this notebook put out is not shown here:** making a page of it {limit}. "
    "The marks are what they would be otherwise."
)


def page_of(graded: GradedNotebook, skeleton: Skeleton) -> Any:
    """A graded notebook as formgrader shows it: the cells that were run, and under each check cell its verdict.

    What was put out is left away, and that is said, where making something of it that can be shown takes too long.
    """
    shown = replace(graded, observations={})  # pages in formgrader draw nothing
    try:
        return within_limits(_page, shown, skeleton)
    except ExceededError as error:
        page = _page(replace(shown, cells=tuple((cell, ()) for cell, _ in graded.cells)), skeleton)
        page.cells.insert(0, nbformat.v4.new_markdown_cell(NOT_MADE.format(limit=error), id="not-shown"))
        return page


def _page(graded: GradedNotebook, skeleton: Skeleton) -> Any:
    page = nbformat.v4.new_notebook()
    result = graded.result
    fill(page, skeleton, _shown(graded), result.problem if result.status is Status.NOT else None)
    page.metadata["netgrader"] = about_it(graded)
    return page


def about_it(graded: GradedNotebook) -> dict[str, str]:
    """What an autograded notebook says of itself: what it was made from, and how that went."""
    return {"digest": graded.digest, "base": graded.base, "status": str(graded.result.status)}


def _shown(graded: GradedNotebook) -> Iterable[tuple[RestoredCell, list[dict[str, Any]]]]:
    """The cells with what is shown of them, as much as a page takes: what a student wrote and put out may be megabytes."""
    results = {cell.cell: cell for cell in graded.result.cells if not cell.manual}
    sources, shown = MOST_SOURCE, MOST_SHOWN
    for number, (cell, outputs) in enumerate(graded.cells):
        kept = cell if cell.origin and cell.origin.locked else _cut(cell, sources)
        sources -= len(kept.source)
        if cell.grade_id in results:
            yield kept, [verdict_output(results[cell.grade_id], graded.result.problem)]
            continue
        made = safe_outputs(outputs, f"out-{number}-") if shown > 0 else []
        shown -= sum(len(text) for output in (*made, *outputs) for text in _texts(output))
        yield kept, made if made or not outputs else [_said(LEFT_OUT)]


def _cut(cell: RestoredCell, most: int) -> RestoredCell:
    """A cell of which no more is shown than a page takes; what was run is all of it."""
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
    for number, (cell, outputs) in enumerate(cells):
        made = _cell(cell, f"cell-{number}")
        if cell.origin is not None:
            made.metadata.update(cell.origin.frozen)
            if cell.origin.nbgrader:
                made.metadata["nbgrader"] = nbformat.from_dict(dict(cell.origin.nbgrader))
        if cell.cell_type == "raw":
            # A raw cell without a type is put into formgrader's page as it is, markup and all.
            made.metadata["raw_mimetype"] = "text/plain"
        if cell.cell_type == "markdown" and cell.source in pictures:
            made.attachments = nbformat.from_dict(dict(pictures[cell.source]))
        if cell.cell_type == "code":
            made.outputs = [nbformat.from_dict(output) for output in outputs]
        nb.cells.append(made)


def _cell(cell: RestoredCell, name: str) -> Any:
    """An empty cell of the notebook format; not by `nbformat.v4`'s makers, which validate each cell by itself."""
    kind = cell.cell_type if cell.cell_type in {"code", "markdown"} else "raw"
    more: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return nbformat.from_dict({"id": name, "cell_type": kind, "metadata": {}, "source": cell.source, **more})


def _plain(text: str) -> str:
    """Text for Markdown in which nothing is markup."""
    return "".join("\\" + character if character in "\\`*_{}[]<>()#+-.!|$&" else character for character in text)
