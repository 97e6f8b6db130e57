"""Untrusted text, HTML, formulas and pictures, made safe for a page.

Rich output is shown in a sandboxed frame; nh3 cleans Markdown with an allow-list. Every page also has a content security
policy (`netgrader.pages.shell`), under which nothing runs or loads, in frames included.
"""

from __future__ import annotations

import base64
import functools
import io
import re
import warnings

import nh3
from markupsafe import Markup
from PIL import Image

from graphread.text import Said, plain, shortened, tidy
from netgrader.pages import words

__all__ = ["clean_html", "clean_mathml", "clean_svg", "csv_text", "framed", "line", "picture", "text"]


class HtmlLimits:
    """Limits on HTML; lengths in characters."""

    LONGEST = 200_000
    """Characters of one piece of text or HTML that are shown."""
    LONGEST_PICTURE = 4_000_000
    """Characters of a picture in base64: four for three bytes."""
    LONGEST_LINE = 300
    LONGEST_HTML = 1_000_000
    """Characters of HTML in one frame; longer HTML is not shown."""
    MOST_PIXELS = 20_000_000
    """Pixels of one picture: a browser uses four bytes for each."""


# A spreadsheet runs a text that begins like this as a formula, also with full-width characters. In languages with decimal
# commas, a semicolon begins another cell.
FORMULA = re.compile(r"(^|;\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")

# fmt: off
HTML_TAGS = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del",
    "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "progress", "q", "s", "samp", "small", "span", "strong", "sub",
    "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "wbr", "x-math",
})
SVG_TAGS = frozenset({"svg", "title", "rect", "path", "circle", "text"})
SVG_ATTRIBUTES = frozenset({
    "x", "y", "cx", "cy", "d", "r", "rx", "transform", "width", "height", "viewBox", "fill", "stroke", "stroke-width",
    "stroke-dasharray",
    "font-family", "font-size", "font-weight", "text-anchor", "role", "aria-label",
})
MATHML_TAGS = frozenset({
    "math", "menclose", "mfrac", "mi", "mn", "mo", "mover", "mpadded", "mphantom", "mroot", "mrow", "mspace", "msqrt",
    "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "mmultiscripts",
    "mprescripts", "none",
})
MATHML_ATTRIBUTES = frozenset({
    "display", "mathvariant", "stretchy", "fence", "form", "accent", "accentunder", "linethickness", "displaystyle",
    "scriptlevel", "columnalign", "rowspacing", "columnspacing", "columnlines", "rowlines", "largeop", "movablelimits",
    "lspace", "rspace", "minsize", "maxsize", "separator", "symmetric", "width", "height", "depth", "notation",
})
# fmt: on
HTML_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    **{f"h{level}": {"id"} for level in range(2, 7)},
    "img": {"src", "alt", "width", "height"},
    "td": {"align"},
    "th": {"align", "scope"},
    "ol": {"start", "type", "reversed"},
    "details": {"open"},
    "progress": {"max", "value"},
    "x-math": {"n"},
}
DROPPED_WITH_CONTENT = frozenset(
    {"script", "style", "template", "noscript", "iframe", "object", "textarea", "select", "xmp"}
    | {"plaintext", "noembed", "noframes"}
)

LINK = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)
DATA_PICTURE = re.compile(r"data:(image/(?:png|jpe?g|gif|webp));base64,", re.IGNORECASE)
IDENTITY = re.compile(r"[\w.:\-]+\Z")
FRAME_POLICY = (
    "<meta http-equiv='Content-Security-Policy' "
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
)
"""The policy inside a frame, for pages without one: formgrader's has none."""
# C0 and C1 control characters except tab and newline; and surrogates, which files cannot encode.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
"""Formats of pictures that are shown, with Pillow's names."""
FRAME = Markup(
    '<iframe class="rich-output" sandbox loading="lazy" width="100%" height="448" title="{}" srcdoc="{}"></iframe>'
)
FRAMED = re.compile(re.escape(str(FRAME.format(words.OUTPUT, f"{FRAME_POLICY}|"))).replace(r"\|", r'[^"<>]*+'))
"""A frame made by `framed`, with its policy."""


def said(value: Said, longest: int = HtmlLimits.LONGEST) -> Said:
    """Return a sentence with its names and code as one line each, cut to `longest` characters."""
    return tidy(value, longest)


