"""Who is who: people as a platform names them, and the students of nbgrader's gradebook, told by what both know."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003  (what is read within limits is decoded by what its fields say)
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from netgrader.files import decode, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = [
    "CANVAS",
    "MOODLE",
    "Collected",
    "Member",
    "Person",
    "enter_student",
    "match",
    "name_key",
    "notes_on",
    "numbers_of",
    "read_collected",
    "roster_of",
    "same_name",
    "write_collected",
]

T = TypeVar("T")
MOODLE, CANVAS = "Moodle", "Canvas"
LONGEST = 120  # characters of a name, and bytes of an id: file systems count these
# What Moodle calls everybody while marking is blind, in English and German.
NAMELESS = frozenset({"participant", "teilnehmerin"})
FORMULA = " =+-@\uff1d\uff0b\uff0d\uff20"  # with what a spreadsheet's formula begins
NOBODY = "nobody in the gradebook is called so"
SEVERAL = "several are called so"


@dataclass(frozen=True)
class Person:
    """Somebody as a platform names them."""

    number: str
    """Moodle: that of the participant, in this assignment alone. Canvas: the user's ID. Empty where there is none."""
    name: str
    ids: frozenset[str] = frozenset()
    """Addresses, user names and student numbers, in lower case."""
    lms_id: str = ""
    """A number that is the same in all of the platform; nbgrader keeps it as ``lms_user_id``."""
    team: str = ""
    late: bool = False
    when: datetime | None = None
    """When it was handed in, in UTC without a zone, as far as the platform says."""


@dataclass(frozen=True)
class Member:
    """A student of the gradebook."""

    student: str
    names: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    email: str = ""
    lms_id: str = ""
    spellings: frozenset[str] = frozenset()
    """Its names word by word, as `_in_words` has them."""


@dataclass(frozen=True)
class Collected:
    """What is kept of who handed in: for whoever has no name on the platform, or shares it."""

    platform: str = ""
    students: dict[str, str] = field(default_factory=dict)
    """Students by their numbers."""
    names: dict[str, str] = field(default_factory=dict)
    """Their names as the platform wrote them, by number."""

    def on(self, platform: str) -> Collected:
        """Return it if it is of `platform`, else one of that platform with nothing in it."""
        return self if self.platform == platform else Collected(platform)


def read_collected(assignment: Assignment) -> Collected:
    """Return what was kept when submissions of `assignment` were collected; nothing if none were."""
    try:
        return decode(Collected, msgspec.json.decode(_file(assignment).read_bytes()))
    except (OSError, ValueError, msgspec.DecodeError):
        return Collected()


def write_collected(assignment: Assignment, collected: Collected) -> None:
    """Keep it."""
    write_json(_file(assignment), collected)


def _file(assignment: Assignment) -> Path:
    return assignment.course.scratch / "collected" / f"{assignment.name}.json"


def name_key(name: str) -> str:
    """Return what two spellings of a name have in common: its letters, accents and digits, in one case.

    Moodle takes punctuation out of the names of folders, and Canvas all that is no letter.
    """
    folded = unicodedata.normalize("NFKD", name.casefold()).casefold()
    plain = re.sub("[\u115f\u1160\u3164\uffa0]", "", folded)  # the fillers of Hangul, letters that nobody sees
    found = "".join(sign for sign in plain if sign.isalnum() or unicodedata.category(sign)[0] == "M")
    return "" if found in NAMELESS else unicodedata.normalize("NFKD", found)


def _in_words(name: str) -> str:
    """Return a name with a blank between the `name_key`s of its words: Ann Aberg is not Anna Berg."""
    return " ".join(filter(None, map(name_key, name.split())))


def same_name(one: str, other: str, platform: str) -> bool:
    """Whether two spellings may be of one name.

    Moodle leaves names out while marking is blind, and its numbers are its own; of Canvas's files a name and a number are
    split where they fit each other.
    """
    keys = {name_key(one), name_key(other)}
    return len(keys) == 1 or (platform == MOODLE and "" in keys)


def roster_of(gradebook: Any) -> list[Member]:
    """Return the gradebook's students, as far as anything is known by which they could be told."""
    return [_member(student) for student in gradebook.students]


def _member(student: Any) -> Member:
    about = (student.first_name, student.last_name, student.email, student.lms_user_id)
    first, last, email, lms_id = (str(value or "") for value in about)
    names = {name_key(first + last), name_key(last + first)} - {""}
    ids = {str(student.id).casefold(), email.casefold()} - {""}
    spellings = frozenset({_in_words(f"{first} {last}"), _in_words(f"{last} {first}")})
    return Member(str(student.id), frozenset(names), frozenset(ids), email.casefold(), lms_id, spellings)


def numbers_of(roster: Iterable[Member], collected: Collected) -> dict[str, str]:
    """Return whose each of a platform's numbers is known to be; that of nobody is empty.

    Canvas's are in the gradebook, Moodle's are of one assignment alone.
    """
    in_gradebook = {member.lms_id: member.student for member in roster if collected.platform == CANVAS}
    return {**in_gradebook, **collected.students, "": ""}


