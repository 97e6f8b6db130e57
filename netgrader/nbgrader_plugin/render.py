"""A check cell's verdict, and what a student wrote and put out, as they stand on the page that formgrader shows."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from jinja2 import pass_context

from netgrader.checks.points import gravest
from netgrader.faults import Severity
from netgrader.pages.markdown import render_markdown
from netgrader.pages.safe import LONGEST_HTML, PICTURE_BYTES, clean_html, clean_svg, picture
from netgrader.results import CellResult, CheckResult, Outcome, Visibility

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jinja2.runtime import Context

__all__ = ["as_it_is", "safe_markdown", "safe_outputs", "verdict_output"]

MARKS = {Outcome.PASSED: "✓", Outcome.PARTIAL: "◐", Outcome.FAILED: "✗", Outcome.UNGRADABLE: "?"}
LONGEST_TEXT = 60_000
MOST_COLOURS = 500
"""Commands to a terminal in one text: whoever makes colours of them takes the text anew after each."""
COMMAND = re.compile(r"\x1b\[[0-9;?]{0,40}+[@-~]?")


def verdict_output(cell: CellResult, problem: str | None = None) -> dict[str, Any]:
    """What stands under a check cell: its points and a line for each check, as text and as HTML."""
    points = f"{cell.points or 0:g} of {cell.max_points:g} points"
    said = [problem] if problem and not cell.checks else []
    lines = [f"{cell.cell}: {points}", *said, *(_line(check) for check in cell.checks)]
    items = "".join(f"<li>{_item(check)}</li>" for check in cell.checks)
    html = f"<p><strong>{escape(points)}</strong></p>" + "".join(f"<p>{escape(one)}</p>" for one in said)
    if items:
        html += f'<ul style="list-style: none; padding-left: 0">{items}</ul>'
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/plain": "\n".join(lines), "text/html": html},
    }


@pass_context
def safe_markdown(context: Context, source: str) -> str:
    """Markdown as harmless HTML: in place of nbconvert's own filter, which lets a student's scripts through."""
    cell = context.get("cell") or {}
    return str(render_markdown(source, cell.get("attachments"), prefix=f"text-{cell.get('id', '')}-"))


def as_it_is(html: str) -> str:
    """In place of nbconvert's filter for links of an old server's, which takes the square of the length of what comes to it."""
    return html


def safe_outputs(outputs: Iterable[Mapping[str, Any]], prefix: str) -> list[dict[str, Any]]:
    """Outputs that whoever looks at them can show: text, tables and pictures, but nothing that runs or loads.

    Parameters
    ----------
    outputs
        Of one cell.
    prefix
        Put before ids in them, so that none can meet an id of formgrader's, by which marks are typed in.
    """
    safe: list[dict[str, Any]] = []
    for number, output in enumerate(outputs):
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
            bundle = _bundle(data, f"{prefix}{number}-") if isinstance(data, dict) else {}
            if bundle:
                # A result becomes a display: its number would be read by whoever looks for a score.
                safe.append({"output_type": "display_data", "metadata": {}, "data": bundle})
    return safe


def _bundle(data: Mapping[str, Any], prefix: str) -> dict[str, str]:
    clean: dict[str, str] = {}
    for kind, value in data.items():
        if kind in {"image/png", "image/jpeg"}:
            clean[kind] = (picture(kind, _text(value, 2 * PICTURE_BYTES)) or "").partition(",")[2]
        elif kind == "text/plain":
            clean[kind] = _text(value)
        elif kind == "text/html":
            clean[kind] = str(clean_html(_text(value, LONGEST_HTML + 1), prefix))
        elif kind == "image/svg+xml":
            clean[kind] = str(clean_svg(_text(value, LONGEST_HTML), prefix))
    return {kind: value for kind, value in clean.items() if value}


def _text(value: Any, longest: int = LONGEST_TEXT) -> str:
    text = "".join(value) if isinstance(value, list) and all(isinstance(v, str) for v in value) else value
    kept = text[:longest] if isinstance(text, str) else ""
    return kept if kept.count("\x1b") <= MOST_COLOURS else COMMAND.sub("", kept)


def _line(check: CheckResult) -> str:
    said = f" — {check.message}" if check.message else ""
    hidden = " (hidden)" if check.visibility is Visibility.HIDDEN else ""
    return f"{MARKS[check.outcome]} {_word(check)}: {check.sentence}{hidden}{said}"


def _word(check: CheckResult) -> str:
    """How a check ended, and how grave what it found is."""
    worst = gravest([check])
    return f"{check.outcome}, {worst}" if worst not in {None, Severity.MEASURED} else str(check.outcome)


def _item(check: CheckResult) -> str:
    html = f"{MARKS[check.outcome]} <b>{escape(_word(check))}</b>: {escape(check.sentence)}"
    if check.visibility is Visibility.HIDDEN:
        html += " <i>(hidden)</i>"
    for more in (check.message, check.hint):
        if more:
            html += f"<br>{escape(more)}"
    return html
