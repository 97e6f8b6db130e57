"""Files as Moodle and Canvas write them, after their exporters (mod/assign of moodle/moodle, lib of instructure/canvas-lms)."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

ENGLISH = ("Identifier", "Full name", "Email address", "Status", "Group", "Grade", "Maximum Grade")
ENGLISH_END = ("Grade can be changed", "Last modified (submission)", "Last modified (grade)", "Feedback comments")
GERMAN = ("ID", "Vollständiger Name", "E-Mail-Adresse", "Status", "Gruppe", "Bewertung", "Bestwertung")
GERMAN_END = (
    "Bewertung kann geändert werden",
    "Zuletzt geändert (Abgabe)",
    "Zuletzt geändert (Bewertung)",
    "Feedback als Kommentar",
)
DAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)


@dataclass
class Student:
    """Somebody who is on a platform."""

    id: str
    first: str
    last: str
    number: int
    email: str = ""
    team: str = ""
    late: bool = False
    grade: float | None = None
    graded: datetime | None = None
    locked: bool = False
    handed_in: datetime | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def sortable(self) -> str:
        return f"{self.last}, {self.first}"


def clean_filename(name: str) -> str:
    """What Moodle makes of a name of a file."""
    return re.sub(r"""[\x00-\x1f\x7f]|[&<>"`|':\\/]""", "", name)


def moodle_prefix(student: Student, *, teams: Mapping[str, int] | None = None, blind: bool = False) -> str:
    if teams is not None:
        number = f"_{teams[student.team]}" if student.team in teams else ""
        return clean_filename((student.team if number else "Default group").replace("_", " ") + number)
    name = "Participant" if blind else student.name
    return clean_filename(f"{name.replace('_', ' ')}_{student.number}")


def moodle_zip(
    path: Path,
    students: Iterable[Student],
    *,
    folders: bool = True,
    before_4_1: bool = False,
    teams: Mapping[str, int] | None = None,
    blind: bool = False,
    typed: bool = False,
) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        there = set()
        for student in students:
            prefix = moodle_prefix(student, teams=teams, blind=blind)
            if prefix in there or not student.files:
                continue
            there.add(prefix)
            for file, content in student.files.items():
                end = "_" if before_4_1 else ""
                inner = f"{end}/{file}" if folders else f"_{clean_filename(file.rpartition('/')[2])}"
                out.writestr(f"{prefix}_assignsubmission_file{inner}", content)
            if typed:
                out.writestr(f"{prefix}_assignsubmission_onlinetext/onlinetext.html", "<p>Done.</p>")
    return path


def moodle_sheet(
    path: Path,
    students: Iterable[Student],
    *,
    german: bool = False,
    teams: bool = False,
    blind: bool = False,
    most: float = 10,
    mark: bool = True,
    end: str = "\n",
) -> Path:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end)

    def chosen(row: Iterable[str]) -> list[str]:
        left_out = {*([] if teams else [4]), *([1, 2] if blind else [])}
        return [cell for place, cell in enumerate(row) if place not in left_out]

    writer.writerow(chosen((*(GERMAN if german else ENGLISH), *(GERMAN_END if german else ENGLISH_END))))
    for one in students:
        late = (" - 2 Tage 3 Stunden zu spät" if german else " - 2 days 3 hours late") if one.late else ""
        writer.writerow(
            chosen(
                [
                    f"{'Teilnehmer/in' if german else 'Participant '}{one.number}",
                    one.name,
                    one.email,
                    ("Zur Bewertung abgegeben" if german else "Submitted for grading") + late,
                    one.team or ("Standardgruppe" if german else "Default group"),
                    "" if one.grade is None else moodle_number(one.grade, german),
                    moodle_number(most, german),
                    ("Nein" if german else "No") if one.locked else ("Ja" if german else "Yes"),
                    moodle_date(one.handed_in, german),
                    moodle_date(one.graded, german),
                    "",
                ]
            )
        )
    path.write_bytes((("\ufeff" if mark else "") + text.getvalue()).encode())
    return path


def moodle_number(value: float, german: bool) -> str:
    return f"{value:.2f}".replace(".", "," if german else ".")


def moodle_date(when: datetime | None, german: bool) -> str:
    if when is None:
        return "-"
    if german:
        return f"{DAYS[when.weekday()]}, {when.day}. {MONTHS[when.month - 1]} {when.year}, {when:%H:%M}"
    return f"{when:%A}, {when.day} {when:%B} {when.year}, {when.hour % 12 or 12}:{when:%M} {'AM' if when.hour < 12 else 'PM'}"


def squeezed(name: str) -> str:
    """What Canvas makes of a sortable name in the name of a file."""
    name = re.sub(r"_(\d+)_", r"\1", name).lower()
    return "".join(sign for sign in name if sign == "_" or sign.isalnum() or unicodedata.category(sign)[0] == "M")


class Unflagged(zipfile.ZipInfo):
    """An entry whose name is UTF-8 without the flag that says so, as Ruby's library writes it."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802  (zipfile's)
        return self.filename.encode(), self.flag_bits & ~0x800


def canvas_zip(path: Path, students: Iterable[Student], *, anonymous: bool = False, typed: bool = False) -> Path:
    attachment = 90_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for student in students:
            who = ["anon_aB" + str(student.number)] if anonymous else [str(student.number)]
            prefix = "_".join(
                [*([] if anonymous else [squeezed(student.sortable)]), *(["LATE"] if student.late else []), *who]
            )
            for file, content in student.files.items():
                attachment += 1
                shown = re.sub(r'[\x00/\\:*?"<>|]+', "_", file)
                name = f"{prefix}_{attachment}_{shown}"
                entry = Unflagged(name)
                entry.compress_type = zipfile.ZIP_DEFLATED
                out.writestr(entry, content)
            if typed:
                out.writestr(f"{prefix}_text.html", "<p>Done.</p>")
    return path


def canvas_owner(name: str) -> tuple[int, int]:
    """The user and the attachment that Canvas reads in the name of a feedback file, as `infer_comment_context_from_filename`."""
    user, attachment = [part for part in name.rpartition("/")[2].split("_") if re.fullmatch(r"[0-9]+", part)][:2]
    return int(user), int(attachment)


def canvas_sheet(
    path: Path,
    students: Iterable[Student],
    titles: Mapping[str, int],
    *,
    marks: Mapping[int, str] | None = None,
    delimiter: str = ",",
    mark: bool = True,
    two_names: bool = False,
    most: str = "10.00",
) -> Path:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    names = ["LastName", "FirstName"] if two_names else ["Student"]
    columns = [f"{title} ({number})" for title, number in titles.items()]
    totals = ["Current Score", "Final Score"]
    writer.writerow([*names, "ID", "SIS User ID", "SIS Login ID", "Section", "Notes", *columns, *totals])
    blank = [""] * (len(names) - 1)
    writer.writerow([*blank, "", "", "", "", "", "", *["Manual Posting" for _ in columns], "", ""])
    writer.writerow(
        ["    Points Possible", *blank, "", "", "", "", "", *[most for _ in columns], "(read only)", "(read only)"]
    )
    everybody = [*students, Student("", "Test", "Student", 999_999)]
    for one in everybody:
        name = [one.last, one.first] if two_names else [one.sortable]
        name = [f'="{part}"' if re.match(r"\s*=", part) else part for part in name]
        there = (marks or {}).get(one.number, "")
        writer.writerow(
            [*name, one.number, "", one.email, "Section, the first", "=1+1", *[there for _ in columns], "88.10", "9.00"]
        )
    path.write_bytes((("\ufeff" if mark else "") + text.getvalue()).encode())
    return path
