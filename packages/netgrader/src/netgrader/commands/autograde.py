"""``netgrader autograde``: grade a class on all cores, saving to nbgrader's gradebook along the way."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from graphread.text import Plural, plain
from netgrader.commands.progress import Journal, Progress
from netgrader.commands.saving import Saver, Unsaved
from netgrader.commands.show import (
    changes_table,
    class_table,
    console,
    require_known,
    trouble_lines,
    uncaged_warning,
    ungraded,
)
from netgrader.errors import NetgraderError, UsageError
from netgrader.grading.budget import drop_replaced
from netgrader.grading.graded_notebook import load_last_result
from netgrader.grading.jobs import jobs_of
from netgrader.grading.pool import DaskPool, Done, ProcessPool, Task, grade_tasks, longest_first
from netgrader.grading.result_store import open_store
from netgrader.grading.severities import severities_of
from netgrader.grading.stages import Options
from netgrader.grading.trial_run import lost_by_solutions
from netgrader.nbgrader_plugin.configure import require_configured
from netgrader.nbgrader_plugin.deadlines import deadlines_of
from netgrader.nbgrader_plugin.gradebook import (
    not_on_roster,
    opened,
    require_writable,
    sync_cells,
)
from netgrader.pages.graded import marks_of
from netgrader.which_course import find_course

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import Console

    from netgrader.course import Assignment
    from netgrader.grading.pool import Watcher

__all__ = ["grade_class", "run", "tasks_of"]

STUDENTS = Plural("1 student", "{number} students")
NOTEBOOKS = Plural("1 notebook", "{number} notebooks")


def run(
    name: str,
    students: Sequence[str],
    *,
    workers: int | None,
    sandbox: str,
    scheduler: str | None = None,
    only: str | None = None,
    dry_run: bool = False,
) -> int:
    """Grade the class, or some students of it; return the exit code."""
    if scheduler is not None and workers is not None:
        raise UsageError("--workers is about this machine and --scheduler about others; give one of them.")
    assignment = find_course().own_assignment(name, "nbgrader autograde")
    out = console()
    uncaged_warning(out, sandbox)
    chosen = students_of(assignment, students)
    if only:
        chosen = [student for student in chosen if not_in_full(assignment, student)]
        if not chosen:
            out.print("Everything that was graded was graded in full.")
            return 0
    options = Options(sandbox=sandbox, anew=bool(only))
    return grade_class(
        assignment,
        chosen,
        options,
        out,
        workers=workers,
        scheduler=scheduler,
        dry_run=dry_run,
    )


def grade_class(
    assignment: Assignment,
    students: Sequence[str],
    options: Options,
    out: Console,
    *,
    workers: int | None,
    scheduler: str | None = None,
    before_table: Callable[[], None] = lambda: None,
    dry_run: bool = False,
) -> int:
    """Grade `students` of `assignment` (all if empty), save points, print the table; return the exit code.

    `before_table` is called once the points are saved; its output precedes the table, which comes last. A dry run saves
    nothing and prints what it would change.
    """
    begun = time.monotonic()
    chosen = students_of(assignment, students)
    require_configured(assignment.course)
    severities_of(assignment)  # an error in it is reported once, before anything runs
    require_writable(assignment.course.db_url)
    with _alone(assignment):
        store = open_store(assignment.course)
        store.clean()
        drop_replaced(assignment.course, store)
        tasks, unread = tasks_of(assignment, chosen)
        notebooks = {task.job.notebook for task in tasks}
        for lost in lost_by_solutions(assignment, notebooks, Options(sandbox=options.sandbox)):
            out.print(lost)
        if dry_run:
            done = _graded(assignment, tasks, options, out, workers=workers, scheduler=scheduler, saver=Unsaved())
            with opened(assignment.course) as gradebook:
                given = marks_of(gradebook, assignment.name)
            changes_table(out, done, given)
            _trouble(out, done)
            return 0
        sync_cells(assignment, notebooks)
        deadlines_of(assignment)  # as above
        with opened(assignment.course) as gradebook:
            strangers = not_on_roster(gradebook, chosen)
        saver = Saver(assignment, tasks, options)
        done = _graded(assignment, tasks, options, out, workers=workers, scheduler=scheduler, saver=saver)
        failed = {**unread, **saver.failed}
    before_table()
    partly = _summary(out, chosen, done, failed, time.monotonic() - begun)
    if strangers:
        out.print(f"Graded, but not among the gradebook's students until now: {', '.join(strangers)}.")
    for message in saver.penalties:
        out.print(message)
    for student in saver.late:
        out.print(f"{student} handed in while grading ran: what is newest is graded next time.")
    return int(partly > 0)


def students_of(assignment: Assignment, asked: Sequence[str]) -> list[str]:
    """Return the students with a submission, or those of them in `asked`.

    Raises
    ------
    UsageError
        If there are none, or a student in `asked` has none.
    """
    there = list(assignment.course.submitted(assignment.name))
    if not there:
        folder = assignment.course.folder("submitted", "STUDENT", assignment.name)
        raise UsageError(f"Nobody has handed in '{assignment.name}' yet: there is no folder like {folder}.")
    require_known(asked, there, assignment.name)
    return sorted(set(asked)) if asked else there


def tasks_of(assignment: Assignment, students: Iterable[str]) -> tuple[list[Task], dict[str, str]]:
    """Return the submissions of `students`, and a sentence for each that is unreadable or empty."""
    tasks: list[Task] = []
    unread: dict[str, str] = {}
    for student in students:
        try:
            own = [Task(student, job) for job in jobs_of(assignment, student)]
        except NetgraderError as error:
            unread[student] = str(error)
        except OSError as error:
            unread[student] = plain(
                f"{error.filename} cannot be read ({error.strerror}), so it was not graded. Make it readable for the "
                "user who grades, and call again."
            )
        else:
            tasks += own
            if not own:
                unread[student] = "No notebook was handed in."
    return tasks, unread


def not_in_full(assignment: Assignment, student: str) -> bool:
    """Whether the last result of one of the student's notebooks is missing or not in full."""
    tasks, unread = tasks_of(assignment, [student])
    before = [load_last_result(assignment, student, task.job.notebook) for task in tasks]
    return bool(unread) or any(one is None or ungraded([one.result]) for one in before)


