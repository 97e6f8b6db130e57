"""Match a platform's people with the students of nbgrader's gradebook."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003  (what is read within limits is decoded by what its fields say)
from typing import TYPE_CHECKING, Any, TypeVar

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
    """Addresses, user names and student numbers, in lower case, and Moodle's own word for the participant."""
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


def name_key(name: str) -> str:
    """Return what two spellings of a name have in common: its letters, accents and digits, in one case.

    Moodle takes punctuation out of the names of folders, and Canvas all characters other than letters.
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
    """Return whose student each person is, and for all others why nobody is.

    Addresses, user names and numbers that are known decide alone, and must be one student's; without any, a name that nobody
    else has, on either side, and that is nobody's who is known by more.
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
    """Return for each person the students who have one of their addresses, user names and numbers."""
    known = _indexed(_ids, roster)
    return {person: {one.student for key in _ids(person) for one in known.get(key, ())} for person in people}


def _fitting(sure: Mapping[Person, set[str]], roster: Iterable[Member]) -> dict[Person, set[str]]:
    """Return for each person the students who are `sure`; without any, those of the name who are nobody's."""
    taken = set[str]().union(*sure.values())
    by_name = _indexed(lambda member: member.names, roster)
    return {person: students or _namesakes(person, by_name) - taken for person, students in sure.items()}


def _namesakes(person: Person, by_name: Mapping[str, Iterable[Member]]) -> set[str]:
    """Return the students of a person's name; two different addresses share only the name."""
    has_address = any("@" in one for one in person.ids)
    called_so = by_name.get(name_key(person.name), ())
    return {member.student for member in called_so if not (member.email and has_address)}


def _why_not(students: Sequence[str], *, sure: bool) -> str:
    """Return why nobody is a person whom these students fit, `sure` ones by more than the name."""
    if not students:
        return NOBODY
    if len(students) == 1:
        return f"somebody else is {students[0]}, too"
    return f"addresses or numbers are those of {' and '.join(students)}" if sure else SEVERAL


def notes_on(found: Mapping[Person, str], roster: Sequence[Member]) -> dict[Person, str]:
    """Return a note for each person whose platform name is not plainly the matched student's."""
    names = {member.student: member.names | member.spellings for member in roster}
    return {
        person: f"named {person.name!r} there, which is not how the gradebook writes {student}"
        for person, student in found.items()
        if names.get(student) and not ({_in_words(person.name)} <= {"", *names[student]} and _is_plain(person.name))
    }


def _is_plain(name: str) -> bool:
    """Whether a name has only visible characters, in their ordinary forms."""
    return name.isprintable() and unicodedata.normalize("NFC", name) == unicodedata.normalize("NFKC", name)


def _indexed(keys: Callable[[T], Iterable[str]], those: Iterable[T]) -> Mapping[str, set[T]]:
    """Return members of a roster, or names, by what `keys` gives of them."""
    found: dict[str, set[T]] = {}
    for one in those:
        for key in keys(one):
            found.setdefault(key, set()).add(one)
    return found


def _ids(one: Person | Member) -> set[str]:
    return {*one.ids, f"number {one.lms_id}"} - {"number "}


def enter_student(gradebook: Any, person: Person) -> str:
    """Enter somebody who is not among the gradebook's students; the new student's id."""
    address = next((one for one in sorted(person.ids) if "@" in one), "")
    taken = {str(student.id) for student in gradebook.students}
    named = min(person.ids, key=lambda one: (one.startswith("participant-"), one), default=person.lms_id)
    student = _new_id(address or named, taken)
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
    """Return a text as an id that nobody has."""
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
    """Return a text as one CSV field, and not a formula: nbgrader's export quotes nothing."""
    joined = " ".join(re.sub(r"[,;]+", " ", text).replace('"', "'").split())
    return "".join(sign for sign in joined if unicodedata.category(sign)[0] != "C").lstrip(FORMULA).strip()


def _as_id(text: str) -> str:
    """Return a text as an id, which is the name of a folder."""
    plain = unicodedata.normalize("NFKC", text).lower()
    short = re.sub(r"[^\w.@+]+", "-", plain).strip("-.+@").encode("utf-8", "ignore")[:LONGEST]
    return short.decode("utf-8", "ignore").rstrip("-.+@")
