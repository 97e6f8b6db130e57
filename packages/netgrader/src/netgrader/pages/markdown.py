"""Notebook Markdown and code as safe HTML: nbconvert's parser, MathML formulas, a sanitizer.

Formulas pass through the sanitizer as a numbered empty element, ``<x-math n="3"></x-math>``. In the sanitizer's output, this
text with its quotes can only be an element, so it is safe to insert the formula there.
"""

from __future__ import annotations

import functools
import re
from contextlib import suppress
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from latex2mathml import converter
from markupsafe import Markup, escape
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight as pygments_highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from netgrader.pages import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pygments.lexer import Lexer

__all__ = ["formula", "heading_id", "heading_key", "headings", "highlight", "render_markdown", "without_gaps"]


class MarkdownLimits:
    """Limits on rendering a student's Markdown, in characters unless noted otherwise."""

    LONGEST_FORMULA = 3_000
    LONGEST_MARKDOWN = 100_000
    DEEPEST = 40
    """Maximum nesting of braces in a formula, and of block quotes and lists in a text."""
    MOST_FORMULAS = 1_000
    MOST_TAGS = 5_000  # of HTML in a text: nested, this many take the sanitizer 0.1 s, and ten times as many 10 s
    LONGEST_BLANK = 100
    """Blanks in a row: the search for the end of a heading takes quadratic time."""
    LONG_INLINE = 32
    """Characters of LaTeX from which an inline formula may be wider than a phone."""
    LONGEST_CODE = 60_000
    DEEPEST_INDENT = 24
    """Largest indentation in columns that the style sheet supports; it supports even ones."""
    MOST_BLANK = 20
    """Blank lines in a row: the search for the start of a line takes quadratic time."""


PLACE = re.compile(r'<x-math n="(\d+)"></x-math>')
MARKER = re.compile(r"[ \t]*+(?:>|[-+*](?=\s)|\d{1,9}+[.)](?=\s))")
BLANKS = re.compile(r"[^\S\n]{100,}+")
TAGS = re.compile(r"<[^<>]*+>")
HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]++(.+)", re.MULTILINE)
FLAT_ENVIRONMENTS = {"equation": "", "equation*": "", "displaymath": "", "math": ""}


def render_markdown(
    source: str,
    attachments: Mapping[str, Any] | None = None,
    *,
    prefix: str,
    heading_shift: int = 0,
    anchor: Callable[[str], str] = lambda _heading: "",
) -> Markup:
    """Return a Markdown cell as safe HTML.

    Parameters
    ----------
    source
        The cell's text.
    attachments
        Its attached pictures, in the notebook format.
    prefix
        A prefix for ids in it, so that they cannot equal the page's.
    heading_shift
        The number of levels by which headings move down, so that a page has a single top heading.
    anchor
        Returns the anchor on the page for a heading that the text links to; empty if there is none.
    """
    shown = BLANKS.sub(" " * MarkdownLimits.LONGEST_BLANK, safe.text(source, MarkdownLimits.LONGEST_MARKDOWN))
    if _too_much(shown):
        return Markup('<pre class="plain" dir="auto">{}</pre>').format(shown)
    renderer = _Renderer(attachments or {}, heading_shift, anchor)
    cleaned = safe.clean_html(MarkdownWithMath(renderer=renderer).render(shown), prefix)
    return Markup(PLACE.sub(lambda match: renderer.formula(int(match[1])), cleaned))  # noqa: S704  (see the module)


def headings(source: str) -> list[tuple[int, str]]:
    """Return the ``#`` headings of a Markdown cell: level and text."""
    found = HEADING.findall(source[: MarkdownLimits.LONGEST_MARKDOWN])
    return [(len(marks), text.rstrip().rstrip("#").rstrip() or text.strip()) for marks, text in found]


def heading_key(heading: str) -> str:
    """Return a heading without punctuation and case, as a key for finding sections."""
    return re.sub(r"[\W_]+", " ", heading.casefold()).strip()


def heading_id(heading: str) -> str:
    """Return the id of a heading, without the prefix that makes it unique on the page."""
    return heading_key(heading).replace(" ", "-")


def formula(latex: str, *, display: bool) -> Markup:
    """Return a formula as MathML; as its LaTeX if it cannot be converted."""
    if len(latex) <= MarkdownLimits.LONGEST_FORMULA and _depth(latex) <= MarkdownLimits.DEEPEST:
        with suppress(Exception):  # the converter raises many kinds of errors
            return safe.clean_mathml(converter.convert(latex.strip(), display="block" if display else "inline"))
    return Markup('<code class="latex">{}</code>').format(safe.text(latex.strip(), MarkdownLimits.LONGEST_FORMULA))


