"""Moodle's grading worksheet and Canvas's gradebook: read them, and fill in marks only.

All other values are written back unchanged, in place, with the same encoding, delimiter and line endings.
"""

from __future__ import annotations

import codecs
import csv
import functools
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path  # noqa: TC003  (what is read within limits is decoded by what its fields say)
from typing import TYPE_CHECKING

from netgrader.errors import UsageError, listed
from netgrader_platforms.people import CANVAS, MOODLE, Person, name_key, same_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Sheet", "SheetRow", "read_canvas", "read_moodle", "read_people"]

MOST_BYTES = 50_000_000
DELIMITERS = (",", ";", "\t")

# Columns of Moodle's worksheet in English and German, in lower case, in older and newer spellings.
NUMBER, NAME, EMAIL, USER, STUDENT = "number", "name", "email", "user", "student number"
STATUS, TEAM, GRADE, MOST, SCALE = "status", "team", "grade", "most", "scale"
CHANGEABLE, SUBMITTED, GRADED = "changeable", "submitted", "graded"
COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(("identifier", "id"), NUMBER),
    **dict.fromkeys(("full name", "vollständiger name"), NAME),
    **dict.fromkeys(("email address", "e-mail-adresse", "e-mail"), EMAIL),
    **dict.fromkeys(("username", "anmeldename"), USER),
    **dict.fromkeys(("id number", "id-nummer", "matrikelnummer"), STUDENT),
    "status": STATUS,
    **dict.fromkeys(("group", "gruppe"), TEAM),
    **dict.fromkeys(("grade", "bewertung"), GRADE),
    **dict.fromkeys(("maximum grade", "bestwertung", "maximale bewertung"), MOST),
    **dict.fromkeys(("scale", "skala"), SCALE),
    **dict.fromkeys(("grade can be changed", "bewertung kann geändert werden"), CHANGEABLE),
    **dict.fromkeys(("last modified (submission)", "zuletzt geändert (abgabe)"), SUBMITTED),
    **dict.fromkeys(("last modified (grade)", "zuletzt geändert (bewertung)"), GRADED),
}
NO = frozenset({"no", "nein"})
OF_A_PERSON = re.compile(r"[0-9]+$")
"""Matches the number in an identifier, after the localized word for *participant*."""
LATE = re.compile(r"\blate\b|zu spät|später|verspätet", re.IGNORECASE)
MONTHS = {
    name: number
    for names in (
        "january february march april may june july august september october november december",
        "januar februar märz april mai juni juli august september oktober november dezember",
    )
    for number, name in enumerate(names.split(), start=1)
}
TIME = re.compile(
    r"(?:(?P<day>\d{1,2})\.? (?P<month>[^\W\d]+)|(?P<us_month>[^\W\d]+) (?P<us_day>\d{1,2})),? (?P<year>\d{4}),? "
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?: ?(?P<half>[AP])M)?",
    re.IGNORECASE,
)

