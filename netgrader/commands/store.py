"""``netgrader store``: what was kept of gradings, why some of it is stale, and how to make room."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from netgrader.commands.choose import moment
from netgrader.commands.show import console
from netgrader.course import find_course
from netgrader.grading.grade import NOT_RESTORED, find_jobs, submitted_helpers
from netgrader.grading.restore import restore
from netgrader.grading.stages import RUN, Options, run_key
from netgrader.grading.stale import Listed, differences, listed, why_stale
from netgrader.grading.store import open_store
from netgrader.grading.submission import read_notebook
from netgrader.limited import ExceededError, within_limits

if TYPE_CHECKING:
    from pathlib import Path

    from netgrader.course import Course

__all__ = ["run_list", "run_prune", "run_why"]

STAGES = {"execute": "runs of notebooks", "verify": "verdicts"}
MOST_REASONS = 8


def run_list(sandbox: str) -> int:
    """Say what there is; the exit code."""
    course, out = find_course(), console()
    entries = list(listed(course.scratch / "store"))
    digests = [entry.digest for entry in entries if entry.stage == RUN]
    table = Table("", "entries", "MB", "oldest", "newest", "took h", "stale")
    reasons: Counter[str] = Counter()
    for stage, name in STAGES.items():
        own = [entry for entry in entries if entry.stage == stage]
        stale = [why for why in (why_stale(course, one, Options(sandbox=sandbox), digests) for one in own) if why]
        reasons.update(reason for why in stale for reason in why)
        made = sorted(one.made for one in own if one.made) or ["", ""]
        hours = sum(one.seconds for one in own) / 3600
        table.add_row(name, str(len(own)), _mb(own), made[0][:10], made[-1][:10], f"{hours:.1f}", str(len(stale)))
    out.print(f"Store: {course.scratch / 'store'}", soft_wrap=True, markup=False)
    out.print(table)
    for reason, number in reasons.most_common(MOST_REASONS):
        out.print(f"stale, {number} times: {reason}", markup=False)
    if reasons:
        out.print("What is stale is never used; netgrader store --prune removes it.")
    return 0


def run_why(path: Path, sandbox: str) -> int:
    """Say of a notebook or a submission's folder what is in the store, and why the rest has to be run; the exit code."""
    course, out = find_course(path), console()
    store = open_store(course)
    runs = [entry for entry in listed(store.root) if entry.stage == RUN and entry.problem is None]
    options = Options(sandbox=sandbox)
    for job in find_jobs(path, course):
        if job.problem is not None:
            out.print(f"{job.path.name}: is not run. {job.problem}", markup=False)
            continue
        submitted = read_notebook(job.path)
        helpers, _ = submitted_helpers(job.path.parent, job.assignment, submitted)
        try:
            notebook = within_limits(restore, submitted, job.assignment.skeleton(job.notebook))
        except ExceededError as error:
            out.print(f"{job.path.name}: is not run. {NOT_RESTORED.format(limit=error)}", markup=False)
            continue
        key = run_key(job.assignment, notebook, helpers, options)
        entry = store.get(key)
        for said in store.warnings:
            out.print(said, markup=False)
        if entry is not None:
            verdicts = [
                one for one in listed(store.root) if one.stage != RUN and one.inputs.get("evidence") == entry.digest
            ]
            fresh = any(not why_stale(course, one, options, [entry.digest]) for one in verdicts)
            what = "its verdicts too" if fresh else _why_no_verdicts(course, verdicts, options, entry.digest)
            out.print(
                f"{job.path.name}: the run is in the store (it took {entry.seconds:.0f} s), {what}.", markup=False
            )
            continue
        alike = [one for one in runs if one.inputs.get("notebook") == job.notebook]
        if not alike:
            out.print(f"{job.path.name}: no run of {job.notebook} is in the store, so it is run.", markup=False)
            continue
        why = min((differences(one.inputs, key.inputs) for one in alike), key=len)
        out.print(f"{job.path.name}: is run, since beside the nearest run in the store", markup=False)
        for reason in why:
            out.print(f"  {reason}", markup=False)
    return 0


def _why_no_verdicts(course: Course, verdicts: list[Listed], options: Options, digest: str) -> str:
    if not verdicts:
        return "no verdicts on it are, so its tests are run"
    why = min((why_stale(course, one, options, [digest]) for one in verdicts), key=len)
    return f"its tests are run where they changed: {', '.join(why)}"


def run_prune(sandbox: str, before: str | None, *, dry_run: bool) -> int:
    """Remove what is stale, and with `before` all that was made before that time; the exit code."""
    course, out = find_course(), console()
    store = open_store(course)
    entries = list(listed(store.root))
    digests = [entry.digest for entry in entries if entry.stage == RUN]
    limit = moment(before) if before else None
    gone: list[tuple[Listed, str]] = []
    for entry in entries:
        why = why_stale(course, entry, Options(sandbox=sandbox), digests)
        if not why and limit is not None and entry.made and _when(entry.made) < limit:
            why = (f"made on {entry.made[:10]}",)
        if why:
            gone.append((entry, why[0]))
    for entry, reason in gone:
        if not dry_run:
            # First out of the way in one step: a grading that runs never sees half of it.
            aside = store.root / "tmp" / f"pruned-{entry.folder.name[:12]}-{time.monotonic_ns()}"
            aside.parent.mkdir(parents=True, exist_ok=True)
            entry.folder.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
        out.print(f"{escape(entry.stage)} {entry.folder.name[:12]}: {escape(reason)}")
    store.clean()
    done = "would be removed" if dry_run else "removed"
    out.print(f"{len(gone)} of {len(entries)} entries {done}, {_mb([entry for entry, _ in gone])} MB.")
    return 0


def _when(made: str) -> datetime:
    return datetime.strptime(made, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _mb(entries: list[Listed]) -> str:
    return f"{sum(entry.size for entry in entries) / 1e6:.0f}"
