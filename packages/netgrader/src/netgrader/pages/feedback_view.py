"""The content of a feedback page as plain data; the template only adds form."""

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

    `hint` is the leading question of the fault's page, shown folded.
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
    """``passed``, ``partial``, ``failed``, ``ungradable``, or ``remark`` (passed, with a remark)."""
    word: Said
    """The state in words."""
    sentence: Said
    """The requirement that is checked."""
    found: Said = ""
    """What was found and expected; empty if there is nothing to report."""
    reasons: tuple[Reason, ...] = ()
    """Why it matters and where to read, one for each fault."""
    hidden: bool = False
    """Whether the student does not have its code."""
    credit: Said = ""
    """The earned part of its credit, if it is a part."""
    follows: bool = False
    """Whether it only follows from another check, and costs nothing."""
    check: str = ""
    """The id of its test: ``file::function``."""

    @property
    def group(self) -> str:
        """The check's group in the box of its cell."""
        if self.follows:
            return FOLLOWING
        return PASSED if self.state == PASSED else TO_READ


@dataclass(frozen=True)
class Figure:
    """A picture with its caption; `notes` are sentences below it, `items` a network's layers in words."""

    kind: str
    caption: Said
    body: Markup
    notes: tuple[Said, ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class CellVerdict:
    """The box of a graded cell. `points` is None while a person must give them."""

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
    """The text that the student can send back if the verdict seems wrong."""

    @property
    def lost(self) -> float:
        """The points that it costs; 0 while a person must give them."""
        return 0.0 if self.points is None else self.max_points - self.points

    @property
    def passed(self) -> tuple[Check, ...]:
        """The passed checks."""
        return self._in(PASSED)

    @property
    def following(self) -> tuple[Check, ...]:
        """The checks that only follow from another one."""
        return self._in(FOLLOWING)

    @property
    def to_read(self) -> tuple[Check, ...]:
        """All other checks."""
        return self._in(TO_READ)

    def _in(self, group: str) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.group == group)

    @property
    def anchor(self) -> str:
        """The id of the box on the page."""
        return f"cell-{self.cell}"


@dataclass(frozen=True)
class Block:
    """A part of the notebook on the page."""

    kind: str
    """``text``, ``raw``, ``answer``, ``code`` or ``verdict``."""
    body: Markup = field(default_factory=Markup)
    """Text or highlighted code, as HTML."""
    yours: bool = False
    """Whether the student wrote it: filled it in, changed or added it."""
    headings: tuple[str, ...] = ()
    """Its headings."""
    lines: int = 0
    """Its number of lines of code."""
    label: Said = ""
    """Its name for a screen reader."""
    outputs: tuple[Markup, ...] = ()
    """Its outputs."""
    verdict: CellVerdict | None = None
    """The box that follows."""
    comment: Markup | None = None
    """A person's comment on it."""
    most_open: int = 40
    """Lines of code that are shown unfolded."""


@dataclass(frozen=True)
class Section:
    """Neighboring blocks of the notebook; with a `title` they came with it and are folded."""

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
    """A grave fault, shown before any points: its cell, severity (also in words), and sentence."""

    name: str
    anchor: str
    severity: Severity
    word: Said
    sentence: Said


@dataclass(frozen=True)
class NextStep:
    """A next step: its cell, sentence, and possible points; `about` identifies its cause.

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

    If it is not `readable`, it could not be graded at all, and no part is shown. If it is `whole`, it was graded in full.
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
    """The language of the notebook's own text, if it differs from the page's."""
    most_open: int = 3
    """The number of steps that are shown unfolded."""

    @property
    def given(self) -> tuple[CellVerdict, ...]:
        """The verdicts with points."""
        return tuple(verdict for verdict in self.verdicts if verdict.points is not None)

    @property
    def points(self) -> float:
        """The sum of given points, less the late penalty, at least 0."""
        return max(0.0, sum(verdict.points or 0.0 for verdict in self.given) - self.late_penalty)

    @property
    def max_points(self) -> float:
        """The maximum points of these verdicts."""
        return sum(verdict.max_points for verdict in self.given)

    @property
    def waiting(self) -> float:
        """The maximum points of the verdicts that wait for a person."""
        return sum(verdict.max_points for verdict in self.verdicts) - self.max_points

    @property
    def waiting_cells(self) -> int:
        """The number of verdicts that wait for a person."""
        return len(self.verdicts) - len(self.given)