def match(
    people: Sequence[Person], roster: Sequence[Member], collected: Collected
) -> tuple[dict[Person, str], dict[Person, str]]:
    """Return whose student each person is, and for all others why nobody is.

    The first of these that knows a person decides alone: addresses, user names and numbers, which must be one student's;
    what was collected before, by number and name; a name that nobody else has, on either side.
    A name alone never makes a number that is known as one student's another one's.
    """
    known, by_name = _indexed(_ids, roster), _indexed(lambda member: member.names, roster)
    numbers = numbers_of(roster, collected)
    sure = {person: _sure(person, known, collected) for person in people}
    taken = set[str]().union(*sure.values())
    found: dict[Person, str] = {}
    why: dict[Person, str] = {}
    for person, students in sure.items():
        name, owner = name_key(person.name), numbers.get(person.number, "")
        namesakes = {one.student for one in by_name.get(name, ()) if not _contradicts(person, owner, one)} - taken
        fitting = students or namesakes
        if len(fitting) == 1:
            (found[person],) = fitting
        elif students:
            why[person] = f"addresses or numbers are those of {' and '.join(sorted(students))}"
        elif owner:
            why[person] = f"the number is known as that of {owner}, and the name is not"
        else:
            why[person] = SEVERAL if namesakes else NOBODY
    owned = Counter(found.values())
    for person in [one for one, student in found.items() if owned[student] > 1]:
        why[person] = f"somebody else is {found.pop(person)}, too"
    return found, why


def notes_on(found: Mapping[Person, str], roster: Sequence[Member]) -> dict[Person, str]:
    """Return a note for each person whose name on the platform is not plainly that of the student who was found."""
    names = {member.student: member.names | member.spellings for member in roster}
    return {
        person: f"named {person.name!r} there, which is not how the gradebook writes {student}"
        for person, student in found.items()
        if names.get(student) and not ({_in_words(person.name)} <= {"", *names[student]} and _is_plain(person.name))
    }


def _is_plain(name: str) -> bool:
    """Whether a name has no sign that is not seen, and no letter that is another way to write an ordinary one."""
    return name.isprintable() and unicodedata.normalize("NFC", name) == unicodedata.normalize("NFKC", name)


def _indexed(keys: Callable[[T], Iterable[str]], those: Iterable[T]) -> Mapping[str, set[T]]:
    """Return members of a roster, or names, by what `keys` gives of them."""
    found: dict[str, set[T]] = {}
    for one in those:
        for key in keys(one):
            found.setdefault(key, set()).add(one)
    return found


def _sure(person: Person, known: Mapping[str, set[Member]], collected: Collected) -> set[str]:
    """Return whose students those are who are told by more than a name."""
    fitting = {member.student for one in _ids(person) for member in known.get(one, ())}
    before = collected.students.get(person.number, "")
    if not fitting and same_name(collected.names.get(person.number, ""), person.name, collected.platform):
        return {before} - {""}
    return fitting


def _ids(one: Person | Member) -> set[str]:
    return {*one.ids, f"number {one.lms_id}"} - {"number "}


def _contradicts(person: Person, owner: str, member: Member) -> bool:
    """Whether the number's owner is somebody else, or both have an address, and not the same: they only share a name."""
    return owner not in {"", member.student} or (bool(member.email) and any("@" in one for one in person.ids))


def enter_student(gradebook: Any, person: Person) -> str:
    """Enter somebody who is not among the gradebook's students; the new student's id."""
    taken = {str(student.id) for student in gradebook.students}
    address = next((one for one in sorted(person.ids) if "@" in one), "")
    named = person.name if name_key(person.name) else f"participant-{person.number}"
    plain = next(filter(None, map(_as_id, (address, min(person.ids, default=""), person.lms_id, named))), "student")
    ways = (plain, *(f"{plain}-{number}" for number in (_as_id(person.number), *range(2, len(taken) + 3)) if number))
    student = next(way for way in ways if way not in taken)
    first, last = map(_one_field, _first_and_last(person.name, last_first=bool(person.lms_id)))
    about = {
        "first_name": first[:LONGEST],
        "last_name": last[:LONGEST],
        "email": address if address == _one_field(address) else "",
        "lms_user_id": person.lms_id,
    }
    gradebook.update_or_create_student(student, **{key: value or None for key, value in about.items()})
    return student


def _first_and_last(name: str, *, last_first: bool) -> tuple[str, str]:
    """Return somebody's first and last name: the last one is the last word, or is before the last comma, if `last_first`."""
    if last_first and "," in name:
        last, _, first = name.rpartition(",")
    else:
        first, _, last = name.rpartition(" ")
    return first, last


def _one_field(text: str) -> str:
    """Return a text that is one field of a CSV and no formula: nbgrader's export writes it as it is, and quotes nothing."""
    joined = " ".join(re.sub(r"[,;]+", " ", text).replace('"', "'").split())
    return "".join(sign for sign in joined if unicodedata.category(sign)[0] != "C").lstrip(FORMULA).strip()


def _as_id(text: str) -> str:
    """Return a text as an id, which is the name of a folder."""
    plain = unicodedata.normalize("NFKC", text).lower()
    short = re.sub(r"[^\w.@+]+", "-", plain).strip("-.+@").encode("utf-8", "ignore")[:LONGEST]
    return short.decode("utf-8", "ignore").rstrip("-.+@")
