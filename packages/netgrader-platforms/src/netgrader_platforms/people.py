"""Match people of a platform with students of nbgrader's gradebook."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003  (what is read within limits is decoded by what its fields say)
from typing import TYPE_CHECKING, Any, TypeVar

from graphread.text import without_controls
from netgrader.nbgrader_plugin.gradebook import ids_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

__all__ = [
    "CANVAS",
    "MOODLE",
    "Member",
    "Person",
    "enter_student",
    "match",
    "name_key",
    "notes_on",
    "roster_of",
    "same_name",
]

T = TypeVar("T")
MOODLE, CANVAS = "Moodle", "Canvas"
LONGEST = 120  # characters of a name, and bytes of an id, since file systems limit bytes
# Moodle's name for everybody during anonymous marking, in English and German.
NAMELESS = frozenset({"participant", "teilnehmerin"})
FORMULA = " =+-@\uff1d\uff0b\uff0d\uff20"  # first characters of a spreadsheet formula
NOBODY = "nobody in the gradebook is called so"
SEVERAL = "several are called so"


@dataclass(frozen=True)
class Person:
    """A person as the platform names them."""

    number: str
    """Moodle: participant number within this assignment. Canvas: user id. Empty if unknown."""
    name: str
    ids: frozenset[str] = frozenset()
    """Email addresses, user names and student numbers in lower case, and ``participant-NUMBER`` for Moodle."""
    lms_id: str = ""
    """Platform-wide user id, which nbgrader stores as ``lms_user_id``."""
    team: str = ""
    late: bool = False
    when: datetime | None = None
    """Submission time as naive UTC, if the platform states it."""


@dataclass(frozen=True)
class Member:
    """A student of the gradebook."""

    student: str
    names: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    email: str = ""
    lms_id: str = ""
    spellings: frozenset[str] = frozenset()
    """Names word by word, from `_in_words`."""


def name_key(name: str) -> str:
    """Return a canonical form of a name: its letters, accents and digits, case-folded.

    Moodle removes punctuation from the names of folders, and Canvas removes all characters except letters.
    """
    folded = unicodedata.normalize("NFKD", name.casefold()).casefold()
    plain = re.sub("[\u115f\u1160\u3164\uffa0]", "", folded)  # Hangul fillers, which are invisible letters
    found = "".join(sign for sign in plain if sign.isalnum() or unicodedata.category(sign)[0] == "M")
    return "" if found in NAMELESS else unicodedata.normalize("NFKD", found)


def _in_words(name: str) -> str:
    """Return the `name_key`s of a name's words, joined by spaces: Ann Aberg differs from Anna Berg."""
    return " ".join(filter(None, map(name_key, name.split())))


def same_name(one: str, other: str, platform: str) -> bool:
    """Whether two spellings may denote the same name.

    During anonymous marking, Moodle omits names and its numbers identify people; in Canvas's file names, the split between
    name and number is chosen so that they match.
    """
    keys = {name_key(one), name_key(other)}
    return len(keys) == 1 or (platform == MOODLE and "" in keys)


def roster_of(gradebook: Any) -> list[Member]:
    """Return the gradebook's students, with everything that could identify them."""
    return [_member(student) for student in gradebook.students]


def _member(student: Any) -> Member:
    about = (student.first_name, student.last_name, student.email, student.lms_user_id)
    first, last, email, lms_id = (str(value or "") for value in about)
    names = {name_key(first + last), name_key(last + first)} - {""}
    ids = {str(student.id).casefold(), email.casefold()} - {""}
    spellings = frozenset({_in_words(f"{first} {last}"), _in_words(f"{last} {first}")})
    return Member(str(student.id), frozenset(names), frozenset(ids), email.casefold(), lms_id, spellings)


def match(people: Sequence[Person], roster: Sequence[Member]) -> tuple[dict[Person, str], dict[Person, str]]:
    """Return the student of each matched person, and the reason for each unmatched one.

    Known addresses, user names and numbers take precedence and must all point to one student. Without any, the name must be
    unique on both sides and belong to a student whom nobody else matched by address or number.
    """
    sure = _known_by_more(people, roster)
    fitting = _fitting(sure, roster)
    owned = Counter(student for students in fitting.values() if len(students) == 1 for student in students)
    found: dict[Person, str] = {}
    why: dict[Person, str] = {}
    for person, students in fitting.items():
        if len(students) == 1 and owned[min(students)] == 1:
            found[person] = min(students)
        else:
            why[person] = _why_not(sorted(students), sure=bool(sure[person]))
    return found, why


