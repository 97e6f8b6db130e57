"""Python code as highlighted HTML, each line an element: one that is too long goes on below, further in than it began."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from markupsafe import Markup
from pygments import highlight as pygments_highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from netgrader.pages import safe

if TYPE_CHECKING:
    from pygments.lexer import Lexer

__all__ = ["highlight", "without_gaps"]

LONGEST_CODE = 60_000
DEEPEST = 24
"""Columns up to which the style sheet knows how far in a line begins; it knows the even ones."""
MOST_BLANK = 20
"""Lines of nothing in a row: whoever looks for what begins a line looks through all of them from each of them."""
TAG = re.compile(r"<[^>]*>")
BEGINNING = re.compile(r"(?:<[^>]*>| )*")


def highlight(source: str) -> Markup:
    """Python source as spans with classes; the page's style sheet colours and indents them."""
    coloured = pygments_highlight(without_gaps(safe.text(source, LONGEST_CODE)), _lexer(), _formatter()).rstrip("\n")
    # The formatter closes its spans at the end of each line, so a line can be an element of its own.
    return Markup("").join(
        Markup('<span class="ln i{}">{}\n</span>').format(_depth(line), Markup(line))  # noqa: S704  (escaped)
        for line in coloured.split("\n")
    )


def without_gaps(source: str) -> str:
    """`source` with no more than `MOST_BLANK` lines of nothing in a row, as it is shown."""
    kept, blank = [], 0
    for line in source.split("\n"):
        blank = 0 if line.strip() else blank + 1
        if blank <= MOST_BLANK:
            kept.append("" if blank else line)
    return "\n".join(kept)


def _depth(line: str) -> int:
    """How far in a line of highlighted code begins, as the style sheet knows it."""
    return min(TAG.sub("", BEGINNING.match(line)[0]).count(" ") // 2 * 2, DEEPEST)  # type: ignore[index]


@functools.cache
def _lexer() -> Lexer:
    return PythonLexer(stripnl=True, ensurenl=False)


@functools.cache
def _formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True, classprefix="hl-")
