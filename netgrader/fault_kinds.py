"""The kinds of faults: a page of Markdown for each code in ``fault_pages/``, and what a course's ``faults.toml`` says instead.

A page begins with TOML between two lines of ``+++`` (the fields of `FrontMatter`); its title is the sentence that students read.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from netgrader.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ALL",
    "CODE",
    "KINDS",
    "PAGES",
    "FaultKind",
    "Severity",
    "course_kinds",
    "of_any_data",
    "page_of",
    "sections",
    "without_answers",
]

PAGES = Path(__file__).with_name("fault_pages")
FENCE = "+++\n"
WHY, HINT = "Why it matters", "Hint"
ALL = "*"
"""In `FaultKind.brings`: whatever else is found."""
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
Variant = Annotated[dict[Literal["sentence", "why"], str], Meta(min_length=1)]


class Severity(StrEnum):
    """How grave a fault is, the gravest first; what each costs says `netgrader.checks.cell_points`.

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


class CourseEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A table of a course's ``faults.toml``; for a known code it says only what differs."""

    sentence: Annotated[str, Meta(min_length=1)] | None = None
    why: str | None = None
    where: str | None = None
    severity: Severity | None = None
    also: tuple[str, ...] | None = None
    drawn: str | None = None
    hint: str | None = None
    regression: Variant | None = None
    rows: Variant | None = None


def page_of(code: str) -> str:
    """Return the Markdown of a code's page, its title first."""
    return PAGES.joinpath(f"{code}.md").read_text(encoding="utf-8").split(FENCE)[-1]


def of_any_data(text: str) -> str:
    """Return a text of a page with its places filled as `netgrader.text.WORDS` has them."""
    return re.sub(r"\{(\w+)\}", lambda place: str(WORDS.get(place[1], place[0])), text)


def sections(page: str) -> dict[str, str]:
    """Return the text of each section of a page, by its heading."""
    return dict(re.findall(r"(?ms)^## (.+?)\n(.*?)\n*(?=^## |\Z)", page))


def without_answers(page: str) -> str:
    """Return a page as students' packages have it: without its programs, which answer exercises."""
    return re.sub(rf"(?ms)^## (?!{WHY}|{HINT}).*?(?=^## |\Z)", "", page)


def _of_page(path: Path) -> FaultKind:
    _, front, page = path.read_text(encoding="utf-8").split(FENCE)
    texts = sections(page)
    why, hint = " ".join(texts[WHY].split()), " ".join(texts.get(HINT, "").split())
    sentence = page.partition("\n")[0].removeprefix("# ")
    return FaultKind(path.stem, sentence, why, "", hint=hint, **_told(msgspec.toml.decode(front, type=FrontMatter)))


def _told(said: msgspec.Struct) -> dict[str, Any]:
    """Return the fields that were given."""
    return {name: value for name, value in msgspec.structs.asdict(said).items() if value is not None}


KINDS: Mapping[str, FaultKind] = {path.stem: _of_page(path) for path in sorted(PAGES.glob("*.md"))}


@lru_cache(maxsize=16)
def course_kinds(text: str) -> Mapping[str, FaultKind]:
    """Return the kinds of faults in the text of a course's ``faults.toml``: new codes, and known ones with what it changes.

    Raises
    ------
    ValueError
        If something makes no sense, with what and in which table.
    """
    return {code: _of_course(code, entry) for code, entry in tomllib.loads(text).items()}


def _of_course(code: str, entry: object) -> FaultKind:
    try:
        told = _told(msgspec.convert(entry, CourseEntry))
    except msgspec.ValidationError as error:
        raise ValueError(f"[{code}] {error}") from error
    if code in KINDS:
        known = KINDS[code]
        kept = {"regression": _unless(told, known.regression), "rows": _unless(told, known.rows)}
        kind = replace(known, **{**kept, **told})
    elif not CODE.fullmatch(code):
        raise ValueError(f"[{code}] is no code: lower-case words with hyphens between them, two or more")
    elif not {"sentence", "severity"} <= told.keys():
        raise ValueError(f"[{code}] is a new code and needs a sentence and a severity")
    else:
        kind = FaultKind(code, **{"why": "", "where": "", **told})
    texts = kind.sentence, kind.why, kind.hint, *kind.regression.values(), *kind.rows.values()
    try:
        "".join(texts).format(**WORDS)
    except (KeyError, IndexError, ValueError) as error:
        places = "}, {".join(WORDS)
        raise ValueError(f"[{code}] has a place in braces that nothing fills; there are {{{places}}}") from error
    return kind


def _unless(told: Mapping[str, object], variant: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of a variant that the course does not say itself: its own hold for all data."""
    return {part: text for part, text in variant.items() if part not in told}
