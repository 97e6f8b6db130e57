"""Sheets that a platform gave: Moodle's grading worksheet and Canvas's gradebook, read, and filled in without touching the rest.

All that is not filled in goes out byte for byte: byte-order mark, delimiter, quoting, line ends, order of columns.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path  # noqa: TC003  (what is read within limits is decoded by what its fields say)
from typing import TYPE_CHECKING

from netgrader.errors import UsageError
from netgrader.platforms.people import CANVAS, MOODLE, Person, name_key, same_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["CsvTable", "Sheet", "SheetRow", "read_canvas", "read_moodle", "read_people"]

MOST_BYTES = 50_000_000
DELIMITERS = (",", ";", "\t")
MARK = "\ufeff"  # of the byte order

# Columns of Moodle's worksheet in English and in German, in lower case; later spellings beside earlier ones.
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

# Of Canvas's gradebook.
ASSIGNMENT = re.compile(r"(?P<title>.*\S)\s*\((?P<number>[0-9]+)\)", re.DOTALL)
TOTALS = re.compile(r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
MANUAL = re.compile(r"\s*(Muted|Manual Posting.*)?\s*", re.IGNORECASE | re.DOTALL)
POSSIBLE = "Points Possible"
EXCUSED, UNASSIGNED = "EX", "N/A"


@dataclass(frozen=True)
class CsvTable:
    """A file of values between delimiters, of which single cells can be replaced and all else stays as it was."""

    path: Path
    delimiter: str
    encoding: str
    mark: str
    """That of the byte order, if there is one."""
    raw: list[list[str]]
    """The cells of each row, as they stand in the file."""
    ends: list[str]
    """What ends each row."""

    @classmethod
    def of(cls, path: Path, delimiter: str, text: str, encoding: str) -> CsvTable:
        """Split a text into rows and cells.

        Raises
        ------
        UsageError
            If it is no CSV, with the line.
        """
        table = cls(path, delimiter, encoding, MARK if text.startswith(MARK) else "", [], [])
        table._split(text.removeprefix(MARK))
        return table

    def _split(self, text: str) -> None:
        mark = re.escape(self.delimiter)
        one = re.compile(rf'("(?:[^"]|"")*+"|[^"{mark}\r\n][^{mark}\r\n]*+|)({mark}|\r\n|\r|\n|\Z)')
        place, row = 0, list[str]()
        while place < len(text) or row:
            found = one.match(text, place)
            if found is None:
                raise UsageError(
                    f"{self.path} is no CSV in line {text.count(chr(10), 0, place) + 1}. Download it again."
                )
            row.append(found[1])
            place = found.end()
            if found[2] != self.delimiter:
                self.raw.append(row)
                self.ends.append(found[2])
                row = []

    def __len__(self) -> int:
        return len(self.raw)

    def row(self, line: int) -> list[str]:
        """Return the values of a row."""
        return [_value(raw) for raw in self.raw[line]]

    def put(self, line: int, column: int, text: str) -> None:
        """Replace a cell; it is quoted where it was, or has to be."""
        quoted = self.raw[line][column].startswith('"') or self.delimiter in text
        self.raw[line][column] = f'"{text}"' if quoted else text

    def content(self) -> bytes:
        """Return the file as it is now."""
        lines = (self.delimiter.join(row) + end for row, end in zip(self.raw, self.ends, strict=True))
        return (self.mark + "".join(lines)).encode(self.encoding)


def _value(raw: str) -> str:
    return raw[1:-1].replace('""', '"') if raw.startswith('"') else raw


@dataclass(frozen=True)
class SheetRow:
    """A person's row."""

    line: int
    person: Person
    mark: str
    """What stands in the column of marks."""
    most: Decimal | None
    """The maximum."""
    locked: bool = False
    """Whether Moodle says that the mark cannot be changed."""
    kept: str = ""
    """Why the cell is left as it is; empty if it is filled in."""
    graded: str = ""
    """When Moodle says that the mark was changed last; empty if it never was."""

    @property
    def has_mark(self) -> bool:
        """Whether there is a number in the column of marks."""
        return number(self.mark) is not None


