"""Grade one submission from files to points: read, restore, execute, verify. `grade` does it all."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphread.text import Said, Text
from netgrader.cell_names import made_with
from netgrader.checks.cell_points import CHARGED, cell_points
from netgrader.files import plain_json
from netgrader.grading.again import best_of_runs, retry_rule_of
from netgrader.grading.budget import account_of
from netgrader.grading.causes import charged_once
from netgrader.grading.graded_notebook import GradedNotebook, with_outputs
from netgrader.grading.integrity import observed
from netgrader.grading.jobs import Job, find_jobs
from netgrader.grading.restore import RestoredNotebook, as_released, restore
from netgrader.grading.result_store import hash_json, open_store
from netgrader.grading.severities import as_the_course_says, severities_of
from netgrader.grading.stages import (
    AS_USUAL,
    RUN,
    Options,
    Ran,
    require_closed,
    require_data,
    require_files,
    run_inputs,
    run_stage,
)
from netgrader.grading.submission import UnreadableError, helper_files, read_notebook
from netgrader.grading.verify_stage import VERDICTS, verdict_inputs, verify_stage
from netgrader.limited import ExceededError, within_limits
from netgrader.releases import as_handed_out
from netgrader.results import (
    CellResult,
    CheckResult,
    NotebookResult,
    Outcome,
    Status,
    SubmissionResult,
    checks_in,
)
from netgrader.skeleton import Skeleton
from netgrader.which_course import find_course

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgrader.course import Assignment, Course
    from netgrader.grading.budget import Account, NoAccount
    from netgrader.grading.result_store import Store
    from netgrader.grading.verify import Verification
    from netgrader.skeleton import SkeletonCell

__all__ = ["NotPrepared", "Prepared", "grade", "grade_job", "prepare"]

SUFFIX = ".ipynb"
MOST_NOTES = 30
"""The number of notes that a person may read."""
NOT_RESTORED = Text(
    "Restoring the course's cells in the notebook {limit}. Copy your answers into the released notebook."
)


def grade(path: str | Path, *, course: Course | None = None, options: Options = AS_USUAL) -> SubmissionResult:
    """Grade one notebook, or all notebooks of one submission's folder, without a gradebook.

    `path` is a notebook or a folder of notebooks. The `course` provides the checks; if None, it is the working folder's, or
    the one around this package.

    Raises
    ------
    UsageError
        If the path does not exist or contains no notebooks, or there is no course.
    NetgraderError
        If grading is impossible here: no sandbox, a full disk. Faults of the submission are never exceptions.
    """
    path = Path(path)
    course = course or find_course(path)
    return SubmissionResult(tuple(grade_job(job, options).result for job in find_jobs(path, course)))


@dataclass(frozen=True)
class Prepared:
    """A notebook that can run, with the course's cells restored and its helper files."""

    job: Job
    store: Store
    skeleton: Skeleton
    notebook: RestoredNotebook
    helpers: Mapping[str, str]
    notes: tuple[Said, ...]
    options: Options
    account: Account | NoAccount
    """The record of the student's use."""

    @property
    def was_run(self) -> bool:
        """Whether its run is in the store, as a whole."""
        asked = run_inputs(self.job.assignment, self.notebook, self.helpers, self.options, run=0)
        entry = self.store.get(asked.key)
        return entry is not None and not entry.trimmed

    def run(self, number: int = 0) -> tuple[Ran, Verification, frozenset[str]]:
        """Run and judge it, or return cached results; also return the stages that ran now. See `run_stage`."""
        begun, judged = time.monotonic(), False
        try:
            found = self._run(number)
            judged = not found[1].problem
            return found
        finally:
            self.account.charge(number, time.monotonic() - begun, judged=judged)

    def _run(self, number: int) -> tuple[Ran, Verification, frozenset[str]]:
        store, assignment, options, name = self.store, self.job.assignment, self.options, self.notebook.name
        asked = run_inputs(assignment, self.notebook, self.helpers, options, run=number)
        ran, ran_now = run_stage(store, asked, options)
        inputs = verdict_inputs(assignment, name, ran, options, run=number)
        if ran.entry.trimmed and store.get(inputs.key) is None:
            ran, ran_now = run_stage(store, asked, replace(options, anew=True))
            inputs = verdict_inputs(assignment, name, ran, options, run=number)
        verified, verified_now = verify_stage(store, inputs, options)
        return ran, verified, frozenset(name for name, now in ((RUN, ran_now), (VERDICTS, verified_now)) if now)


