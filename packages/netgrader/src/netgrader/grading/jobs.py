"""Split a submission into jobs: each notebook, identified by its ids, or why it cannot be graded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from graphread.text import Said, Text
from netgrader.errors import UsageError
from netgrader.grading.folders import bring_up
from netgrader.grading.restore import identify
from netgrader.grading.submission import (
    UnreadableError,
    find_notebooks,
    name_of,
    read_notebook,
    stem_of,
)
from netgrader.limited import together

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netgrader.course import Assignment, Course

__all__ = ["Job", "find_jobs", "job_of", "jobs_in", "jobs_of"]

SUFFIX = ".ipynb"
ARCHIVES = "*.[zZ][iI][pP]"
MOST_FILES = 50
SAME_NOTEBOOK = Text("{other} is the same notebook; {graded} was graded.")
NONE_OF_OURS = Text("This is not one of the course's notebooks ({known}): it has none of their cells.")
HOLDS_ANOTHER = Text("The file {name} holds the notebook {notebook}.")
NOT_HANDED_IN = Text("{name} was not handed in.")
RENAMED = Text("The file is called {file}; by its cells it is {notebook}.")


@dataclass(frozen=True)
class Job:
    """One notebook to grade."""

    assignment: Assignment
    notebook: str
    """The name of the course's notebook that it is."""
    path: Path
    """The submitted file; it does not exist if the submission has none of that name."""
    problem: Said | None = None
    """Why it cannot be graded at all; None if it can."""
    notes: tuple[Said, ...] = ()
    """Notes about the file."""
    student: str = ""
    """The student's id; empty for a notebook graded by itself."""


def find_jobs(path: Path, course: Course) -> tuple[Job, ...]:
    """Return jobs for the notebooks at `path`, identified by their cell ids, since files get renamed.

    Raises
    ------
    UsageError
        If there are no notebooks.
    """
    if not path.exists():
        raise UsageError(f"There is no file or folder {path}.")
    assignments = course.own_assignments
    if not assignments:
        raise UsageError(f"No assignment in {course.root} has checks of ours, so there is nothing to grade {path} by.")
    if path.is_dir():
        jobs = _of_folder(path, assignments)
        if not jobs:
            raise UsageError(
                f"There are no notebooks ({SUFFIX}) in the folder {path} itself. Name the folder that holds them, or type "
                "netgrader autograde ASSIGNMENT for a class."
            )
        return jobs
    if path.suffix.lower() != SUFFIX:
        raise UsageError(f"{path} is not a notebook ({SUFFIX}) and not a folder.")
    return (_job(path, assignments),)


def jobs_in(folder: Path, assignment: Assignment) -> tuple[Job, ...]:
    """Return jobs for the notebooks in a submission's folder for `assignment`; empty if it has none.

    If all notebooks are in subfolders, they are copied up first.

    Raises
    ------
    UnreadableError
        If there are no notebooks, but an archive.
    """
    if not folder.is_dir():
        return ()
    with together():
        if not find_notebooks(folder):
            bring_up(folder)
        jobs = _of_folder(folder, [assignment])
        archives = sorted(folder.glob(ARCHIVES))
        if archives and not jobs:
            raise UnreadableError(
                Text(
                    "{archive} is an archive. Unpack it and hand in the notebooks in it.", archive=name_of(archives[0])
                )
            )
        return jobs


def jobs_of(assignment: Assignment, student: str) -> tuple[Job, ...]:
    """Return jobs for the notebooks that a student submitted for `assignment`."""
    jobs = jobs_in(assignment.course.folder("submitted", student, assignment.name), assignment)
    return tuple(replace(job, student=student) for job in jobs)


def job_of(assignment: Assignment, student: str, notebook: str, jobs: Sequence[Job]) -> Job:
    """Return the job of a notebook among `jobs`; one with a problem if no file is this notebook."""
    path = assignment.course.folder("submitted", student, assignment.name) / f"{notebook}{SUFFIX}"
    in_its_place = {job.path: HOLDS_ANOTHER.format(name=path.name, notebook=job.notebook) for job in jobs}
    problem = in_its_place.get(path, NOT_HANDED_IN.format(name=path.name))
    return next((job for job in jobs if job.notebook == notebook), Job(assignment, notebook, path, problem))


def _of_folder(folder: Path, assignments: Sequence[Assignment]) -> tuple[Job, ...]:
    """Return a job for each notebook in `folder`; of several copies of a notebook, one is graded."""
    paths = find_notebooks(folder)
    if len(paths) > MOST_FILES:
        raise UnreadableError(
            Text("There are {count:,} notebooks in one submission. Hand in only your own.", count=len(paths))
        )
    chosen: dict[tuple[str, str], Job] = {}
    for job in sorted((_job(path, assignments) for path in paths), key=_preference):
        kept = chosen.setdefault((job.assignment.name, job.notebook), job)
        if kept is not job:
            note = SAME_NOTEBOOK.format(other=name_of(job.path), graded=name_of(kept.path))
            chosen[job.assignment.name, job.notebook] = replace(kept, notes=(*kept.notes, note))
    return tuple(chosen[key] for key in sorted(chosen))


def _preference(job: Job) -> tuple[bool, bool, float]:
    """Return a sort key for copies: readable first, then with the right name, then newest."""
    return (job.problem is not None, job.path.stem != job.notebook, -job.path.stat().st_mtime)


def _named(path: Path, assignments: Sequence[Assignment]) -> Assignment:
    """Return the assignment that has a notebook of this name, else the first one."""
    return next((one for one in assignments if path.stem in one.notebooks), assignments[0])


def _job(path: Path, assignments: Sequence[Assignment]) -> Job:
    """Return the job of the notebook at `path`, identified by its cell ids, else by its name."""
    named = _named(path, assignments)
    try:
        submitted = read_notebook(path)
    except UnreadableError as error:
        return Job(named, stem_of(path), path, error.said)
    skeletons = [(one, one.skeleton(name)) for one in assignments for name in one.notebooks]
    found = identify(submitted, [skeleton for _, skeleton in skeletons], path.stem)
    if found is None:
        known = ", ".join(skeleton.notebook for _, skeleton in skeletons)
        return Job(named, stem_of(path), path, NONE_OF_OURS.format(known=known))
    assignment = next(one for one, skeleton in skeletons if skeleton is found)
    renamed = RENAMED.format(file=name_of(path), notebook=found.notebook + SUFFIX)
    return Job(assignment, found.notebook, path, None, () if path.stem == found.notebook else (renamed,))