@dataclass
class Sheet:
    """A sheet of a platform's."""

    platform: str
    table: CsvTable
    column: int
    """That of marks."""
    rows: tuple[SheetRow, ...]
    decimals: int
    """How many the platform keeps."""
    comma: bool = False
    """Whether numbers have a comma."""
    dates_read: bool = True
    """Whether the platform can read the dates that it wrote itself."""
    has_teams: bool = False
    title: str = ""
    """What the platform calls the assignment, if the sheet says it."""

    @functools.cached_property
    def people(self) -> tuple[Person, ...]:
        """The people of its rows."""
        return tuple(row.person for row in self.rows)

    @functools.cached_property
    def _index(self) -> Mapping[str, list[Person]]:
        """People by their numbers, or by their teams where there are any."""
        found: dict[str, list[Person]] = {}
        for person in self.people:
            found.setdefault(name_key(person.team) if self.has_teams else person.number, []).append(person)
        return found

    def who(self, number: str, name: str) -> Sequence[Person]:
        """Return whose a submission with this number and name is: of a team all members; nobody if the two do not fit.

        Nor is it anybody's where two rows have the number, or two teams the name.
        """
        if self.has_teams:
            team = self._index.get(name_key(name), [])
            return team if len({one.team for one in team}) == 1 else ()
        fitting = self._index.get(number, [])
        return [one for one in fitting if same_name(one.name, name, self.platform)] if len(fitting) == 1 else ()

    def written(self, points: float) -> Decimal:
        """Return points as the platform keeps them."""
        exact = Decimal(repr(points)).quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)
        return exact if self.platform == CANVAS else exact.normalize()

    def fill(self, row: SheetRow, mark: Decimal) -> bool:
        """Put a mark into a row; False if it stands there already, as far as the platform shows its decimals."""
        there = number(row.mark)
        if there is not None:
            shown = mark.quantize(there, ROUND_HALF_UP) if int(there.as_tuple().exponent) <= -2 else mark
            if there == shown:
                return False
        text = f"{mark:f}"
        self.table.put(row.line, self.column, text.replace(".", ",") if self.comma else text)
        return True


def number(text: str) -> Decimal | None:
    """Return the number that stands in a cell, with a point or a comma; None if there is none."""
    parts = re.split(r"[.,]", text.strip())
    if len(parts) > 1:
        parts = ["".join(parts[:-1]), parts[-1]]
    try:
        found = Decimal(".".join(parts))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def read_moodle(path: Path) -> Sheet:
    """Read Moodle's grading worksheet.

    Raises
    ------
    UsageError
        If it is none, or in another language than English or German, or of an assignment that has words for marks.
    """
    table = _table(path)
    places: dict[str, int] = {}
    names = [name.strip() for name in table.row(0)]
    for place, name in enumerate(names):
        places.setdefault(COLUMNS.get(name.casefold(), ""), place)
    if {NUMBER, GRADE, GRADED} <= places.keys():
        return _moodle(table, places, german="ID" in names)
    raise UsageError(
        f"{path} is no grading worksheet of Moodle's in English or German: it has no columns Identifier, Grade and Last "
        "modified (grade). Set your language in Moodle to one of them and download it again; upload it in the same language."
    )


def _moodle(table: CsvTable, places: Mapping[str, int], *, german: bool) -> Sheet:
    if SCALE in places:
        raise UsageError(
            f"{table.path} is of an assignment with a scale of words, and netgrader has points. Set its grade to a number of "
            "points in Moodle, and download the worksheet again."
        )
    rows, numbers = [], list[str]()
    for line in range(1, len(table)):
        values = table.row(line)
        cells = {name: values[place].strip() for name, place in places.items() if place < len(values)}
        last = re.search(r"[0-9]+$", cells.get(NUMBER, ""))
        if last is None or GRADE not in cells:
            continue
        graded = cells.get(GRADED, "")
        numbers += [cells[GRADE], cells.get(MOST, "")]
        person = Person(
            number=last[0],
            name=cells.get(NAME, ""),
            ids=frozenset(cells[one].casefold() for one in (EMAIL, USER, STUDENT) if cells.get(one)),
            team=cells.get(TEAM, ""),
            late=bool(LATE.search(cells.get(STATUS, ""))),
            when=_time(cells.get(SUBMITTED, "")),
        )
        rows.append(
            SheetRow(
                *(line, person, cells[GRADE], number(cells.get(MOST, ""))),
                locked=cells.get(CHANGEABLE, "").casefold() in NO,
                graded="" if graded == "-" else graded,
            )
        )
    return Sheet(
        *(MOODLE, table, places[GRADE], tuple(rows), 5),
        comma=any("," in text for text in numbers) if any(numbers) else german,
        dates_read=not german,
        has_teams=TEAM in places,
    )