# Patterns of Canvas's gradebook.
ASSIGNMENT = re.compile(r"(?P<title>.*\S)\s*\((?P<number>[0-9]+)\)", re.DOTALL)
TOTALS = re.compile(r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
POSSIBLE = "Points Possible"
KEPT = {"EX": "excused", "N/A": "not assigned, or anonymous still"}
"""Values in the column of marks that are left unchanged, and why."""


@dataclass(frozen=True)
class CsvTable:
    """A CSV file in which single values can be replaced."""

    path: Path
    encoding: str
    delimiter: str
    end: str
    """Its line ending."""
    rows: list[list[str]]

    def put(self, line: int, column: int, text: str) -> None:
        """Replace one value."""
        self.rows[line][column] = text

    def content(self) -> bytes:
        """Return the file's current content."""
        out = io.StringIO()
        csv.writer(out, delimiter=self.delimiter, lineterminator=self.end).writerows(self.rows)
        return out.getvalue().encode(self.encoding)


@dataclass(frozen=True)
class SheetRow:
    """The row of one person."""

    line: int
    person: Person
    mark: str
    """The current value in the column of marks."""
    most: Decimal | None
    """The maximum mark."""
    locked: bool = False
    """Whether Moodle marks the grade as unchangeable."""
    kept: str = ""
    """Why the cell is left unchanged; empty if it may be filled in."""
    graded: str = ""
    """Moodle's date of the last change of the mark; empty if there is none."""

    @property
    def has_mark(self) -> bool:
        """Whether the column of marks contains a number."""
        return number(self.mark) is not None


@dataclass
class Sheet:
    """A platform's sheet of marks."""

    platform: str
    table: CsvTable
    column: int
    """Index of the column of marks."""
    rows: tuple[SheetRow, ...]
    decimals: int
    """Number of decimals that the platform stores."""
    comma: bool = False
    """Whether numbers have a decimal comma."""
    dates_read: bool = True
    """Whether the platform can parse its own dates: Moodle cannot in German."""
    has_teams: bool = False
    title: str = ""
    """The platform's name of the assignment, or the name of the sheet."""

    @functools.cached_property
    def people(self) -> tuple[Person, ...]:
        """Return the people of all rows."""
        return tuple(row.person for row in self.rows)

    @functools.cached_property
    def _index(self) -> Mapping[str, list[Person]]:
        """Return people by number, or by team if there are any."""
        found: dict[str, list[Person]] = {}
        for person in self.people:
            found.setdefault(name_key(person.team) if self.has_teams else person.number, []).append(person)
        return found

    def who(self, number: str, name: str) -> Sequence[Person]:
        """Return the owners of a submission by number and name: one person, or all members of a team.

        Nobody, if number and name disagree or if the number or team name is ambiguous.
        """
        if self.has_teams:
            team = self._index.get(name_key(name), [])
            return team if len({one.team for one in team}) == 1 else ()
        fitting = self._index.get(number, [])
        return [one for one in fitting if same_name(one.name, name, self.platform)] if len(fitting) == 1 else ()

    def written(self, points: float) -> Decimal:
        """Return points rounded to the platform's decimals."""
        exact = Decimal(repr(points)).quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)
        return exact if self.platform == CANVAS else exact.normalize()

    def fill(self, row: SheetRow, mark: Decimal) -> bool:
        """Put a mark into a row; return False if the row already has it, to the decimals shown there."""
        there = number(row.mark)
        if there is not None:
            shown = mark.quantize(there, ROUND_HALF_UP) if int(there.as_tuple().exponent) <= -2 else mark
            if there == shown:
                return False
        text = f"{mark:f}"
        self.table.put(row.line, self.column, text.replace(".", ",") if self.comma else text)
        return True


def number(text: str) -> Decimal | None:
    """Return the number in a cell, with a decimal point or comma; None if there is none."""
    plain = re.sub(r"[.,](?=.*[.,])", "", text.strip()).replace(",", ".")  # only the last mark separates decimals
    try:
        found = Decimal(plain)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def read_moodle(path: Path) -> Sheet:
    """Read Moodle's grading worksheet.

    Raises
    ------
    UsageError
        If it is not a worksheet in English or German, or its assignment is graded on a scale of words.
    """
    table = _table(path)
    names = [COLUMNS.get(name.strip().casefold(), "") for name in table.rows[0]]
    if not {NUMBER, GRADE, GRADED} <= {*names}:
        raise UsageError(
            f"{path} is not Moodle's grading worksheet in English or German: it has no columns Identifier, Grade and Last "
            "modified (grade). Set your language in Moodle to one of them and download it again; upload it in the same language."
        )
    if SCALE in names:
        raise UsageError(
            f"{path} is of an assignment with a scale of words, and netgrader has points. Set its grade to a number of "
            "points in Moodle, and download the worksheet again."
        )
    # If two columns have the same meaning, the first one counts.
    found = [
        {name: value.strip() for name, value in reversed([*zip(names, values, strict=False)])} for values in table.rows
    ]
    rows = [_moodle_row(line, cells) for line, cells in enumerate(found) if OF_A_PERSON.search(cells.get(NUMBER, ""))]
    return Sheet(
        *(MOODLE, table, names.index(GRADE), tuple(rows), 5),
        comma="," in "".join(cells.get(MOST, "") + cells.get(GRADE, "") for cells in found),
        dates_read="ID" not in map(str.strip, table.rows[0]),
        title=path.stem,
        has_teams=TEAM in names,
    )


def _moodle_row(line: int, cells: Mapping[str, str]) -> SheetRow:
    def cell(name: str) -> str:
        return cells.get(name, "")

    number_there = OF_A_PERSON.findall(cell(NUMBER))[0]
    ids = frozenset(filter(None, map(str.casefold, map(cell, (EMAIL, USER, STUDENT)))))
    person = Person(
        number=number_there,
        name=cell(NAME),
        ids=ids | {f"participant-{number_there}"},
        team=cell(TEAM),
        late=bool(LATE.search(cell(STATUS))),
        when=_time(cell(SUBMITTED)),
    )
    locked = cell(CHANGEABLE).casefold() in NO
    return SheetRow(line, person, cell(GRADE), number(cell(MOST)), locked=locked, graded=cell(GRADED).strip("-"))


