"""``netgrader grade-on``: grade inside an autograder's container, and write its results.

Results are written before grading, after each notebook, and at the end: even if we are killed, the file is valid. Messages
for the instructor go to standard output, which students do not see.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable  # noqa: TC003  (a field's type)
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from graphread.text import Said, Text
from netgrader.commands.show import console, notebook_lines, trouble_lines, uncaged_warning
from netgrader.errors import NetgraderError, UsageError
from netgrader.files import write_text
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import Job, job_of, jobs_in
from netgrader.grading.stages import Options
from netgrader.grading.submission import UnreadableError, name_of
from netgrader.pages import safe
from netgrader.which_course import find_course
from netgrader_platforms import autograder_words
from netgrader_platforms.autograders import NotebookStanding, Standing, gradescope, prairielearn, what_is_said
from notebook_cage import strongest_here
from notebook_cage.host import memory_here

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from netgrader.course import Assignment

__all__ = ["PLATFORMS", "notebooks_asked", "run"]


class Needs:
    """Memory requirements of an autograder's container, in bytes."""

    NEEDED_BYTES = 3_000_000_000
    """Memory for running a notebook of the digits course and for the grader."""
    ROUNDED = 0.95
    """Fraction of a container's nominal memory that suffices, since platforms count a GB differently."""
    OWN_BYTES = 800_000_000
    """Memory for this process and the one that runs the checks."""


@dataclass(frozen=True)
class Platform:
    """A platform's folders, time limit and result format."""

    folder: Path
    handed_in: str
    seconds: float
    """Time for the whole submission: a minute less than the platform's maximum."""
    made: Callable[[Standing], dict[str, Any]]
    memory: str
    """Advice if memory is short."""


PLATFORMS: Mapping[str, Platform] = MappingProxyType(
    {
        "gradescope": Platform(
            Path("/autograder"),
            "submission",
            2340.0,
            gradescope,
            "In the assignment's settings choose a container of 3 GB or more, and regrade.",
        ),
        "prairielearn": Platform(
            Path("/grade"),
            "student",
            540.0,
            prairielearn,
            "Its own graders give 2 GB: ask for notebooks that take less, or have your own.",
        ),
    }
)


class _Report:
    """The state of a submission's grading, written to ``results.json`` at each change."""

    def __init__(self, place: Platform) -> None:
        self._place, self._began = place, time.monotonic()
        self.standing = Standing(())

    def write(self, **changed: Any) -> None:
        self.standing = replace(self.standing, seconds=time.monotonic() - self._began, **changed)
        write_text(self._place.folder / "results" / "results.json", json.dumps(self._place.made(self.standing)))

    def answer(self, answer: NotebookStanding) -> None:
        """Replace the state of a notebook, and write the results."""
        known = self.standing.answers
        self.write(answers=tuple(answer if one.notebook == answer.notebook else one for one in known))

    def end(self, *said: Said) -> None:
        """Write the results as final."""
        self.write(notices=(*said, *self.standing.notices), over=True)

    def fail(self) -> None:
        """Write the results as final after our own failure; each notebook without a result has failed."""
        answers = self.standing.answers
        self.standing = replace(
            self.standing, answers=tuple(one if one.result else replace(one, broke=True) for one in answers)
        )
        self.end(autograder_words.GRADING_BROKE)


def run(platform: str, name: str, notebook: str | None, folder: Path | None = None) -> int:
    """Grade the submission in the folder of `platform` for assignment `name`; return the exit code.

    `notebook` restricts grading to one notebook; `folder` replaces the platform's default folder.

    Raises
    ------
    UsageError
        If there is no such platform.
    """
    if platform not in PLATFORMS:
        raise UsageError(f"There is no platform '{platform}'. There is: {', '.join(PLATFORMS)}.")
    place = replace(PLATFORMS[platform], folder=folder or PLATFORMS[platform].folder)
    out = console()
    report = _Report(place)
    report.write()
    # Treat SIGTERM like Ctrl-C, so that runs are stopped and cleaned up. `timeout` sends it before the platform kills us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        assignment = find_course(place.folder / place.handed_in).own_assignment(name, "nbgrader autograde")
        report.standing = replace(report.standing, texts=assignment.texts)
        _grade(out, report, place, assignment, notebook)
    except Exception as error:
        report.fail()
        if not isinstance(error, NetgraderError):
            raise
        out.print(f"Nothing was graded: {error}")
    return int(not report.standing.is_whole)


def _grade(out: Console, report: _Report, place: Platform, assignment: Assignment, notebook: str | None) -> None:
    """Grade all notebooks, or as many as the time allows."""
    try:
        _grade_each(out, report, place, assignment, notebook)
    except KeyboardInterrupt:
        out.print("It took all the time that there is, and was ended.")
        report.end(autograder_words.GRADING_ENDED)
    else:
        report.end()


def _grade_each(out: Console, report: _Report, place: Platform, assignment: Assignment, notebook: str | None) -> None:
    handed_in = place.folder / place.handed_in
    notebooks = notebooks_asked(assignment, notebook)
    report.write(answers=tuple(map(NotebookStanding, notebooks)))
    options = _options(out, place, len(notebooks))
    try:
        jobs = jobs_in(handed_in, assignment)
        said: list[Said] = []
    except UnreadableError as error:
        jobs, said = (), [safe.said(error.said)]
    said += _strangers(jobs, assignment)
    report.write(notices=tuple(said))
    for one in notebooks:
        report.answer(_answer(out, assignment, job_of(assignment, ".", one, jobs), options))


def notebooks_asked(assignment: Assignment, notebook: str | None) -> tuple[str, ...]:
    """Return the only notebook to grade, if one is named; else all of them."""
    return (notebook,) if notebook else assignment.notebooks


def _options(out: Console, place: Platform, notebooks: int) -> Options:
    """Return the grading options for this container, and print what it lacks for the instructor."""
    sandbox, memory = strongest_here(), memory_here()
    uncaged_warning(out, sandbox)
    if memory < Needs.NEEDED_BYTES * Needs.ROUNDED:
        out.print(
            f"This container has {memory / 1e9:.1f} GB of memory, and grading needs {Needs.NEEDED_BYTES / 1e9:.0f} GB: a "
            f"notebook within its limits may be reported to exceed them. {place.memory}",
            soft_wrap=True,
        )
    return Options(
        sandbox=sandbox,
        memory_bytes=max(memory - Needs.OWN_BYTES, Needs.OWN_BYTES),
        notebook_seconds=place.seconds / notebooks,
    )


def _answer(out: Console, assignment: Assignment, job: Job, options: Options) -> NotebookStanding:
    """Grade a notebook; a failure of ours is printed for the instructor and gives no mark."""
    try:
        graded = grade_job(job, options)
        said = what_is_said(assignment, graded)
    except NetgraderError as error:
        out.print(f"{job.notebook} was not graded: {error}", soft_wrap=True)
        return NotebookStanding(job.notebook, broke=True)
    notebook_lines(out, job.notebook, graded.result.rendered(assignment.texts.in_english))
    trouble_lines(out, [(job.notebook, graded.trouble)])
    for one in graded.result.integrity:
        out.print(f"{job.notebook}, {one.cell}: {one.seen}", soft_wrap=True)
    return NotebookStanding(job.notebook, graded.result, said)


def _strangers(jobs: Sequence[Job], assignment: Assignment) -> Iterator[Said]:
    """Yield a sentence for each file that is not one of the assignment's notebooks."""
    for job in jobs:
        if job.notebook not in assignment.notebooks:
            yield Text("{file}: {why}", file=name_of(job.path), why=job.problem or "")
