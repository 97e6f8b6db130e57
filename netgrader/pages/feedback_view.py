"""What a feedback page shows, as plain data: the template adds nothing but form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from graphread.text import Said
    from netgrader.faults import Severity

__all__ = [
    "Block",
    "Cause",
    "CellVerdict",
    "Check",
    "Figure",
    "NextStep",
    "Page",
    "Reason",
    "Section",
]


PASSED, FOLLOWING, TO_READ = "passed", "following", "to-read"


@dataclass(frozen=True)
class Reason:
    """Why a fault matters and where to read; `link` is an anchor on this page or empty.

    `hint` is the question of the fault's page that leads on, which is folded.
    """

    code: str
    why: Said
    where: str
    link: str = ""
    hint: Said = ""


@dataclass(frozen=True)
class Check:
    """One check of a cell."""

    state: str
    """``passed``, ``partial``, ``failed``, ``ungradable``, or ``remark`` (passed, with something to note)."""
    word: Said
    """The state in a word."""
    sentence: Said
    """What is checked."""
    found: Said = ""
    """What was found and expected, empty if there is nothing to say."""
    reasons: tuple[Reason, ...] = ()
    """Why it matters and where to read, one for each fault."""
    hidden: bool = False
    """Whether the student does not have its code."""
    credit: Said = ""
    """How much of its credit was earned, where that is a part."""
    follows: bool = False
    """Whether it says no more than what it follows from, and costs nothing."""
    check: str = ""
    """Which test it is: ``file::function``."""

    @property
    def group(self) -> str:
        """Its place in the box of its cell."""
        if self.follows:
            return FOLLOWING
        return PASSED if self.state == PASSED else TO_READ


@dataclass(frozen=True)
class Figure:
    """A picture with its caption; `notes` are sentences beneath, `items` the layers of a network in words."""

    kind: str
    caption: Said
    body: Markup
    notes: tuple[Said, ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class CellVerdict:
    """The box at a graded cell. `points` is None while a person has to give them."""

    cell: str
    name: str
    state: Said
    word: Said
    points: float | None
    max_points: float
    manual: bool = False
    checks: tuple[Check, ...] = ()
    figures: tuple[Figure, ...] = ()
    notes: tuple[Said, ...] = ()
    objection: str = ""
    """What the student may send back if this seems wrong."""

    @property
    def lost(self) -> float:
        """The points that it takes; none while a person has to give them."""
        return 0.0 if self.points is None else self.max_points - self.points

    @property
    def passed(self) -> tuple[Check, ...]:
        """The checks without a message."""
        return self._in(PASSED)

    @property
    def following(self) -> tuple[Check, ...]:
        """Those that only follow from what is named in another."""
        return self._in(FOLLOWING)

    @property
    def to_read(self) -> tuple[Check, ...]:
        """All others."""
        return self._in(TO_READ)

    def _in(self, group: str) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.group == group)

    @property
    def anchor(self) -> str:
        """The id of the box on the page."""
        return f"cell-{self.cell}"


@dataclass(frozen=True)
class Block:
    """A piece of the notebook."""

    kind: str
    """``text``, ``raw``, ``answer``, ``code`` or ``verdict``."""
    body: Markup = field(default_factory=Markup)
    """Text or highlighted code."""
    yours: bool = False
    """Whether the student wrote it: was asked to fill it in, changed or added it."""
    headings: tuple[str, ...] = ()
    """The headings in it."""
    lines: int = 0
    """How many lines of code it has."""
    label: Said = ""
    """What a screen reader calls it."""
    outputs: tuple[Markup, ...] = ()
    """What running it showed."""
    verdict: CellVerdict | None = None
    """The box that follows."""
    comment: Markup | None = None
    """What a person wrote about it."""
    most_open: int = 40
    """So many lines of code stand open."""


@dataclass(frozen=True)
class Section:
    """Neighboring pieces of the notebook; with a `title` they are folded: they came with it."""

    blocks: tuple[Block, ...]
    title: Said = ""


@dataclass(frozen=True)
class Further:
    """A suggestion of the notebook for afterwards, and its section; `link` is an anchor or empty."""

    section: str
    link: str
    text: Markup


@dataclass(frozen=True)
class Cause:
    """Something grave, said before any points: in which cell, how grave (also in a word), and what it is."""

    name: str
    anchor: str
    severity: Severity
    word: Said
    sentence: Said


@dataclass(frozen=True)
class NextStep:
    """Something to do next: in which cell, what, for how many points at most; `about` tells steps apart.

    The lower its `gravity`, the graver the mistake that it fixes.
    """

    name: str
    anchor: str
    sentence: Said
    points: float
    where: str = ""
    link: str = ""
    about: Said = ""
    gravity: int = 9


@dataclass(frozen=True)
class Page:
    """One notebook's feedback for one student.

    One that is not `readable` could not be graded at all: no part is shown. One that is `whole` was graded in full.
    """

    assignment: str
    notebook: str
    title: str
    student: str
    verdicts: tuple[CellVerdict, ...]
    facts: tuple[Said, ...]
    notices: tuple[Said, ...]
    readable: bool = False
    whole: bool = True
    steps: tuple[NextStep, ...] = ()
    parts: tuple[Section, ...] = ()
    late_penalty: float = 0.0
    causes: tuple[Cause, ...] = ()
    further: tuple[Further, ...] = ()
    notebook_language: str = ""
    """What the notebook's own text is in, where that is another language than the page's."""
    most_open: int = 3
    """So many steps stand open; more at once are not done."""

    @property
    def given(self) -> tuple[CellVerdict, ...]:
        """The verdicts that have points."""
        return tuple(verdict for verdict in self.verdicts if verdict.points is not None)

    @property
    def points(self) -> float:
        """The points of all verdicts that have some; a late penalty takes no more than there are."""
        return max(0.0, sum(verdict.points or 0.0 for verdict in self.given) - self.late_penalty)

    @property
    def max_points(self) -> float:
        """What these verdicts are worth."""
        return sum(verdict.max_points for verdict in self.given)

    @property
    def waiting(self) -> float:
        """What the others are worth, which wait for a person."""
        return sum(verdict.max_points for verdict in self.verdicts) - self.max_points

    @property
    def waiting_cells(self) -> int:
        """How many wait for a person."""
        return len(self.verdicts) - len(self.given)
