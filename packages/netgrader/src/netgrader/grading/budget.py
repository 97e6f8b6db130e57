"""Track a student's computing time and evidence bytes across all submissions of an assignment.

Each run has its own limits (`ExecutionLimits`); this module limits a student's total. Changes to the course cost a student
nothing: regrading a run that was judged in full is free.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from graphread.text import Said, Text
from netgrader.errors import NetgraderError
from netgrader.files import decode, folder_size, write_json
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
HAND_INS = 3  # submissions as long as the notebooks' limits allow; an ordinary submission takes a tenth of one


@dataclass(frozen=True)
class Budget:
    """A student's limits for an assignment."""

    seconds: float
    """Wall time in seconds of runs and verdicts of all submissions together."""
    evidence_bytes: int
    """Bytes of evidence of the latest submission that are kept after the verdicts."""


@dataclass(frozen=True)
class Spent:
    """One notebook's recorded use."""

    content: str = ""
    """Hash of the code in the latest submission."""
    seconds: float = 0.0
    """Seconds of all submissions, without regradings after changes to the course."""
    judged: dict[str, bool] = field(default_factory=dict)
    """By run number, whether the run has been judged in full; judging it again is then free."""
    evidence_bytes: int = 0
    """Bytes of its evidence that are kept."""
    runs: tuple[str, ...] = ()
    """Digests of its runs in the store."""
    replaced: tuple[str, ...] = ()
    """Digests of earlier submissions' runs that may still be in the store."""


@dataclass(frozen=True)
class Account:
    """The record of what a student's notebook uses."""

    file: Path
    """One file per notebook, in a folder per student and assignment."""
    budget: Budget
    content: str
    """Hash of the code to run."""

    @property
    def spent(self) -> Spent:
        """The notebook's use, with the current submission as its latest."""
        found = _read(self.file)
        if found.content == self.content:
            return found
        return Spent(self.content, found.seconds, replaced=(*found.replaced, *found.runs))

    @property
    def used(self) -> float:
        """The seconds used by all notebooks of the student."""
        return sum(one.seconds for one in _of_folder(self.file.parent))

    @property
    def refusal(self) -> Said | None:
        """The reason not to run the code (no time is left, and it is not fully judged); None if it may run."""
        is_judged = {*self.spent.judged.values()} == {True}
        if is_judged or self.used < self.budget.seconds:
            return None
        return USED_UP.format(used=self.used / 60, most=self.budget.seconds / 60)

    def charge(self, number: int, seconds: float, *, judged: bool) -> None:
        """Record the seconds of a run with its verdicts, unless it has been judged in full before."""
        spent = self.spent
        if not spent.judged.get(str(number)):
            used = round(spent.seconds + seconds, 1)
            write_json(self.file, replace(spent, seconds=used, judged={**spent.judged, str(number): judged}))

    def keep(self, store: Store, entries: tuple[Entry, ...]) -> None:
        """Record the runs of the submission; remove their evidence if it exceeds the budget."""
        spent, runs = self.spent, tuple(entry.key.digest for entry in entries)
        folders = [entry.content / EVIDENCE for entry in entries]
        others = sum(one.evidence_bytes for one in _of_folder(self.file.parent)) - _read(self.file).evidence_bytes
        if others + sum(map(folder_size, folders)) > self.budget.evidence_bytes:
            for entry in entries:
                store.trim(entry.key, EVIDENCE)
        size = sum(map(folder_size, folders))
        write_json(self.file, replace(spent, evidence_bytes=size, runs=runs, replaced=(*spent.replaced, *spent.runs)))


class NoAccount:
    """The account of a notebook that no student submitted: records and refuses nothing."""

    refusal: Said | None = None

    def charge(self, number: int, seconds: float, *, judged: bool) -> None:
        """Record nothing."""

    def keep(self, store: Store, entries: tuple[Entry, ...]) -> None:
        """Record nothing."""


def account_of(job: Job, notebook: RestoredNotebook, helpers: Mapping[str, str]) -> Account | NoAccount:
    """Return the account of a student's notebook."""
    if not job.student:
        return NoAccount()
    content = hash_json([[cell.source for cell in notebook.code], dict(helpers)])
    file = _folder(job.assignment, job.student) / f"{job.notebook}.json"
    return Account(file, budget_of(job.assignment), content)


def budget_of(assignment: Assignment) -> Budget:
    """Return a student's budget from ``[limits]``."""
    limits = assignment.exercises_in_grading.limits
    all_of_them = limits.notebook_seconds * len(assignment.notebooks)
    return Budget(limits.student_seconds or HAND_INS * all_of_them, limits.student_evidence_bytes)


def drop_replaced(course: Course, store: Store) -> None:
    """Remove the runs of replaced submissions, unless a student's latest submission has the same run."""
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
    """Return the recorded use in a file; no use if there is no file.

    Raises
    ------
    NetgraderError
        If the file is damaged: an empty account would restore the student's full time.
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