def _time(text: str) -> datetime | None:
    """Parse Moodle's local time, in English or German; return naive UTC, or None."""
    found = TIME.search(text)
    if found is None:
        return None
    parts = found.groupdict("")
    month = MONTHS.get((parts["month"] + parts["us_month"]).casefold(), 0)
    hour = int(parts["hour"]) % (12 if parts["half"] else 24) + 12 * (parts["half"].upper() == "P")
    day = int(parts["day"] + parts["us_day"])
    try:
        local = datetime(int(parts["year"]), month, day, hour, int(parts["minute"]))  # noqa: DTZ001  (the machine's)
        return local.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def read_canvas(path: Path, column: int | None = None, title: str = "") -> Sheet:
    """Read Canvas's gradebook.

    `column` is the assignment's number, which its column shows in parentheses; if None, the column is found by `title`.

    Raises
    ------
    UsageError
        If it is not a gradebook, or has no such assignment.
    """
    table, head, identity = _gradebook(path)
    found = {
        int(name["number"]): (place, name["title"])
        for place, name in enumerate(map(ASSIGNMENT.fullmatch, head))
        if name and not TOTALS.search(head[place])
    }
    called = [number for number, (_, name) in found.items() if name.strip().casefold() == title.casefold()]
    wanted = {column} & found.keys() if column is not None else called
    if len(wanted) != 1:
        there = listed(f"{number} ({name})" for number, (_, name) in found.items())
        raise UsageError(f"Which assignment of {path}? Name its number with --column; there are: {there}.")
    return _canvas(table, head, identity, *found[next(iter(wanted))])


def read_people(path: Path, platform: str) -> Sheet:
    """Read only the people of a sheet, for any assignment.

    Raises
    ------
    UsageError
        If it is not the platform's sheet.
    """
    if platform == MOODLE:
        return read_moodle(path)
    table, head, identity = _gradebook(path)
    return _canvas(table, head, identity, identity, "")


def _gradebook(path: Path) -> tuple[CsvTable, list[str], int]:
    """Read Canvas's gradebook; return the table, its column names, and the index of the user-id column."""
    table = _table(path)
    head = [name.strip() for name in table.rows[0]]
    identity = next((at for at, name in enumerate(head) if name == "ID"), 0)
    names = {("Student",): 1, ("LastName", "FirstName"): 2}
    if names.get(tuple(head[:identity])) != identity:
        raise UsageError(
            f"{path} is not Canvas's gradebook: it does not begin with the columns Student and ID. Export it again from "
            "Grades."
        )
    return table, head, identity


def _canvas(table: CsvTable, head: Sequence[str], identity: int, place: int, called: str) -> Sheet:
    """Read the rows of Canvas's gradebook; `place` is the column of the assignment `called`."""
    logins = [at for at, name in enumerate(head) if name in {"SIS User ID", "SIS Login ID"}]
    most: Decimal | None = None
    rows = []
    for line, row in enumerate(table.rows[1:], start=1):
        values = [value.strip() for value in row]
        if len(values) <= max(place, identity):
            continue
        if POSSIBLE in values[0] and not values[identity]:  # a student's name may contain it, too
            most = number(values[place])
            if "read only" in values[place]:
                raise UsageError(f"{table.path}: Canvas takes no marks for '{called}': (read only) stands under it.")
        elif values[identity]:
            person = _canvas_person(values, identity, logins)
            rows.append(SheetRow(line, person, values[place], most, kept=KEPT.get(values[place].upper(), "")))
    return Sheet(CANVAS, table, place, tuple(rows), 2, title=called)


def _canvas_person(values: Sequence[str], identity: int, logins: Sequence[int]) -> Person:
    """Return the person of a row: names come before column `identity`, ids are in the columns `logins`."""
    return Person(
        number=values[identity],
        # Canvas writes a name that starts with an equals sign as a formula.
        name=", ".join(re.sub(r'^="(.*)"$', r"\1", value) for value in values[:identity]),
        ids=frozenset(filter(None, (values[at].casefold() for at in logins))),
        lms_id=values[identity],
    )


def _table(path: Path) -> CsvTable:
    """Read a CSV file, with the delimiter that is most frequent in its first line."""
    try:
        content = path.read_bytes() if path.stat().st_size <= MOST_BYTES else b""
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    if not content.strip():
        raise UsageError(f"{path} is empty, or larger than {MOST_BYTES // 1_000_000} MB.")
    encoding = "utf-8-sig" if content.startswith(codecs.BOM_UTF8) else "utf-8"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        encoding = "latin-1"  # every byte sequence is valid
        text = content.decode(encoding)
    first, *_ = text.splitlines(keepends=True)
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    end = first[len(first.rstrip("\r\n")) :] or "\n"
    try:
        return CsvTable(path, encoding, delimiter, end, [*reader])
    except csv.Error as error:
        raise UsageError(f"{path} is not a CSV file: line {reader.line_num} ({error}). Download it again.") from error
