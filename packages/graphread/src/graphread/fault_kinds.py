"""The kinds of faults: a page of Markdown for each code, here in ``fault_pages/``.

A page begins with TOML between two lines of ``+++`` (the fields of `FrontMatter`); its title is the sentence that people read.
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
"""The folder of pages next to the code that finds these faults."""
FENCE = "+++\n"
WHY, HINT = "Why it matters", "Hint"
ALL = "*"
"""In `FaultKind.brings`: all other findings."""
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
Variant = Annotated[dict[Literal["sentence", "why"], str], Meta(min_length=1)]


class Severity(StrEnum):
    """How grave a fault is, the gravest first.

    Where the effect was measured (two layers, an epoch of Adam; right 96.5 %), fatal is what ends below 70 %.
    """

    FATAL = "fatal"
    """The part does not work: nothing is learned, or the wrong thing, or from spoiled data."""
    SERIOUS = "serious"
    """It works worse than it could, or is not what the exercise asks for."""
    SLIGHT = "slight"
    """A blemish."""
    MEASURED = "measured"
    """The check that finds it says by a figure how much is earned."""
    REMARK = "remark"
    """It costs nothing."""


@dataclass(frozen=True)
class FaultKind:
    """What a fault code means."""

    code: str
    """Kebab-case, fixed for ever."""
    sentence: str
    """What is wrong, in one sentence that a student understands."""
    why: str
    """Why it matters, in a sentence or two."""
    where: str
    """Where the course explains it: the heading of the notebook's section; empty where there is nothing to explain."""
    severity: Severity
    """How grave it is, unless the course says otherwise."""
    also: tuple[str, ...] = ()
    """Sections of other notebooks that explain it too."""
    brings: frozenset[str] = frozenset()
    """Codes that are found because of it, and are not named with it; `ALL` for all, where nothing was earned."""
    after: tuple[str, ...] = ()
    """What brings it where an earlier cell was charged with it: codes, or how grave a fault is."""
    hint: str = ""
    """A question that leads on, without the line to write; `check` folds it below the message."""
    drawn: str = ""
    """The box of a network's drawing that it is about: ``loss``, ``optimizer``, ``last layer`` or ``outputs``; empty
    where its place alone says where it is marked."""
    regression: Mapping[str, str] = field(default_factory=dict)
    """`sentence` and `why` if the network predicts numbers, where they say something else then."""
    rows: Mapping[str, str] = field(default_factory=dict)
    """`sentence` and `why` if inputs are rows of numbers instead of images, where they say something else then."""
    group: str = ""
    """The heading that lists of codes put it under."""
    page: Path = field(default=Path(), compare=False)
    """Its page; of a code that a course adds the folder that one is in."""

    @property
    def remark(self) -> bool:
        """Whether it costs no points."""
        return self.severity is Severity.REMARK

    @property
    def places(self) -> tuple[str, ...]:
        """Return all sections that explain it, the first notebook's first."""
        return (self.where, *self.also) if self.where else ()


class FrontMatter(msgspec.Struct, forbid_unknown_fields=True):
    """What a page says in TOML before its title; see `FaultKind`."""

    group: str
    severity: Severity
    brings: frozenset[str] = frozenset()
    after: tuple[str, ...] = ()
    drawn: Literal["", "loss", "optimizer", "last layer", "outputs"] = ""
    regression: Variant | None = None
    rows: Variant | None = None


def kinds_in(folder: Path) -> dict[str, FaultKind]:
    """Return the kinds of faults that have a page in a folder, by their codes."""
    return {path.stem: _on_page(path) for path in sorted(folder.glob("*.md"))}


def text_of(page: Path) -> str:
    """Return the Markdown of a page, its title first."""
    return page.read_text(encoding="utf-8").split(FENCE)[-1]


def of_any_data(text: str) -> str:
    """Return a text of a page with its places filled as `graphread.text.WORDS` has them."""
    return re.sub(r"\{(\w+)\}", lambda place: str(WORDS.get(place[1], place[0])), text)


def sections(page: str) -> dict[str, str]:
    """Return the text of each section of a page, by its heading."""
    return dict(re.findall(r"(?ms)^## (.+?)\n(.*?)\n*(?=^## |\Z)", page))


def without_answers(page: str) -> str:
    """Return a page as students' packages have it: without its programs, which answer exercises."""
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
    """Return the fields that were given."""
    return {name: value for name, value in msgspec.structs.asdict(said).items() if value is not None}


KINDS: Mapping[str, FaultKind] = kinds_in(Path(__file__).with_name(PAGES))