@dataclass(frozen=True)
class NotPrepared:
    """The reason why a notebook cannot run: a sentence for the student."""

    problem: Said
    notes: tuple[Said, ...]
    skeleton: Skeleton


def prepare(job: Job, options: Options) -> Prepared | NotPrepared:
    """Read a notebook and restore the course's cells.

    Raises
    ------
    NetgraderError
        If grading is impossible here. Problems of the submission are returned.
    """
    notes = [*job.notes]
    if job.problem is not None:
        is_known = job.notebook in job.assignment.notebooks
        skeleton = job.assignment.skeleton(job.notebook) if is_known else Skeleton(job.notebook, ())
        return NotPrepared(job.problem, tuple(notes), skeleton)
    skeleton = job.assignment.skeleton(job.notebook)
    try:
        submitted = read_notebook(job.path)
    except UnreadableError as error:
        return NotPrepared(error.said, tuple(notes), skeleton)
    require_closed(job.assignment.course, options)
    require_data(job.assignment)
    require_files(job.assignment)
    helpers, left_behind = submitted_helpers(job.path.parent, job.assignment)
    notes += left_behind
    skeleton, of_older = as_handed_out(job.assignment, skeleton, [cell.source for cell in submitted.cells])
    notes += of_older
    try:
        notebook = within_limits(restore, submitted, skeleton)
    except ExceededError as error:
        return NotPrepared(NOT_RESTORED.format(limit=error), tuple(notes), skeleton)
    account = account_of(job, notebook, helpers)
    refused = account.refusal
    if refused is not None:
        return NotPrepared(refused, tuple(notes), skeleton)
    store = open_store(job.assignment.course)
    return Prepared(job, store, skeleton, notebook, helpers, (*notes, *notebook.notes), options, account)


def grade_job(job: Job, options: Options = AS_USUAL) -> GradedNotebook:
    """Grade one notebook.

    Raises
    ------
    NetgraderError
        If grading is impossible here. Problems of the submission are in the result.
    """
    severities = severities_of(job.assignment)
    prepared = prepare(job, options)
    if isinstance(prepared, NotPrepared):
        return _not_gradable(job, prepared.skeleton, prepared.problem, prepared.notes)
    notebook, skeleton = prepared.notebook, prepared.skeleton
    ran, verified, made = prepared.run()
    runs = [ran]
    rule = retry_rule_of(job.assignment.exercises_in_grading, tuple(cell.grade_id for cell in skeleton.graded))
    if rule is not None:
        ran, verified = best_of_runs((ran, verified), rule, lambda run: _further(prepared, run, runs))
    prepared.account.keep(prepared.store, tuple(one.entry for one in runs))
    notes = (*prepared.notes, *ran.execution.notes)[:MOST_NOTES]
    graded = {
        cell: tuple(as_the_course_says(check, severities) for check in found) for cell, found in verified.checks.items()
    }
    checks = charged_once(graded, _made_with(notebook))
    result = _result(notebook, skeleton, ran, replace(verified, checks=checks), notes)
    cells = [(cell.cell_type, cell.source) for cell in notebook.cells]
    return GradedNotebook(
        result=result,
        cells=with_outputs(notebook.cells, ran.execution.outputs),
        observations=verified.observations,
        made=made,
        trouble=verified.log,
        warnings=tuple(prepared.store.warnings),
        run=ran.entry.key.digest,
        digest=hash_json([verified.digest, cells, plain_json(notes), result.as_json()["cells"]]),
    )


def _further(prepared: Prepared, number: int, runs: list[Ran]) -> tuple[Ran, Verification]:
    """Return the run with a number and its verdicts, and append the run to `runs`."""
    ran, verified, _ = prepared.run(number)
    runs.append(ran)
    return ran, verified


def submitted_helpers(folder: Path, assignment: Assignment) -> tuple[dict[str, str], tuple[Said, ...]]:
    """Return the modules submitted with a notebook, and notes on those left out.

    The course's own modules are excluded under any name: each notebook gets its modules from the course, and no others, since
    they may contain solutions of another notebook.
    """
    ours = {path.name: path.read_text(encoding="utf-8") for path in sorted(assignment.source.glob("*.py"))}
    texts, notes = helper_files(folder)
    own = set(ours.values())
    return {name: text for name, text in texts.items() if name not in ours and text not in own}, notes


