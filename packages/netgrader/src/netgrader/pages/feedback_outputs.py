"""Outputs of a student's cells as safe, bounded HTML: text, tables, pictures; no scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from netgrader.pages import safe, words
from netgrader.pages.shell import piece
from netgrader.strangers import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netgrader.catalogue import CourseTexts

__all__ = ["note", "render_outputs"]


class OutputLimits:
    """Limits on a cell's outputs on a feedback page, in characters unless noted otherwise."""

    MOST_OUTPUTS = 40
    LONGEST_TEXT = 8_000
    LONGEST_LOG = 3_000
    MOST_LINES = 16
    """Lines of printed text that are not folded."""


ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]")
# IPython heads a cell's frame with "Cell In[5], line 3" and a library's with "File /usr/lib/…".
OF_LIBRARIES = re.compile(r"^File .*?(?=^(?:Cell|Input) |\Z)", re.MULTILINE | re.DOTALL)
ARROW = re.compile(r"^-+>\s*\d+\s?(.*)$", re.MULTILINE)


def render_outputs(outputs: Iterable[Mapping[str, Any]], texts: CourseTexts) -> tuple[Markup, ...]:
    """Return the outputs of one cell in order, as HTML."""
    rendered: list[Markup] = []
    for output in outputs:
        if len(rendered) == OutputLimits.MOST_OUTPUTS:
            rendered.append(note(texts.say(words.SHORTENED)))
            break
        made = _one(output, texts)
        if made:
            rendered.append(made)
    return tuple(rendered)


def _one(output: Mapping[str, Any], texts: CourseTexts) -> Markup | None:
    match output.get("output_type"):
        case "stream":
            return _stream(str(output.get("name")), text_of(output.get("text")), texts)
        case "error":
            return _error(output, texts)
        case "display_data" | "execute_result":
            return _display(output["data"], texts)
    return None


def _stream(name: str, written: str, texts: CourseTexts) -> Markup | None:
    log = name == "stderr"
    shown = _tidy(written, OutputLimits.LONGEST_LOG if log else OutputLimits.LONGEST_TEXT)
    if not shown.strip():
        return None
    body = _pre(shown)
    if log:
        return Markup('<details class="log"><summary>{}</summary>{}</details>').format(texts.say(words.LOG), body)
    return _folded(body, shown, texts)


def _pre(shown: str) -> Markup:
    return Markup('<pre class="plain" dir="auto">{}</pre>').format(shown)


def _folded(body: Markup, shown: str, texts: CourseTexts) -> Markup:
    """Return `body`, folded if its text is long."""
    lines = shown.count("\n") + 1
    if lines <= OutputLimits.MOST_LINES:
        return body
    said = texts.say(words.OUTPUT_LINES.format(number=lines))
    return Markup('<details class="printed"><summary>{}</summary>{}</details>').format(said, body)


def _error(output: Mapping[str, Any], texts: CourseTexts) -> Markup:
    kind = safe.line(output.get("ename", ""), 80)
    said = safe.line(_tidy(text_of(output.get("evalue")), 600), 600)
    return piece("stopped", texts, words.STOPPED.format(kind=kind), said, _line_of(output["traceback"]))


def _line_of(traceback: Iterable[str]) -> str:
    """Return the student's line that an IPython traceback points at, in the innermost cell."""
    told = ANSI.sub("", "\n".join(traceback)[-20_000:])
    arrows = ARROW.findall(OF_LIBRARIES.sub("", told))
    return safe.line(arrows[-1], 200) if arrows else ""


def _display(data: Mapping[str, Any], texts: CourseTexts) -> Markup | None:
    drawn = _picture(data, texts)
    if drawn:
        return drawn
    rich = text_of(data.get("text/html"))
    if rich:
        return safe.framed(rich)
    plain = _tidy(text_of(data.get("text/plain")), OutputLimits.LONGEST_TEXT)
    if plain.strip():
        return _folded(_pre(plain), plain, texts)
    return note(texts.say(words.NOT_SHOWN))


def _picture(data: Mapping[str, Any], texts: CourseTexts) -> Markup | None:
    addresses = (safe.picture(mime, data.get(mime)) for mime in safe.FORMATS)
    address = next(filter(None, addresses), None)
    if address is None:
        return None
    return Markup('<p class="picture"><img src="{}" alt="{}"></p>').format(address, texts.say(words.OUTPUT))


def _tidy(written: str, longest: int) -> str:
    """Return text without colors, lines as a terminal finally shows them, cut to `longest` characters."""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in ANSI.sub("", written[: 4 * longest]).split("\n")]
    return safe.text("\n".join(lines).rstrip(), longest)


def note(sentence: str) -> Markup:
    """Return a note in place of outputs."""
    return Markup('<p class="note">{}</p>').format(sentence)
