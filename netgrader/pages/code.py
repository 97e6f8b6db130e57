"""Python code as highlighted HTML."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from markupsafe import Markup
from pygments import highlight as pygments_highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from netgrader.pages import safe

if TYPE_CHECKING:
    from pygments.lexer import Lexer

__all__ = ["highlight"]

LONGEST_CODE = 60_000


def highlight(source: str) -> Markup:
    """Python source as spans with classes; the page's style sheet colours them."""
    return Markup(pygments_highlight(safe.text(source, LONGEST_CODE), _lexer(), _formatter()))  # noqa: S704  (escaped)


@functools.cache
def _lexer() -> Lexer:
    return PythonLexer(stripnl=True, ensurenl=False)


@functools.cache
def _formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True, classprefix="hl-")