def _not_gradable(job: Job, skeleton: Skeleton, problem: Said, notes: Sequence[Said]) -> GradedNotebook:
    cells = tuple(_of_cell(cell, {}) for cell in skeleton.graded)
    result = NotebookResult(
        notebook=job.notebook + SUFFIX,
        score=0.0,
        max_score=_total(cell.max_points for cell in cells if not cell.manual),
        cells=cells,
        faults=(),
        status=Status.NOT,
        problem=problem,
        notes=tuple(notes),
    )
    shown = with_outputs(as_released(skeleton), ())
    return GradedNotebook(result, shown, digest=hash_json(plain_json([problem, list(notes), skeleton])))


def _result(
    notebook: RestoredNotebook,
    skeleton: Skeleton,
    ran: Ran,
    verified: Verification,
    notes: Sequence[Said],
) -> NotebookResult:
    cells = tuple(_of_cell(cell, verified.checks) for cell in skeleton.graded)
    automatic = [cell for cell in cells if not cell.manual]
    status, problem = _status(automatic, ran.execution.problem)
    if status is Status.GRADED and ran.execution.problem:
        notes = (*notes, ran.execution.problem)
    return NotebookResult(
        notebook=notebook.name + SUFFIX,
        score=_total(cell.points for cell in automatic),
        max_score=_total(cell.max_points for cell in automatic),
        cells=cells,
        faults=_charged(cells),
        status=status,
        problem=problem,
        measured=dict(verified.measured),
        notes=tuple(notes),
        seconds=_seconds(ran, verified),
        environment=dict(ran.execution.environment),
        integrity=observed(notebook.code, ran.execution, {cell.cell: cell.checks for cell in cells}),
    )


def _of_cell(cell: SkeletonCell, verdicts: Mapping[str, tuple[CheckResult, ...]]) -> CellResult:
    if cell.is_manual:
        return CellResult(cell.grade_id, None, cell.points, manual=True)
    checks = verdicts.get(cell.grade_id, ())
    return CellResult(cell.grade_id, cell_points(checks, cell.points), cell.points, manual=False, checks=checks)


def _charged(cells: Sequence[CellResult]) -> tuple[str, ...]:
    """Return the codes of faults that cost points, each once."""
    checks = (check for check in checks_in(cells) if check.outcome in CHARGED)
    return tuple(dict.fromkeys(code for check in checks for code in check.faults))


def _status(cells: Sequence[CellResult], ended_early: Said | None) -> tuple[Status, Said | None]:
    """Return the status of cells that checks grade, and the reason if some could not be judged in full."""
    reason = _ungradable(cells, ended_early) or _untested(cells) or _lost(cells, ended_early)
    if reason is None:
        return Status.GRADED, None
    judged = [check for check in checks_in(cells) if check.outcome is not Outcome.UNGRADABLE]
    return (Status.PARTLY if judged else Status.NOT), reason


def _ungradable(cells: Sequence[CellResult], ended_early: Said | None) -> Said | None:
    """Return the reason why a check could not be judged; None if all were."""
    checks = (check for check in checks_in(cells) if check.outcome is Outcome.UNGRADABLE)
    return next((ended_early or check.message or check.sentence for check in checks), None)


def _untested(cells: Sequence[CellResult]) -> Said | None:
    """Return a sentence about the first cell without tests; None if there is none."""
    names = [cell.cell for cell in cells if not cell.checks]
    sentence = Text("The course has no tests for {untested}, so it could not be graded.")
    return next((sentence.format(untested=name) for name in names), None)


def _lost(cells: Sequence[CellResult], ended_early: Said | None) -> Said | None:
    """Return why the run ended early, if points were lost; else None.

    A stopped cell is judged by what it had computed until then.
    """
    earned, most = sum(cell.points or 0 for cell in cells), sum(cell.max_points for cell in cells)
    return ended_early if earned < most else None


def _made_with(notebook: RestoredNotebook) -> Mapping[str, Sequence[str]]:
    """Return for each exercise's cell the cells it depends on; empty if that exceeds limits."""
    try:
        return within_limits(made_with, [(cell.grade_id, cell.source) for cell in notebook.code])
    except ExceededError:
        return {}


def _seconds(ran: Ran, verified: Verification) -> dict[str, float]:
    """Return seconds of the run, its kernel start, student code and evidence, and of the verdicts.

    `experiments` is the time of evidence and verdicts without reading networks; it is absent if the verifier was stopped.
    """
    parts = {"total": ran.entry.seconds, "capture": 0.0, **ran.execution.seconds}
    taken = {"execute": parts.pop("total"), **parts, "verify": verified.seconds}
    if verified.problem is None:
        taken["experiments"] = parts["capture"] + verified.experiments
    return {name: round(seconds, 2) for name, seconds in taken.items()}


def _total(points: Any) -> float:
    return round(sum(points, 0.0), 2)
