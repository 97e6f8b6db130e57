"""Cuts a stranger's HTML to what a sanitiser and a browser can take, in a time that grows with its length alone.

Elements nested in one another, or left open, cost a parser the square of their number, and what is drawn by reference costs
a browser whatever the references multiply to. So markup is written anew here: each element is closed where it stands, what
is nested too deeply loses its tags and keeps its text, and nothing is referred to that itself refers to something. Whether
an element is harmless is not asked; the sanitiser does that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.entities import html5
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Bounds", "trimmed"]

# The grammar of the HTML standard, as far as it takes to find where a tag ends.
TAG = re.compile(r"[a-zA-Z][a-zA-Z0-9:_-]*+")
ATTRIBUTE = re.compile(
    r"""(?P<name>=?[^ \t\n\f\r/>=]*+)
        (?: [ \t\n\f\r]*+ = [ \t\n\f\r]*+ (?: (?P<quote>["']) | (?P<bare>[^ \t\n\f\r>]*+) ) )?""",
    re.VERBOSE,
)
BETWEEN = re.compile(r"[ \t\n\f\r/]*+")
# What stands for a character by its number or name. Any other "&" costs the sanitiser's parser all that was read before it.
CHARACTER = re.compile(r"&(#[0-9]{1,7}+;|#[xX][0-9a-fA-F]{1,6}+;|[a-zA-Z][a-zA-Z0-9]{1,31}+;)?")
NAME = re.compile(r"[a-z_][a-z0-9:._-]*+\Z")
IDENTITY = re.compile(r"[\w.:\-]+\Z")
URL = re.compile(r"url\s*+\(", re.IGNORECASE)
URL_OF = re.compile(r"url\(\s*+['\"]?#([\w.:\-]+)")
VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
# Whose ends may be left out: where one of these begins, one of those ends if it is the innermost.
ENDED_BY: dict[str, frozenset[str]] = {
    **dict.fromkeys(("td", "th"), frozenset({"td", "th"})),
    "tr": frozenset({"tr", "td", "th"}),
    **dict.fromkeys(("tbody", "thead", "tfoot"), frozenset({"tbody", "thead", "tfoot", "tr", "td", "th"})),
    **dict.fromkeys(("dd", "dt"), frozenset({"dd", "dt"})),
    "li": frozenset({"li"}),
    "p": frozenset({"p"}),
}
ADDRESSES = ("src", "href", "xlink:href")
PAINTS = frozenset({"fill", "stroke"})
WORDS = frozenset({"alt", "title", "aria-label"})
PIECES = 4  # tags, ends and comments for each element that may be there
MOST_ATTRIBUTES = 100  # of one element
PER_POINT = 4  # characters of a path for each point that a marker stands at, at least


@dataclass(frozen=True)
class Bounds:
    """How much is kept."""

    characters: int = 300_000
    """Of markup and text, beside pictures."""
    elements: int = 20_000
    depth: int = 60
    """How many elements, and how many in one another."""
    pictures: int = 8_000_000
    """Characters of all pictures together."""
    drawn: int = 10_000_000
    """Characters of all that is drawn by reference, each time that it is."""


@dataclass
class _Open:
    """An element that is not closed yet: where it began, what it is called by, whether anything in it refers elsewhere."""

    name: str
    identity: str
    begun: int
    refers: bool = False


@dataclass(frozen=True)
class _Tag:
    """A start tag: its text, how long that is beside pictures, the text without what it has drawn by reference, which is that."""

    text: str
    size: int
    alone: str
    references: tuple[tuple[str, int], ...]


def trimmed(
    html: str, bounds: Bounds, picture: Callable[[str], str | None], dropped: frozenset[str]
) -> tuple[str, bool]:
    """`html` within `bounds`, and whether anything of it was cut off.

    `picture` makes of a ``data:`` address one that may be kept, None if it may not. Of `dropped` elements nothing is kept, and
    nothing of what stands in them.
    """
    written = _Written(bounds, picture, dropped)
    at = 0
    while at < len(html) and not written.full:
        start = html.find("<", at)
        written.text(html[at : start if start >= 0 else len(html)])
        at = written.markup(html, start) if start >= 0 else len(html)
    return written.end(), written.full or written.less


class _Written:
    """The markup that is written anew, as far as it is."""

    def __init__(self, bounds: Bounds, picture: Callable[[str], str | None], dropped: frozenset[str]) -> None:
        self.full = False  # nothing more is written
        self.less = False  # something was left out
        self._bounds = bounds
        self._picture = picture
        self._dropped = dropped
        self._out: list[str] = []
        self._open: list[_Open] = []
        self._flat: dict[str, int] = {}  # elements that lost their tags by name: their ends are left out as well
        self._size = self._pictures = self._elements = self._pieces = 0
        self._targets: dict[str, int] = {}  # characters that an id stands for; 0 if what it names refers elsewhere
        self._references: list[tuple[int, _Tag]] = []  # and where in `_out` they stand

    def text(self, text: str) -> None:
        room = self._bounds.characters - self._size
        kept = _with_characters(text[:room])
        self.full = self.full or max(len(text), len(kept)) > room
        self._size += min(len(kept), room)
        self._out.append(kept[:room])

    def markup(self, html: str, start: int) -> int:  # noqa: PLR0911  (one for each kind of markup)
        """Write what begins at `start` with ``<``; where it ends. What has no end takes all that follows with it."""
        self._pieces += 1
        self.full = self.full or self._pieces > PIECES * self._bounds.elements
        if html.startswith("<!--", start):
            return _after(html, "-->", start + 2)
        ends = html.startswith("</", start)
        tag = TAG.match(html, start + 1 + ends)
        if tag is None:
            if ends or html.startswith(("<!", "<?"), start):
                return _after(html, ">", start)
            self.text("&lt;")
            return start + 1
        name = tag[0].lower()
        if ends:
            self._close(name)
            return _after(html, ">", tag.end())
        attributes, at, closed = _attributes(html, tag.end())
        if attributes is None:
            return len(html)
        if name in self._dropped:
            ended = re.compile(rf"</{re.escape(name)}(?![a-z0-9:_-])", re.IGNORECASE).search(html, at)
            return _after(html, ">", ended.end()) if ended else len(html)
        self._element(name, attributes, closed=closed and name not in VOID)
        return at

    def end(self) -> str:
        """All of it, with every element closed, and without what would be drawn too often."""
        while self._open:
            self._close(self._open[-1].name)
        left = self._bounds.drawn
        for place, tag in self._references:
            costs = [self._targets.get(target, 0) * times for target, times in tag.references]
            left -= sum(costs)
            if not all(costs) or left < 0:
                self._out[place] = tag.alone
        return "".join(self._out)

    def _element(self, name: str, attributes: Mapping[str, str], *, closed: bool) -> None:
        self._elements += 1
        while self._open and self._open[-1].name in ENDED_BY.get(name, ()):
            self._close(self._open[-1].name)
        tag = self._tag(name, attributes)
        if self._elements > self._bounds.elements or self._size + tag.size > self._bounds.characters:
            self.full = True
        elif len(self._open) >= self._bounds.depth:
            if name not in VOID and not closed:
                self._flat[name] = self._flat.get(name, 0) + 1
        else:
            self._open.append(_Open(name, attributes.get("id", ""), self._size))
            if tag.references:
                self._references.append((len(self._out), tag))
                for one in self._open:
                    one.refers = True
            self._size += tag.size
            self._out.append(tag.text)
            if closed:
                self._close(name)
            elif name in VOID:
                self._named(self._open.pop())

    def _tag(self, name: str, attributes: Mapping[str, str]) -> _Tag:
        written, referring, references, pictures = [name], [], [], 0
        points = max(len(attributes.get("d", "")), len(attributes.get("points", ""))) // PER_POINT
        for attribute, value in attributes.items():
            if attribute == "id" and not IDENTITY.match(value):
                continue
            if "&" in value and attribute not in WORDS and name != "a":
                continue  # a reference spelled so that it is not seen
            said = '{}="{}"'.format(attribute, _with_characters(value).replace('"', "&quot;"))
            if attribute in ADDRESSES and value[:5].lower() == "data:":
                fits = self._pictures + pictures + len(value) <= self._bounds.pictures
                made = self._picture(value) if fits else None
                self.less = self.less or not fits
                if made is not None:
                    pictures += len(made)
                    written.append(f'{attribute}="{made}"')
            elif name == "use" and attribute in ADDRESSES:
                references.append((value[1:] if value.startswith("#") else "", 1))
                referring.append(said)
            elif attribute not in PAINTS and URL.search(value):
                references += [(target, 1 + points) for target in URL_OF.findall(value)] or [("", 1)]
                referring.append(said)
            else:
                written.append(said)
        if name == "img" and "alt" not in attributes:
            # Without words for it a picture would be read out as a long run of base64.
            written.append('alt=""')
        self._pictures += pictures
        text = f"<{' '.join([*written, *referring])}>"
        return _Tag(text, len(text) - pictures, f"<{' '.join(written)}>", tuple(references))

    def _close(self, name: str) -> None:
        """Write the end of the innermost element `name`, and of all in it; nothing if none is open."""
        if self._flat.get(name):
            self._flat[name] -= 1
            return
        if all(one.name != name for one in self._open):
            return
        while True:
            one = self._open.pop()
            self._out.append(f"</{one.name}>")
            self._named(one)
            if one.name == name:
                return

    def _named(self, one: _Open) -> None:
        """Note what an element's id stands for, now that it is whole; of several with one id, the dearest."""
        if one.identity:
            size = 0 if one.refers else 1 + self._size - one.begun
            before = self._targets.get(one.identity, size)
            self._targets[one.identity] = max(before, size) if before and size else 0


def _with_characters(text: str) -> str:
    """`text` in which each ``&`` begins a character that there is."""
    return CHARACTER.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    name = found[1]
    return found[0] if name and (name[0] == "#" or name in html5) else f"&amp;{name or ''}"


def _after(html: str, what: str, at: int) -> int:
    found = html.find(what, at)
    return found + len(what) if found >= 0 else len(html)


def _attributes(html: str, at: int) -> tuple[dict[str, str] | None, int, bool]:
    """The attributes of a tag by their names in small letters, where it ends, and whether it closes itself; None without end."""
    found: dict[str, str] = {}
    while at < len(html):
        begun, at = at, _end(BETWEEN.match(html, at))
        if html.startswith(">", at):
            return found, at + 1, html.startswith("/", at - 1) and begun < at
        one = ATTRIBUTE.match(html, at)
        if one is None:
            break
        name, value = one["name"].lower(), one["bare"] or ""
        at = one.end()
        if one["quote"]:
            closing = html.find(one["quote"], at)
            if closing < 0:
                break
            value, at = html[at:closing], closing + 1
        if NAME.match(name) and len(found) < MOST_ATTRIBUTES:
            found.setdefault(name, value)
    return None, len(html), False


def _end(match: re.Match[str] | None) -> int:
    return match.end() if match else 0
