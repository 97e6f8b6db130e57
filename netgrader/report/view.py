"""What the class report is made from (`ClassView`) and what it shows (`Report`), as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markupsafe import Markup

    from netgrader.feedback.view import Numbers
    from netgrader.pages.graded import Graded

__all__ = [
    "Chart",
    "ClassView",
    "Column",
    "Concern",
    "FaultCount",
    "NotebookColumns",
    "Report",
    "Score",
    "StudentRow",
    "StudentView",
    "Trouble",
]


@dataclass(frozen=True)
class Column:
    """A graded cell of the assignment."""

    cell: str
    name: str
    max_points: float
    manual: bool = False


@dataclass(frozen=True)
class NotebookColumns:
    """A notebook of the assignment and its graded cells, in order."""

    notebook: str
    columns: tuple[Column, ...]

    @property
    def max_points(self) -> float:
        """What the notebook is worth, answers read by a person included."""
        return sum(column.max_points for column in self.columns)


@dataclass(frozen=True)
class StudentView:
    """One student of the class.

    Attributes
    ----------
    student
        The id; may hold anything.
    name
        The name, the id where there is none.
    submitted
        Whether anything was handed in.
    notebooks
        What was graded, by notebook.
    links
        Relative addresses of feedback pages, by notebook.
    """

    student: str
    name: str
    submitted: bool
    notebooks: Mapping[str, Graded] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ClassView:
    """A class and an assignment: all that the report knows."""

    assignment: str
    notebooks: tuple[NotebookColumns, ...]
    students: tuple[StudentView, ...]


@dataclass(frozen=True)
class Score:
    """A cell of the table. `points` is None where there are none yet; `sort` orders it."""

    state: str
    word: str
    points: float | None
    max_points: float


@dataclass(frozen=True)
class StudentRow:
    """A line of the table; `pages` are its feedback pages, by notebook."""

    student: str
    name: str
    link: str
    pages: tuple[tuple[str, str], ...]
    state: str
    word: str
    scores: tuple[Score, ...]
    total: float | None
    max_points: float
    faults: tuple[str, ...]
    search: str


@dataclass(frozen=True)
class FaultCount:
    """A fault, how many have it, how grave it is in a word, and who; `free` if it costs nothing."""

    code: str
    sentence: str
    why: str
    free: bool
    students: tuple[tuple[str, str, str], ...]
    """For each: name, where (notebook and cell), address of the feedback page or empty."""
    severity: str = ""


@dataclass(frozen=True)
class Concern:
    """A student to look at, and why; `noticed`: the page says more under what was noticed while notebooks ran."""

    name: str
    link: str
    reasons: tuple[str, ...]
    noticed: bool = False


@dataclass(frozen=True)
class Trouble:
    """A student of whom something could not be graded: for each where and why, and what to do."""

    name: str
    link: str
    problems: tuple[tuple[str, str], ...]
    remedy: str
    command: str


@dataclass(frozen=True)
class Chart:
    """A chart with its caption, what to see in it, the names of its series where there are several, and its numbers."""

    caption: str
    body: Markup
    note: str = ""
    legend: tuple[str, ...] = ()
    numbers: Numbers | None = None


@dataclass(frozen=True)
class Report:
    """The page."""

    assignment: str
    facts: tuple[str, ...]
    notebooks: tuple[NotebookColumns, ...]
    rows: tuple[StudentRow, ...]
    to_judge: tuple[Concern, ...]
    to_help: tuple[Concern, ...]
    absent: tuple[str, ...]
    troubles: tuple[Trouble, ...]
    faults: tuple[FaultCount, ...]
    distribution: Chart | None
    charts: tuple[Chart, ...]
    integrity: tuple[tuple[str, str, str], ...]
    csv_name: str
    empty: str = ""
    most_rows: int = 300
    """So many rows of the table are elements at once; of more a browser takes seconds."""
    most_listed: int = 200
    """So many are named in a list; beyond them it says how many there are, and that the CSV file has them."""

    @property
    def states(self) -> frozenset[str]:
        """What occurs in the table's cells."""
        return frozenset(score.state for row in self.rows for score in row.scores)

    @property
    def nobody_graded(self) -> bool:
        """Whether there is nothing yet from which anybody could stand out."""
        return all(row.total is None for row in self.rows)

    @property
    def many_pages(self) -> bool:
        """Whether some student has more than one feedback page."""
        return any(len(row.pages) > 1 for row in self.rows)