def _graded(
    assignment: Assignment,
    tasks: Sequence[Task],
    options: Options,
    out: Console,
    *,
    workers: int | None,
    scheduler: str | None,
    saver: Saver | Unsaved,
) -> list[Done]:
    """Grade `tasks` and return their results, once `saver` has saved them.

    Raises
    ------
    NetgraderError
        If the user stopped it; the message says how to continue.
    """
    tasks, workers = longest_first(tasks), workers or os.cpu_count() or 1
    how = f"on the cluster {scheduler}" if scheduler else f"with {workers} workers"
    journal = Journal(assignment, tasks, how)
    ended = "failed"
    try:
        with Progress(out, tasks) as progress:
            watchers: list[Watcher] = [progress, journal, saver]
            done: list[Done] = []
            if tasks:
                pool = DaskPool(scheduler, assignment.course) if scheduler else ProcessPool(workers)
                done = grade_tasks(tasks, options, pool, watchers)
            saver.finish()
        ended = "finished"
    except KeyboardInterrupt as error:
        ended = "stopped"
        raise NetgraderError(
            f"Stopped. What was graded is kept; call again to go on: netgrader autograde {assignment.name}"
        ) from error
    finally:
        saver.stop()
        journal.close(ended)
    return done


def _summary(
    out: Console,
    chosen: Sequence[str],
    done: Sequence[Done],
    failed: dict[str, str],
    seconds: float,
) -> int:
    """Print the class as a table, with problems and counts; return the number not graded in full."""
    order = sorted(done, key=lambda one: (one.task.student, one.task.job.notebook))
    rows = [
        (one.task.student, one.result.rendered(one.task.job.assignment.texts.in_english), None)
        for one in order
        if one.result is not None
    ]
    class_table(out, [*rows, *((student, None, error) for student, error in failed.items())])
    _trouble(out, done)
    results = [one.result for one in done if one.result is not None]
    now = sum(bool(one.made) for one in done)
    unchanged = sum(bool(result.seconds) for result in results) - now  # an unreadable notebook was never run
    partly = sum(ungraded([result]) for result in results) + len(failed)
    out.print(
        f"{STUDENTS.of(len(chosen))}, {NOTEBOOKS.of(len(results))} in {seconds:.0f} s; "
        f"{now} graded now, {unchanged} unchanged; {partly} not in full."
    )
    return partly


def _trouble(out: Console, done: Sequence[Done]) -> None:
    trouble_lines(out, ((f"{one.task.student} {one.task.job.notebook}", one.trouble) for one in done))
    for one in done:
        for warning in one.warnings:
            out.print(f"{one.task.student} {one.task.job.notebook}: {warning}")


@contextmanager
def _alone(assignment: Assignment) -> Iterator[None]:
    """Keep two commands from grading one course at once; raise NetgraderError if another one runs."""
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