def _known_by_more(people: Iterable[Person], roster: Iterable[Member]) -> dict[Person, set[str]]:
    """Return, for each person, the students who share an address, user name or number."""
    known = _indexed(_ids, roster)
    return {person: {one.student for key in _ids(person) for one in known.get(key, ())} for person in people}


def _fitting(sure: Mapping[Person, set[str]], roster: Iterable[Member]) -> dict[Person, set[str]]:
    """Return, for each person, the `sure` students; without any, unmatched students of the same name."""
    taken = set[str]().union(*sure.values())
    by_name = _indexed(lambda member: member.names, roster)
    return {person: students or _namesakes(person, by_name) - taken for person, students in sure.items()}


def _namesakes(person: Person, by_name: Mapping[str, Iterable[Member]]) -> set[str]:
    """Return students with the person's name, except those whose different address rules them out."""
    has_address = any("@" in one for one in person.ids)
    called_so = by_name.get(name_key(person.name), ())
    return {member.student for member in called_so if not (member.email and has_address)}


def _why_not(students: Sequence[str], *, sure: bool) -> str:
    """Return why a person is unmatched, given the candidates; `sure` if they match by more than the name."""
    if not students:
        return NOBODY
    if len(students) == 1:
        return f"somebody else is {students[0]}, too"
    return f"addresses or numbers are those of {' and '.join(students)}" if sure else SEVERAL


def notes_on(found: Mapping[Person, str], roster: Sequence[Member]) -> dict[Person, str]:
    """Return a note for each person whose platform name clearly differs from the gradebook's spelling."""
    names = {member.student: member.names | member.spellings for member in roster}
    return {
        person: f"named {person.name!r} there, which is not how the gradebook writes {student}"
        for person, student in found.items()
        if names.get(student) and not ({_in_words(person.name)} <= {"", *names[student]} and _is_plain(person.name))
    }


def _is_plain(name: str) -> bool:
    """Whether a name has only printable characters in their ordinary forms."""
    return name.isprintable() and unicodedata.normalize("NFC", name) == unicodedata.normalize("NFKC", name)


def _indexed(keys: Callable[[T], Iterable[str]], those: Iterable[T]) -> Mapping[str, set[T]]:
    """Return an inverted index of `those`: from each key that `keys` returns to its members."""
    found: dict[str, set[T]] = {}
    for one in those:
        for key in keys(one):
            found.setdefault(key, set()).add(one)
    return found


def _ids(one: Person | Member) -> set[str]:
    return {*one.ids, f"number {one.lms_id}"} - {"number "}


def enter_student(gradebook: Any, person: Person) -> str:
    """Add a person to the gradebook; return the new student id."""
    address = next((one for one in sorted(person.ids) if "@" in one), "")
    named = min(person.ids, key=lambda one: (one.startswith("participant-"), one), default=person.lms_id)
    student = _new_id(address or named, ids_in(gradebook))
    first, last = map(_one_field, _first_and_last(person.name, last_first=bool(person.lms_id)))
    about = {
        "first_name": first[:LONGEST],
        "last_name": last[:LONGEST],
        "email": address if address == _one_field(address) else "",
        "lms_user_id": person.lms_id,
    }
    gradebook.update_or_create_student(student, **{key: value or None for key, value in about.items()})
    return student


def _new_id(text: str, taken: Collection[str]) -> str:
    """Return an unused student id derived from a text."""
    plain = _as_id(text) or "student"
    ways = (plain, *(f"{plain}-{number}" for number in range(2, len(taken) + 3)))
    return next(way for way in ways if way not in taken)


def _first_and_last(name: str, *, last_first: bool) -> tuple[str, str]:
    """Return first and last name: the last word, or the part before the last comma if `last_first`."""
    if last_first and "," in name:
        last, _, first = name.rpartition(",")
    else:
        first, _, last = name.rpartition(" ")
    return first, last


def _one_field(text: str) -> str:
    """Return a text as one CSV field that is not a formula: nbgrader's export quotes nothing."""
    joined = " ".join(re.sub(r"[,;]+", " ", text).replace('"', "'").split())
    return without_controls(joined).lstrip(FORMULA).strip()


def _as_id(text: str) -> str:
    """Return a text as a student id, which is also a folder name."""
    plain = unicodedata.normalize("NFKC", text).lower()
    short = re.sub(r"[^\w.@+]+", "-", plain).strip("-.+@").encode("utf-8", "ignore")[:LONGEST]
    return short.decode("utf-8", "ignore").rstrip("-.+@")