class _Renderer(IPythonRenderer):  # type: ignore[misc]
    """Renders to unsafe HTML, with formulas stored separately."""

    def __init__(self, attachments: Mapping[str, Any], heading_shift: int, anchor: Callable[[str], str]) -> None:
        super().__init__(escape=False, attachments=dict(attachments), exclude_anchor_links=True)
        self._heading_shift = heading_shift
        self._anchor = anchor
        self._formulas: list[Markup] = []

    def formula(self, number: int) -> str:
        """Return the formula of a placeholder; empty for a number that a student made up."""
        return str(self._formulas[number]) if number < len(self._formulas) else ""

    def _place(self, latex: str, *, display: bool) -> str:
        made = formula(latex, display=display)
        if not display and len(latex) > MarkdownLimits.LONG_INLINE:
            # An inline formula does not break: on a narrow screen, a long one scrolls by itself.
            made = Markup('<span class="long-formula" tabindex="0">{}</span>').format(made)
        self._formulas.append(made)
        return f'<x-math n="{len(self._formulas) - 1}"></x-math>'

    def inline_math(self, body: str) -> str:
        return self._place(body, display=False)

    def block_math(self, body: str) -> str:
        return self._place(body, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        inner = body if name in FLAT_ENVIRONMENTS else f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return self._place(inner, display=True)

    def block_code(self, code: str, info: str | None = None) -> str:  # noqa: ARG002  (mistune's signature)
        return f"<pre><code>{escape(code)}</code></pre>"

    def heading(self, text: str, level: int, **attrs: Any) -> str:  # noqa: ARG002
        shifted = min(6, level + self._heading_shift)
        return f'<h{shifted} id="{heading_id(_bare(text))}">{text}</h{shifted}>'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if not url.startswith("#"):
            return str(super().link(text, url, title))
        # Jupyter's links to headings have a hyphen for each space.
        anchor = self._anchor(unquote(url[1:]).replace("-", " "))
        return f'<a href="#{escape(anchor)}">{text}</a>' if anchor else text

    def paragraph(self, text: str) -> str:
        return f'<p dir="auto">{text}</p>\n'

    def image(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002
        source = self._attached(url) if url.startswith("attachment:") else url
        said = escape(_bare(text))
        if not safe.DATA_PICTURE.match(source):
            # External pictures are not loaded: a page makes no network requests.
            return f"<em>[{said or '…'}]</em>"
        return f'<img src="{escape(source)}" alt="{said}">'

    def _attached(self, url: str) -> str:
        """Return the ``data:`` address of an attached picture; empty if there is none."""
        attached = self.attachments.get(url.removeprefix("attachment:"), {})
        pictures = (safe.picture(mime, content) for mime, content in attached.items())
        return next(filter(None, pictures), "")


def _bare(html: str) -> str:
    """Return the text between the tags."""
    return unescape(TAGS.sub("", html)).strip()


def _depth(latex: str) -> int:
    depth = deepest = 0
    for character in latex:
        depth += (character == "{") - (character == "}")
        deepest = max(deepest, depth)
    return max(deepest, latex.count("\\left"), latex.count("\\begin"))


def _too_much(source: str) -> bool:
    """Whether parsing could take too long: a thousand open formulas, deeply nested quotes or lists."""
    if (
        source.count("<") > MarkdownLimits.MOST_TAGS
        or sum(source.count(opening) for opening in ("$", "\\\\[", "\\\\(", "\\begin")) > MarkdownLimits.MOST_FORMULAS
    ):
        return True
    return any(_nesting(line) > MarkdownLimits.DEEPEST for line in source.split("\n"))


def _nesting(line: str) -> int:
    """Return the number of quotes and lists that a line begins."""
    depth = at = 0
    while found := MARKER.match(line, at):
        depth, at = depth + 1, found.end()
    return depth


BLANK_LINE = re.compile(r"^[^\S\n]++$", re.MULTILINE)
GAP = re.compile(rf"^\n{{{MarkdownLimits.MOST_BLANK},}}+", re.MULTILINE)
TAG = re.compile(r"<[^>]*>")
BEGINNING = re.compile(r"(?:<[^>]*>| )*")


def highlight(source: str) -> Markup:
    """Return Python source as spans with classes; the page's style sheet colors and indents them."""
    coloured = pygments_highlight(
        without_gaps(safe.text(source, MarkdownLimits.LONGEST_CODE)), _lexer(), _formatter()
    ).rstrip("\n")
    # The formatter closes its spans at the end of each line, so each line can be an element.
    return Markup("").join(
        Markup('<span class="ln i{}">{}\n</span>').format(_indent(line), Markup(line))  # noqa: S704  (escaped)
        for line in coloured.split("\n")
    )


def without_gaps(source: str) -> str:
    """Return `source` with at most `MarkdownLimits.MOST_BLANK` blank lines in a row."""
    return GAP.sub("\n" * MarkdownLimits.MOST_BLANK, BLANK_LINE.sub("", source))


def _indent(line: str) -> int:
    """Return the indentation of a line of highlighted code, rounded to the style sheet's classes."""
    return min(TAG.sub("", BEGINNING.match(line)[0]).count(" ") // 2 * 2, MarkdownLimits.DEEPEST_INDENT)  # type: ignore[index]


@functools.cache
def _lexer() -> Lexer:
    return PythonLexer(stripnl=True, ensurenl=False)


@functools.cache
def _formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True, classprefix="hl-")
