"""Groups of students who hand in as one, by the course's file ``groups.toml``: members of each, and who each is counted as."""

from __future__ import annotations

import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from netgrader.errors import UsageError
from netgrader.files import decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgrader.course import Assignment

__all__ = ["FILE", "counted_as", "groups_of"]

FILE = "groups.toml"
Student = Annotated[str, Meta(pattern=r"^(?!\.{1,2}$)[^/]+$")]
"""The name of a folder."""


def groups_of(assignment: Assignment) -> Mapping[str, Sequence[str]]:
    """Return the members of each group of an assignment; none without the file.

    Raises
    ------
    UsageError
        If the file does not say lists of students, or somebody is in two groups.
    """
    file = assignment.course.root / FILE
    if not file.is_file():
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get(assignment.name, {})
        groups = decode(dict[str, list[Student]], table)
    except ValueError as error:
        sentence = f'{file} must have a table such as [{assignment.name}] with team1 = ["ada", "bela"].'
        raise UsageError(sentence) from error
    members = Counter(student for group in groups.values() for student in group)
    twice = sorted(student for student, times in members.items() if times > 1)
    if twice:
        raise UsageError(f"{file} has {', '.join(twice)} in more than one group of {assignment.name}.")
    return groups


def counted_as(assignment: Assignment, student: str) -> str:
    """Return the name of the account of a student's hand-ins: one for all members of a group."""
    groups = groups_of(assignment)
    return next((f"group {name.replace('/', '_')}" for name, members in groups.items() if student in members), student)