def _time(text: str) -> datetime | None:
    """Return a time as Moodle writes it in English and German, which is the machine's, in UTC without a zone."""
    found = TIME.search(text)
    month = MONTHS.get((found["month"] or found["us_month"]).casefold()) if found else None
    if found is None or month is None:
        return None
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].upper() == "P" else 0)
    try:
        local = datetime(int(found["year"]), month, int(found["day"] or found["us_day"]), hour, int(found["minute"]))  # noqa: DTZ001  (the machine's)
        return local.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def read_canvas(path: Path, column: int | None = None, title: str = "") -> Sheet:
    """Read Canvas's gradebook.

    `column` is the assignment's number, as its column has it in parentheses; if None, the one that is called `title`, or the only
    one.

    Raises
    ------
    UsageError
        If it is none, or has no such assignment.
    """
    table = _table(path)
    head = [name.strip() for name in table.row(0)]
    identity = _identity(path, head)
    place, called = _assignment(path, head, column, title)
    return _canvas(table, head, identity, place, called)


def read_people(path: Path, platform: str) -> Sheet:
    """Read a sheet for the sake of the people in it alone, whatever assignment it is of.

    Raises
    ------
    UsageError
        If it is none of the platform's.
    """
    if platform == MOODLE:
        return read_moodle(path)
    table = _table(path)
    head = [name.strip() for name in table.row(0)]
    identity = _identity(path, head)
    return _canvas(table, head, identity, identity, "")


def _identity(path: Path, head: Sequence[str]) -> int:
    """Return the column of Canvas's number, which comes after that, or those, of the name."""
    if len(head) > 3 and "Student" in head[0] and "ID" in head[1]:
        return 1
    if len(head) > 4 and "LastName" in head[0] and "FirstName" in head[1] and "ID" in head[2]:
        return 2
    raise UsageError(
        f"{path} is no gradebook of Canvas's: it does not begin with the columns Student and ID. Export it again from Grades."
    )


def _canvas(table: CsvTable, head: Sequence[str], identity: int, place: int, called: str) -> Sheet:
    logins = [at for at, name in enumerate(head) if name in {"SIS User ID", "SIS Login ID"}]
    most: Decimal | None = None
    rows = []
    for line in range(1, len(table)):
        values = [value.strip() for value in table.row(line)]
        if len(values) <= place or all(MANUAL.fullmatch(value) for value in values):
            continue
        if POSSIBLE in values[0] and not values[identity]:  # somebody may be called so
            most = number(values[place])
            if "read only" in values[place]:
                raise UsageError(f"{table.path}: Canvas takes no marks for '{called}': (read only) stands under it.")
            continue
        user = values[identity]
        person = Person(
            number=user,
            # A name that begins with an equals sign is written by Canvas as a formula that gives it.
            name=", ".join(re.sub(r'^="(.*)"$', r"\1", value) for value in values[:identity]),
            ids=frozenset(values[at].casefold() for at in logins if values[at]),
            lms_id=user,
        )
        kept = {EXCUSED: "excused", UNASSIGNED: "not assigned, or anonymous still"}.get(values[place].upper(), "")
        rows.append(SheetRow(line, person, values[place], most, kept=kept))
    return Sheet(CANVAS, table, place, tuple(rows), 2, title=called)


def _assignment(path: Path, head: Sequence[str], column: int | None, title: str) -> tuple[int, str]:
    """Return the column of the assignment and its title."""
    found = [
        (place, name["title"], int(name["number"]))
        for place, name in enumerate(map(ASSIGNMENT.fullmatch, head))
        if name and place > 1 and not TOTALS.search(head[place])
    ]
    fitting = [one for one in found if one[2] == column] if column is not None else found
    if len(fitting) > 1:
        fitting = [one for one in found if one[1].strip().casefold() == title.casefold()]
    if len(fitting) != 1:
        there = ", ".join(f"{number} ({name})" for _, name, number in found) or "none"
        raise UsageError(f"Which assignment of {path}? Name its number with --column; there are: {there}.")
    return fitting[0][0], fitting[0][1]


def _table(path: Path) -> CsvTable:
    """Read a file as a table, with the delimiter that its first line has most of."""
    try:
        content = path.read_bytes() if path.stat().st_size <= MOST_BYTES else b""
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    if not content.strip():
        raise UsageError(f"{path} is empty, or larger than {MOST_BYTES // 1_000_000} MB.")
    try:
        text, encoding = content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = content.decode("latin-1"), "latin-1"  # of which every byte is a character
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    delimiter = max(DELIMITERS, key=lambda one: len(re.sub(r'"[^"]*"', "", first).split(one)))
    return CsvTable.of(path, delimiter, text, encoding)
