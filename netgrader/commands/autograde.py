"""``netgrader autograde``: a class on all cores, then into nbgrader's gradebook by nbgrader's own converter."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from netgrader.commands.progress import Progress
from netgrader.commands.show import class_table, console, require_known, trouble_lines, uncaged_warning, ungraded
from netgrader.course import Assignment, find_course
from netgrader.errors import NetgraderError, UsageError
from netgrader.grading.cluster import fill_on_cluster
from netgrader.grading.grade import jobs_of
from netgrader.grading.kept import kept, kept_path
from netgrader.grading.pool import fill
from netgrader.grading.stages import Options
from netgrader.grading.store import Store
from netgrader.grading.tasks import Done, Task, longest_first
from netgrader.nbgrader_plugin.converters import GradebookError, autograde_one
from netgrader.nbgrader_plugin.gradebook import is_up_to_date, require_writable, sync_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

__all__ = ["grade_class", "run"]

UNGRADABLE = "ungradable"


def run(
    name: str,
    students: Sequence[str],
    *,
    workers: int | None,
    sandbox: str,
    force: bool,
    scheduler: str | None = None,
    only: str | None = None,
) -> int:
    """Grade the class, or some students of it; the exit code."""
    if only not in {None, UNGRADABLE}:
        raise UsageError(f"--only takes '{UNGRADABLE}', not '{only}'.")
    if scheduler is not None and workers is not None:
        raise UsageError("--workers is about this machine and --scheduler about others; give one of them.")
    assignment = find_course().assignment(name)
    out = console()
    uncaged_warning(out, sandbox)
    if only:
        students = [student for student in _students(assignment, students) if _not_in_full(assignment, student)]
        if not students:
            out.print("Everything that was graded was graded in full.")
            return 0
    options = Options(sandbox=sandbox, anew=bool(only))
    return grade_class(assignment, students, options, out, workers=workers, scheduler=scheduler, force=force)


def grade_class(
    assignment: Assignment,
    students: Sequence[str],
    options: Options,
    out: Console,
    *,
    workers: int | None,
    force: bool,
    scheduler: str | None = None,
    before_table: Callable[[], None] = lambda: None,
) -> int:
    """Grade `students` of `assignment` (all if none are named), save their marks, print the table; the exit code.

    `before_table` is called when the marks are saved: what it prints stands above the table, which ends the output.
    """
    begun = time.monotonic()
    chosen = _students(assignment, students)
    require_writable(assignment.course.db_url)
    with _alone(assignment):
        Store(assignment.course.scratch / "store").clean()
        tasks, unread = _tasks(assignment, chosen)
        sync_cells(assignment, {task.job.notebook for task in tasks})
        done = _fill(tasks, options, out, workers=workers or os.cpu_count() or 1, scheduler=scheduler)
        saved = [student for student in chosen if student not in unread]
        failed = unread | _save(assignment, saved, done, force=force)
    seconds = time.monotonic() - begun
    before_table()
    rows = [(one.task.student, one.result, one.error) for one in sorted(done, key=_order)]
    named = {(student, error) for student, _, error in rows if error}
    rows += [(student, None, error) for student, error in failed.items() if (student, error) not in named]
    class_table(out, rows)
    trouble_lines(out, ((f"{one.task.student} {one.task.job.notebook}", one.trouble) for one in done))
    results = [one.result for one in done if one.result is not None]
    bad = ungraded(results) or bool(failed)
    now = sum(bool(one.made) for one in done)
    partly = sum(ungraded([result]) for result in results) + len(failed)
    out.print(
        f"{len(chosen)} students, {len(results)} notebooks in {seconds:.0f} s; "
        f"{now} graded now, {len(results) - now} unchanged; {partly} not in full."
    )
    return 1 if bad else 0


def _not_in_full(assignment: Assignment, student: str) -> bool:
    """Whether the last result of one of the student's notebooks is missing or not in full."""
    tasks, unread = _tasks(assignment, [student])
    before = [kept(kept_path(assignment, student, task.job.notebook)) for task in tasks]
    return bool(unread) or any(one is None or ungraded([one.result]) for one in before)


def _tasks(assignment: Assignment, students: Sequence[str]) -> tuple[list[Task], dict[str, str]]:
    """What `students` handed in, and a sentence for each whose submission cannot be read."""
    tasks: list[Task] = []
    unread: dict[str, str] = {}
    for student in students:
        try:
            tasks += [Task(student, job) for job in jobs_of(assignment, student)]
        except NetgraderError as error:
            unread[student] = str(error)
        except OSError as error:
            unread[student] = (
                f"{error.filename} cannot be read ({error.strerror}), so it was not graded. Make it readable for the "
                "user who grades, and call again."
            )
    return tasks, unread


def _order(done: Done) -> tuple[str, str]:
    return done.task.student, done.task.job.notebook


def _students(assignment: Assignment, asked: Sequence[str]) -> list[str]:
    for student in asked:
        if "/" in student or "\\" in student or student in {"", ".", ".."}:
            raise UsageError(f"'{student}' cannot be a student's id: it names a folder, so it has no slash in it.")
    there = list(assignment.course.submitted(assignment.name))
    if not there:
        folder = assignment.course.folder("submitted", "STUDENT", assignment.name)
        raise UsageError(f"Nobody has handed in '{assignment.name}' yet: there is no folder like {folder}.")
    require_known(asked, there, assignment.name)
    return sorted(set(asked)) if asked else there


def _fill(tasks: Sequence[Task], options: Options, out: Console, *, workers: int, scheduler: str | None) -> list[Done]:
    tasks = longest_first(tasks)
    with Progress(out, tasks) as progress:
        try:
            if scheduler is not None:
                return fill_on_cluster(tasks, options, address=scheduler, watcher=progress)
            return fill(tasks, options, workers=workers, watcher=progress)
        except KeyboardInterrupt as error:
            raise NetgraderError("Stopped. What was graded is kept; call again to go on.") from error


def _save(assignment: Assignment, students: Sequence[str], done: Sequence[Done], *, force: bool) -> dict[str, str]:
    """Save marks student by student; the sentences of those for whom it failed."""
    failed: dict[str, str] = {}
    for student in students:
        own = [one for one in done if one.task.student == student]
        errors = [one.error for one in own if one.error]
        if errors or not own:
            failed[student] = errors[0] if errors else "No notebook was handed in."
            continue
        if not force and is_up_to_date(assignment, student, {one.task.job.notebook: one.digest for one in own}):
            continue
        try:
            autograde_one(assignment.course, assignment.name, student)
        except GradebookError:
            raise
        except NetgraderError as error:
            failed[student] = str(error)
    return failed


@contextmanager
def _alone(assignment: Assignment) -> Iterator[None]:
    """Keep two commands from grading one course at once."""
    scratch = assignment.course.scratch
    scratch.mkdir(parents=True, exist_ok=True)
    with (scratch / "grading.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NetgraderError(
                f"Another netgrader is grading the course in {assignment.course.root}. Wait for it, or stop it."
            ) from error
        yield