def text(value: object, longest: int = HtmlLimits.LONGEST) -> str:
    """Return `value` as text without control characters, cut to `longest` characters."""
    kept = CONTROL.sub("", str(value)[: longest + 1])
    return shortened(kept, longest)


def line(value: object, longest: int = HtmlLimits.LONGEST_LINE) -> str:
    """Return `value` as one line for names and titles, without marks that change text direction."""
    return plain(value, longest)


def csv_text(value: str) -> str:
    """Return untrusted text as a CSV field that no spreadsheet runs as a formula."""
    return FORMULA.sub(r"\1'", line(value).strip())


def framed(html: str) -> Markup:
    """Return rich output in a sandboxed frame that cannot run, load or reach the page; or a note.

    Output that is already framed stays unchanged, since pages are made from notebooks saved in this form.
    """
    if len(html) > HtmlLimits.LONGEST_HTML:
        return Markup("<p><em>{}</em></p>").format(words.SHORTENED)
    if FRAMED.fullmatch(html):
        return Markup(html)  # noqa: S704  (its content is escaped)
    return FRAME.format(words.OUTPUT, FRAME_POLICY + CONTROL.sub("", html))


def clean_html(html: str, prefix: str) -> Markup:
    """Return the safe part of a Markdown text's HTML, with placeholders of formulas.

    `prefix` is added to each id, so that it cannot equal an id of the page or of another text.
    """
    return Markup(  # noqa: S704  (nh3 made it safe)
        nh3.clean(
            html,
            tags=set(HTML_TAGS),
            attributes={tag: set(names) for tag, names in HTML_ATTRIBUTES.items()},
            attribute_filter=functools.partial(_filtered, prefix),
            clean_content_tags=set(DROPPED_WITH_CONTENT),
            url_schemes={"http", "https", "mailto", "data"},
            link_rel="noopener noreferrer nofollow",
            strip_comments=True,
        )
    )


def _filtered(prefix: str, _tag: str, attribute: str, value: str) -> str | None:
    """Return the value that an attribute may have; None drops it."""
    if attribute == "id":
        return prefix + value if IDENTITY.match(value) else None
    allowed = {"href": LINK, "src": DATA_PICTURE}.get(attribute)
    return value if allowed is None or allowed.match(value) else None


def clean_svg(svg: str) -> Markup:
    """Return our drawing of a network or chart, without markup that a name in it could have injected."""
    return Markup(  # noqa: S704  (nh3 made it safe)
        nh3.clean(
            svg,
            tags=set(SVG_TAGS),
            attributes={tag: set(SVG_ATTRIBUTES) for tag in SVG_TAGS - {"title"}},
            clean_content_tags=set(DROPPED_WITH_CONTENT),
            url_schemes=set(),
            link_rel=None,
        )
    )


def clean_mathml(mathml: str) -> Markup:
    """Return the safe part of a formula's MathML, without negative lengths that could cover other content."""
    return Markup(  # noqa: S704  (nh3 made it safe)
        nh3.clean(
            mathml,
            tags=set(MATHML_TAGS),
            attributes={tag: set(MATHML_ATTRIBUTES) for tag in MATHML_TAGS - {"mpadded"}},
            attribute_filter=lambda _tag, _name, value: None if value.strip().startswith("-") else value,
            clean_content_tags=set(DROPPED_WITH_CONTENT),
            url_schemes=set(),
            link_rel=None,
        )
    )


def picture(mime: str, content: object) -> str | None:
    """Return an output picture as a ``data:`` address; None unless format and size are valid."""
    if mime not in FORMATS or not isinstance(content, str) or len(content) > HtmlLimits.LONGEST_PICTURE:
        return None
    try:
        raw = base64.b64decode("".join(content.split()), validate=True)
    except ValueError:
        return None
    if not 0 < _pixels(raw, FORMATS[mime]) <= HtmlLimits.MOST_PIXELS:
        return None
    return f"data:{mime};base64," + base64.b64encode(raw).decode("ascii")


def _pixels(raw: bytes, kind: str) -> int:
    """Return the number of pixels that a picture declares, which a browser allocates; 0 if invalid."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the size check is ours
            with Image.open(io.BytesIO(raw), formats=(kind,)) as opened:
                return opened.width * opened.height
    except Exception:  # noqa: BLE001  (Pillow may raise anything on an invalid picture)
        return 0
