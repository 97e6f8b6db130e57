"""``netgrader autograde``: a class on all cores, into nbgrader's gradebook as it gets done."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from netgrader.commands.changes import changes_of, changes_table
from netgrader.commands.choose import (
    handed_in_since,
    moment,
    not_in_full,
    notebooks_with,
    students_of,
    tasks_of,
)
from netgrader.commands.progress import Progress
from netgrader.commands.saving import Saver
from netgrader.commands.show import class_table, console, trouble_lines, uncaged_warning, ungraded
from netgrader.commands.status import Journal
from netgrader.course import Assignment, find_course
from netgrader.errors import NetgraderError, UsageError
from netgrader.grading.cluster import DaskPool
from netgrader.grading.pool import ProcessPool, grade_tasks
from netgrader.grading.severities import severities_of
from netgrader.grading.stages import Options
from netgrader.grading.store import open_store
from netgrader.grading.tasks import Done, Task, longest_first
from netgrader.nbgrader_plugin.configure import require_configured
from netgrader.nbgrader_plugin.gradebook import has_duedate, marks_by_hand, opened, require_writable, sync_cells
from netgrader.nbgrader_plugin.handing_in import HandedIn, put_right

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

    from netgrader.grading.pool import Watcher
    from netgrader.results import NotebookResult

__all__ = ["grade_class", "run"]

UNGRADABLE = "ungradable"
MOST_NAMED = 10


def run(
    name: str,
    students: Sequence[str],
    *,
    workers: int | None,
    sandbox: str,
    force: bool,
    scheduler: str | None = None,
    only: str | None = None,
    since: str | None = None,
    cell: str | None = None,
    dry_run: bool = False,
) -> int:
    """Grade the class, or some students of it; the exit code."""
    if only not in {None, UNGRADABLE}:
        raise UsageError(f"--only takes '{UNGRADABLE}', not '{only}'.")
    if scheduler is not None and workers is not None:
        raise UsageError("--workers is about this machine and --scheduler about others; give one of them.")
    assignment = find_course().own_assignment(name, "nbgrader autograde")
    out = console()
    uncaged_warning(out, sandbox)
    chosen = students_of(assignment, students)
    if since is not None:
        after = moment(since)
        chosen = [student for student in chosen if handed_in_since(assignment, student, after)]
        if not chosen:
            out.print(f"Nobody has handed in '{name}' since {after:%Y-%m-%d %H:%M}.")
            return 0
    if only:
        chosen = [student for student in chosen if not_in_full(assignment, student)]
        if not chosen:
            out.print("Everything that was graded was graded in full.")
            return 0
    options = Options(sandbox=sandbox, anew=bool(only), cells=(cell,) if cell else ())
    return grade_class(
        assignment,
        chosen,
        options,
        out,
        workers=workers,
        scheduler=scheduler,
        force=force,
        notebooks=notebooks_with(assignment, cell) if cell else None,
        dry_run=dry_run,
    )


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
    notebooks: Sequence[str] | None = None,
    dry_run: bool = False,
) -> int:
    """Grade `students` of `assignment` (all if none are named), save their marks, print the table; the exit code.

    `before_table` is called when the marks are saved: what it prints stands above the table, which ends the output. Of
    `notebooks`, if some are named, no others are graded. A dry run saves nothing and prints what it would change.
    """
    begun = time.monotonic()
    chosen = students_of(assignment, students)
    require_configured(assignment.course)
    severities_of(assignment.course)  # a slip in it is said once, before anything runs
    require_writable(assignment.course.db_url)
    with _alone(assignment):
        open_store(assignment.course).clean()
        tasks, unread = tasks_of(assignment, chosen)
        if notebooks is not None:
            tasks = [task for task in tasks if task.job.notebook in notebooks]
        if dry_run:
            done = _graded(assignment, tasks, options, out, workers=workers, scheduler=scheduler)
            with opened(assignment.course) as gradebook:
                given = marks_by_hand(gradebook, assignment)
            changes_table(out, changes_of(done, given), len({task.student for task in tasks}))
            _trouble(out, done)
            return 0
        sync_cells(assignment, {task.job.notebook for task in tasks})
        times = put_right(assignment, chosen)
        saver = Saver(assignment, tasks, options, force=force)
        done = _graded(assignment, tasks, options, out, workers=workers, scheduler=scheduler, saver=saver)
        failed = {**unread, **saver.failed}
    before_table()
    _summary(out, chosen, done, failed, cells=options.cells, seconds=time.monotonic() - begun)
    for message in (*saver.warnings, *saver.penalties):
        out.print(message, markup=False)
    _times(out, assignment, times)
    for student in saver.late:
        out.print(f"{student} handed in while grading ran: what is newest is graded next time.", markup=False)
    return 1 if ungraded([one.result for one in done if one.result is not None]) or failed else 0


def _graded(
    assignment: Assignment,
    tasks: Sequence[Task],
    options: Options,
    out: Console,
    *,
    workers: int | None,
    scheduler: str | None,
    saver: Saver | None = None,
) -> list[Done]:
    """Grade `tasks`; `saver` is told and waited for.

    Raises
    ------
    NetgraderError
        If it was stopped, with how to go on.
    """
    tasks, workers = longest_first(tasks), workers or os.cpu_count() or 1
    how = f"on the cluster {scheduler}" if scheduler else f"with {workers} workers"
    journal = Journal(assignment, tasks, how)
    ended = "failed"
    try:
        with Progress(out, tasks) as progress:
            watchers: list[Watcher] = [progress, journal, *([saver] if saver else [])]
            done: list[Done] = []
            if tasks:
                pool = DaskPool(scheduler, assignment.course) if scheduler else ProcessPool(workers)
                done = grade_tasks(tasks, options, pool, watchers)
            if saver:
                saver.finish()
        ended = "finished"
    except KeyboardInterrupt as error:
        ended = "stopped"
        raise NetgraderError(
            f"Stopped. What was graded is kept; call again to go on: netgrader autograde {assignment.name}"
        ) from error
    finally:
        if saver:
            saver.stop()
        journal.close(ended)
    return done


def _summary(
    out: Console,
    chosen: Sequence[str],
    done: Sequence[Done],
    failed: dict[str, str],
    *,
    cells: Sequence[str],
    seconds: float,
) -> None:
    """Print the class as a table, what broke, and a line with how many there were."""
    order = sorted(done, key=lambda one: (one.task.student, one.task.job.notebook))
    rows = [(one.task.student, _narrowed(one.result, cells), one.error) for one in order]
    named = {(student, error) for student, _, error in rows if error}
    rows += [(student, None, error) for student, error in failed.items() if (student, error) not in named]
    class_table(out, rows)
    _trouble(out, done)
    results = [one.result for one in done if one.result is not None]
    now = sum(bool(one.made) for one in done)
    partly = sum(ungraded([result]) for result in results) + len(failed)
    out.print(
        f"{len(chosen)} students, {len(results)} notebooks in {seconds:.0f} s; "
        f"{now} graded now, {len(results) - now} unchanged; {partly} not in full."
    )


def _times(out: Console, assignment: Assignment, times: HandedIn) -> None:
    """Say which times of handing in were put right, and which are nobody's word but the student's, if they matter."""
    for warning in times.warnings:
        out.print(warning, markup=False)
    if times.unconfirmed and has_duedate(assignment):
        first = ", ".join(times.unconfirmed[:MOST_NAMED])
        more = f" and {len(times.unconfirmed) - MOST_NAMED} more" if len(times.unconfirmed) > MOST_NAMED else ""
        out.print(
            f"Whether these came late is known from the timestamp.txt beside their notebooks alone, which they may have "
            f"written themselves; the exchange does not have these submissions: {first}{more}.",
            markup=False,
        )


def _narrowed(result: NotebookResult | None, names: Sequence[str]) -> NotebookResult | None:
    """Return a result with the cells called `names` alone; as it is if there are none."""
    if result is None or not names:
        return result
    cells = tuple(cell for cell in result.cells if cell.cell in names)
    codes = {code for cell in cells for check in cell.checks for code in check.faults}
    return replace(
        result,
        cells=cells,
        score=sum(cell.points or 0.0 for cell in cells),
        max_score=sum(cell.max_points for cell in cells),
        faults=tuple(code for code in result.faults if code in codes),
    )


def _trouble(out: Console, done: Sequence[Done]) -> None:
    trouble_lines(out, ((f"{one.task.student} {one.task.job.notebook}", one.trouble) for one in done))
    for one in done:
        for warning in one.warnings:
            out.print(f"{one.task.student} {one.task.job.notebook}: {warning}", markup=False)


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
