"""Makes HTML, SVG, MathML and pictures from strangers fit for a page: nh3 with allow-lists, and text without tricks.

Every page also carries a content security policy (`netgrader.pages.shell`): should anything slip through here, it still
neither runs nor loads.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import unicodedata
import warnings

import nh3
from markupsafe import Markup
from PIL import Image

from netgrader.pages import words
from netgrader.pages.trim import Bounds, trimmed

__all__ = ["clean_html", "clean_mathml", "clean_svg", "csv_text", "line", "picture", "svg_picture", "text"]

LONGEST = 200_000
"""Characters of one piece of text or HTML that are shown."""
PICTURE_BYTES = 3_000_000
LONGEST_LINE = 300
LONGEST_HTML = 4 * PICTURE_BYTES
"""Characters of HTML that are looked at: pictures inside it are long."""
MOST_PIXELS = 20_000_000
"""Of one picture: shown, each takes four bytes of whoever looks at it."""
IN_A_PAGE = Bounds()
DRAWING = Bounds(characters=PICTURE_BYTES, elements=100_000)
MOST_SPANNED = 100
"""Rows or columns of a table's cell."""

# A spreadsheet takes a text that begins so for a formula and runs it, in wide signs, too. Where it is set to a language that
# writes decimal commas, a semicolon begins another cell.
FORMULA = re.compile(r"(^|;\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")

# fmt: off
HTML_TAGS = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del",
    "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "progress", "q", "s", "samp", "small", "span", "strong", "sub",
    "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "wbr",
})
SVG_TAGS = frozenset({
    "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "defs", "use",
    "symbol", "marker", "clipPath", "linearGradient", "radialGradient", "stop", "title", "desc", "image",
})
PAINT = frozenset({
    "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray",
    "stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "opacity", "color", "display",
    "visibility", "font-family", "font-size", "font-style", "font-weight", "text-anchor", "dominant-baseline",
    "alignment-baseline", "letter-spacing", "clip-path", "clip-rule", "marker-start", "marker-mid", "marker-end",
    "stop-color", "stop-opacity", "vector-effect", "paint-order", "shape-rendering", "text-rendering",
    "image-rendering", "baseline-shift", "mix-blend-mode", "stroke-antialiasing", "white-space",
})
SVG_ATTRIBUTES = PAINT | {
    "id", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "dx", "dy", "d", "points", "width", "height",
    "viewBox", "preserveAspectRatio", "transform", "gradientUnits", "gradientTransform", "offset", "refX", "refY",
    "markerWidth", "markerHeight", "markerUnits", "orient", "clipPathUnits", "href", "xlink:href", "role",
    "aria-label", "aria-hidden", "textLength", "lengthAdjust", "rotate",
}
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
    "*": {"dir", "lang", "title", "role", "aria-label"},
    "a": {"href"},
    **{f"h{level}": {"id"} for level in range(2, 7)},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
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
PICTURE_KINDS = {f"image/{kind}": f"image/{kind}" for kind in ("png", "jpeg", "gif", "webp")} | {
    "image/jpg": "image/jpeg"
}
LOCAL_REFERENCE = re.compile(r"#([\w.:\-]+)\Z")
LOCAL_URL = re.compile(r"url\(\s*(['\"]?)#([\w.:\-]+)\1\s*\)\Z")
LOCAL_URL_ANYWHERE = re.compile(r"url\(#[\w.:\-]+\)")
ANY_URL = re.compile(r"url\s*\(|\\", re.IGNORECASE)
SAFE_ROLES = frozenset({"img", "presentation", "none", "group", "list", "listitem", "table", "row", "cell"})
SPANS = frozenset({"colspan", "rowspan"})
NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
CUT = Markup("<p><em>{}</em></p>")
MAGIC = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}


def text(value: object, longest: int = LONGEST) -> str:
    """`value` as text without control characters, at most `longest` characters of it."""
    kept = "".join(
        character for character in str(value)[: longest + 1] if character in "\n\t" or not _is_control(character)
    )
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def line(value: object, longest: int = LONGEST_LINE) -> str:
    """`value` as one line of text, for names and titles, without marks that change the direction of other text."""
    joined = " ".join(text(value, 4 * longest).split())
    joined = "".join(character for character in joined if unicodedata.category(character) != "Cf")
    return joined if len(joined) <= longest else joined[: longest - 1] + "…"


def csv_text(value: str) -> str:
    """A text from strangers as a field of a CSV file, which no spreadsheet takes for a formula."""
    return FORMULA.sub(r"\1'", line(value))


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs", "Cn"}


