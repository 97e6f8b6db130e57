"""Count a student's use over all submissions of an assignment: computing time, evidence bytes.

A run has limits of its own (`ExecutionLimits`); here are those of everything that one student hands in. What
a course changes costs a student nothing: what was judged in full is judged again for free.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from graphread.text import Said, Text
from netgrader.errors import NetgraderError
from netgrader.files import decode, write_json
from netgrader.grading.execution import EVIDENCE
from netgrader.grading.result_store import hash_json
from netgrader.grading.stages import RUN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from netgrader.course import Assignment, Course
    from netgrader.grading.jobs import Job
    from netgrader.grading.restore import RestoredNotebook
    from netgrader.grading.result_store import Entry, Store

__all__ = [
    "FOLDER",
    "Account",
    "Budget",
    "NoAccount",
    "Spent",
    "account_of",
    "budget_of",
    "drop_replaced",
]

FOLDER = "spent"
USED_UP = Text(
    "Running your submissions for this assignment has taken {used:.0f} minutes in all, and each student has "
    "{most:.0f}, so this one was not run. Ask your instructor, who can raise student_seconds under [limits] in "
    "exercises.toml."
)
HAND_INS = 3  # as long as all notebooks of an assignment may take, so often: an ordinary hand-in takes a tenth of that


@dataclass(frozen=True)
class Budget:
    """What one student may use for an assignment."""

    seconds: float
    """Wall time of runs and verdicts, of all hand-ins together."""
    evidence_bytes: int
    """Evidence of the latest hand-in that is kept once there are verdicts."""


@dataclass(frozen=True)
class Spent:
    """What one notebook of a student's has used."""

    content: str = ""
    """Hash of the code that was handed in last."""
    seconds: float = 0.0
    """Of all hand-ins, what a course changed left out."""
    judged: dict[str, bool] = field(default_factory=dict)
    """By the number of a run of it whether it has been judged in full: to do so again is the course's wish."""
    evidence_bytes: int = 0
    """What is kept of its evidence."""
    runs: tuple[str, ...] = ()
    """Its runs in the store."""
    replaced: tuple[str, ...] = ()
    """Runs of earlier hand-ins that may still be there."""


@dataclass(frozen=True)
class Account:
    """Where it is noted what a student's notebook uses."""

    file: Path
    """In the folder of the student and the assignment, one file for each notebook."""
    budget: Budget
    content: str
    """Hash of the code to run."""

    @property
    def spent(self) -> Spent:
        """Return what the notebook has used, what was handed in now being its latest."""
        found = _read(self.file)
        if found.content == self.content:
            return found
        return Spent(self.content, found.seconds, replaced=(*found.replaced, *found.runs))

    @property
    def used(self) -> float:
        """Return the seconds that all notebooks of the student have used."""
        return sum(one.seconds for one in _of_folder(self.file.parent))

    @property
    def refusal(self) -> Said | None:
        """Return why the code is not run: no time is left and it is not fully judged; None if it may run."""
        is_judged = {*self.spent.judged.values()} == {True}
        if is_judged or self.used < self.budget.seconds:
            return None
        return USED_UP.format(used=self.used / 60, most=self.budget.seconds / 60)

    def charge(self, number: int, seconds: float, *, judged: bool) -> None:
        """Note how long the run of a number took with its verdicts, as often as that is cut off."""
        spent = self.spent
        if not spent.judged.get(str(number)):
            used = round(spent.seconds + seconds, 1)
            write_json(self.file, replace(spent, seconds=used, judged={**spent.judged, str(number): judged}))

    def keep(self, store: Store, entries: tuple[Entry, ...]) -> None:
        """Note which runs belong to what was handed in, and keep their evidence if there is room for it."""
        spent, runs = self.spent, tuple(entry.key.digest for entry in entries)
        folders = [entry.content / EVIDENCE for entry in entries]
        others = sum(one.evidence_bytes for one in _of_folder(self.file.parent)) - _read(self.file).evidence_bytes
        if others + sum(map(_size, folders)) > self.budget.evidence_bytes:
            for entry in entries:
                store.trim(entry.key, EVIDENCE)
        size = sum(map(_size, folders))
        write_json(self.file, replace(spent, evidence_bytes=size, runs=runs, replaced=(*spent.replaced, *spent.runs)))


class NoAccount:
    """The account of what is graded for nobody of the class: nothing is noted, and nothing is refused."""

    refusal: Said | None = None

    def charge(self, number: int, seconds: float, *, judged: bool) -> None:
        """Note nothing."""

    def keep(self, store: Store, entries: tuple[Entry, ...]) -> None:
        """Note nothing."""


def account_of(job: Job, notebook: RestoredNotebook, helpers: Mapping[str, str]) -> Account | NoAccount:
    """Return the account of a student's notebook."""
    if not job.student:
        return NoAccount()
    content = hash_json([[cell.source for cell in notebook.code], dict(helpers)])
    file = _folder(job.assignment, job.student) / f"{job.notebook}.json"
    return Account(file, budget_of(job.assignment), content)


def budget_of(assignment: Assignment) -> Budget:
    """Return what a student may use, as ``[limits]`` says it."""
    limits = assignment.exercises_in_grading.limits
    all_of_them = limits.notebook_seconds * len(assignment.notebooks)
    return Budget(limits.student_seconds or HAND_INS * all_of_them, limits.student_evidence_bytes)


def drop_replaced(course: Course, store: Store) -> None:
    """Remove the runs of hand-ins that were replaced, where nobody's latest hand-in is the same."""
    files = {file: _read(file) for file in sorted((course.scratch / FOLDER).glob("*/*/*.json"))}
    needed = {run for one in files.values() for run in one.runs}
    for file, one in files.items():
        if one.replaced:
            for run in {*one.replaced} - needed:
                store.remove(store.content(RUN, run).parent)
            write_json(file, replace(one, replaced=()))


def _folder(assignment: Assignment, student: str) -> Path:
    return assignment.course.scratch / FOLDER / assignment.name / student


def _of_folder(folder: Path) -> list[Spent]:
    return [*map(_read, sorted(folder.glob("*.json")))]


def _read(file: Path) -> Spent:
    """Return what is noted in a file; nothing has been used where there is none yet.

    Raises
    ------
    NetgraderError
        If it is damaged: as an empty account it would give the student the full time again.
    """
    try:
        return decode(Spent, json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Spent()
    except ValueError as error:
        raise NetgraderError(
            f"{file}, which holds the computing time that a student has used, is damaged, so nothing was graded and no mark was "
            "changed. Restore it from a copy, or delete it: then the student has the full time again."
        ) from error


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
