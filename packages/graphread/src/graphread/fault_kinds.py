"""The kinds of faults: one Markdown page for each code, in ``fault_pages/``.

A page starts with TOML front matter (`FrontMatter`) between two lines of ``+++``; its title is the sentence of the message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from graphread.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ALL",
    "CODE",
    "HINT",
    "KINDS",
    "PAGES",
    "WHY",
    "FaultKind",
    "Severity",
    "Variant",
    "given_fields",
    "kinds_in",
    "of_any_data",
    "sections",
    "text_of",
    "without_answers",
]

PAGES = "fault_pages"
"""Name of the folder of pages, next to the code that finds these faults."""
FENCE = "+++\n"
WHY, HINT = "Why it matters", "Hint"
ALL = "*"
"""In `FaultKind.brings`: all other findings."""
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
Variant = Annotated[dict[Literal["sentence", "why"], str], Meta(min_length=1)]


class Severity(StrEnum):
    """The severity of a fault, most severe first.

    Where its effect was measured (two layers, an epoch of Adam; accuracy 96.5 % without it), fatal means below 70 %.
    """

    FATAL = "fatal"
    """The part does not work: the network learns nothing, or the wrong thing, or from corrupted data."""
    SERIOUS = "serious"
    """The network works worse than it could, or does not meet the exercise's requirements."""
    SLIGHT = "slight"
    """A minor flaw."""
    MEASURED = "measured"
    """The check that finds it computes the credit from a measurement."""
    REMARK = "remark"
    """Costs no points."""


@dataclass(frozen=True)
class FaultKind:
    """The meaning of a fault code."""

    code: str
    """Kebab-case identifier; never changes."""
    sentence: str
    """What is wrong, in one sentence for students."""
    why: str
    """Why it matters, in a sentence or two."""
    where: str
    """Heading of the notebook section that explains it; empty if there is nothing to explain."""
    severity: Severity
    """Its severity, unless the course overrides it."""
    also: tuple[str, ...] = ()
    """Sections of other notebooks that also explain it."""
    brings: frozenset[str] = frozenset()
    """Codes of consequences, which are not reported with it; `ALL` for everything, if nothing was earned."""
    after: tuple[str, ...] = ()
    """Its possible causes when they were charged in an earlier cell: codes, or a severity."""
    hint: str = ""
    """A guiding question that does not give the answer away; `check` folds it below the message."""
    drawn: str = ""
    """The box for it in a network's drawing: ``loss``, ``optimizer``, ``last layer`` or ``outputs``; empty if its place alone
    determines the box."""
    regression: Mapping[str, str] = field(default_factory=dict)
    """`sentence` and `why` for regression, if they differ."""
    rows: Mapping[str, str] = field(default_factory=dict)
    """`sentence` and `why` for rows of numbers in place of images, if they differ."""
    group: str = ""
    """Heading for the code in lists of codes."""
    page: Path = field(default=Path(), compare=False)
    """Its page; for a code that a course adds, the empty path."""

    @property
    def remark(self) -> bool:
        """Whether it costs no points."""
        return self.severity is Severity.REMARK

    @property
    def places(self) -> tuple[str, ...]:
        """Return all sections that explain it, starting with the first notebook's."""
        return (self.where, *self.also) if self.where else ()


class FrontMatter(msgspec.Struct, forbid_unknown_fields=True):
    """The TOML front matter of a page; see `FaultKind`."""

    group: str
    severity: Severity
    brings: frozenset[str] = frozenset()
    after: tuple[str, ...] = ()
    drawn: Literal["", "loss", "optimizer", "last layer", "outputs"] = ""
    regression: Variant | None = None
    rows: Variant | None = None


def kinds_in(folder: Path) -> dict[str, FaultKind]:
    """Return the kinds of faults that have a page in a folder, by code."""
    return {path.stem: _on_page(path) for path in sorted(folder.glob("*.md"))}


def text_of(page: Path) -> str:
    """Return the Markdown of a page without its front matter."""
    return page.read_text(encoding="utf-8").split(FENCE)[-1]


def of_any_data(text: str) -> str:
    """Return a page's text with its placeholders filled from `graphread.text.WORDS`."""
    return re.sub(r"\{(\w+)\}", lambda place: str(WORDS.get(place[1], place[0])), text)


def sections(page: str) -> dict[str, str]:
    """Return the text of each section of a page, by heading."""
    return dict(re.findall(r"(?ms)^## (.+?)\n(.*?)\n*(?=^## |\Z)", page))


def without_answers(page: str) -> str:
    """Return a page for students' packages: without its code examples, which would solve exercises."""
    return re.sub(rf"(?ms)^## (?!{WHY}|{HINT}).*?(?=^## |\Z)", "", page)


def _on_page(path: Path) -> FaultKind:
    _, front, page = path.read_text(encoding="utf-8").split(FENCE)
    texts = sections(page)
    why, hint = " ".join(texts[WHY].split()), " ".join(texts.get(HINT, "").split())
    sentence = page.partition("\n")[0].removeprefix("# ")
    return FaultKind(
        path.stem, sentence, why, "", hint=hint, page=path, **given_fields(msgspec.toml.decode(front, type=FrontMatter))
    )


def given_fields(said: msgspec.Struct) -> dict[str, Any]:
    """Return the fields that are not None."""
    return {name: value for name, value in msgspec.structs.asdict(said).items() if value is not None}


KINDS: Mapping[str, FaultKind] = kinds_in(Path(__file__).with_name(PAGES))