def clean_html(html: str, prefix: str) -> Markup:
    """The harmless part of `html`, formulas' place-holders and inline SVG included; what is cut off is said at its end.

    Parameters
    ----------
    html
        HTML from a stranger.
    prefix
        Put before every id, so that none of them can meet an id of the page's, or one in other HTML of a stranger's.
    """
    trimmed_html, cut = trimmed(html[:LONGEST_HTML], IN_A_PAGE, _data_picture, DROPPED_WITH_CONTENT)
    cleaned = nh3.clean(
        trimmed_html,
        tags=set(HTML_TAGS | SVG_TAGS | {"x-math"}),
        attributes={**{tag: set(names) for tag, names in HTML_ATTRIBUTES.items()}, **_svg_attributes()},
        attribute_filter=_Filter(prefix),
        clean_content_tags=set(DROPPED_WITH_CONTENT),
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return Markup(cleaned) + (CUT.format(words.SHORTENED) if cut or len(html) > LONGEST_HTML else "")  # noqa: S704  (nh3 made it safe)


def clean_svg(svg: str, prefix: str) -> Markup:
    """The harmless part of a drawing, to stand inside a page; empty where it is larger than a page can take."""
    return Markup(_cleaned_svg(svg, prefix, _svg_attributes()))  # noqa: S704  (nh3 made it safe)


def svg_picture(svg: str) -> str | None:
    """A drawing as a ``data:`` address for an ``<img>``, where nothing in it can act; None where it is no drawing.

    Unlike `clean_svg` it keeps style attributes, which Matplotlib's drawings live by and the page's policy forbids.
    """
    if len(svg) > PICTURE_BYTES:
        return None
    cleaned = _cleaned_svg(svg, "", {tag: names | {"style"} for tag, names in _svg_attributes().items()})
    end = cleaned.rfind("</svg>")
    if not cleaned.startswith("<svg") or end < 0:
        return None
    # As a picture it is read as XML, which knows no &nbsp;.
    body = cleaned[len("<svg") : end + len("</svg>")].replace("&nbsp;", "&#160;")
    # Put in here and not by nh3, which orders what it sets anew in each call: the same page must be the same bytes.
    drawing = f"<svg {NAMESPACES}{body}"
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.encode("utf-8")).decode("ascii")


def _cleaned_svg(svg: str, prefix: str, attributes: dict[str, set[str]]) -> str:
    trimmed_svg, cut = trimmed(
        svg[svg.find("<svg") :] if "<svg" in svg else "", DRAWING, _data_picture, DROPPED_WITH_CONTENT
    )
    if cut:
        return ""
    return nh3.clean(
        trimmed_svg,
        tags=set(SVG_TAGS),
        attributes=attributes,
        attribute_filter=_Filter(prefix),
        clean_content_tags=set(DROPPED_WITH_CONTENT),
        url_schemes={"data"},
        link_rel=None,
        filter_style_properties=set(PAINT),
    )


def clean_mathml(mathml: str) -> Markup:
    """The harmless part of a formula, which takes as much room as is drawn of it: else it would be drawn over other things."""
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
    """A picture of a notebook's output as a ``data:`` address; None unless it is what it says and not too large."""
    magic = MAGIC.get(mime)
    if magic is None or not isinstance(content, str) or len(content) > 2 * PICTURE_BYTES:
        return None
    try:
        raw = base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    if not raw.startswith(magic) or len(raw) > PICTURE_BYTES or not 0 < _pixels(raw) <= MOST_PIXELS:
        return None
    return f"data:{mime};base64," + base64.b64encode(raw).decode("ascii")


def _pixels(raw: bytes) -> int:
    """How many pixels a picture says that it has, which a browser makes room for; 0 where it does not say."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it is large is what we ask
            with Image.open(io.BytesIO(raw)) as opened:
                return opened.width * opened.height
    except Exception:  # noqa: BLE001  (whatever a reader of pictures makes of what is none)
        return 0


def _data_picture(address: str) -> str | None:
    """A ``data:`` address of a picture that may be shown; None if it is none."""
    kind, comma, content = address.partition(",")
    named = DATA_PICTURE.match(kind + comma)
    return picture(PICTURE_KINDS.get(named[1].lower(), ""), content) if named else None


def _svg_attributes() -> dict[str, set[str]]:
    return {tag: set(SVG_ATTRIBUTES) for tag in SVG_TAGS - {"title", "desc"}}


class _Filter:
    """Decides on attributes whose value matters: addresses, references and roles. None drops the attribute."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __call__(self, tag: str, attribute: str, value: str) -> str | None:  # noqa: PLR0911  (one a rule)
        name = attribute.lower()
        if name == "id":
            return self._prefix + value if LOCAL_REFERENCE.match("#" + value) else None
        if name == "href" and tag == "a":
            return value if LINK.match(value) else None
        if name in {"href", "xlink:href"}:
            return self._reference(tag, value)
        if name == "src":
            return value if DATA_PICTURE.match(value) else None
        if name in SPANS:
            return value if value.isdecimal() and len(value) <= 3 and int(value) <= MOST_SPANNED else None
        if name == "role":
            return value if value in SAFE_ROLES else None
        if name == "style":
            return None if ANY_URL.search(LOCAL_URL_ANYWHERE.sub("", value)) else value
        if ANY_URL.search(value):
            return self._local_url(value)
        return value

    def _reference(self, tag: str, value: str) -> str | None:
        if tag == "image":
            return value if DATA_PICTURE.match(value) else None
        local = LOCAL_REFERENCE.match(value)
        return f"#{self._prefix}{local[1]}" if local else None

    def _local_url(self, value: str) -> str | None:
        if "url" not in value.lower():
            return value
        local = LOCAL_URL.match(value.strip())
        return f"url(#{self._prefix}{local[2]})" if local else None
