"""Run a restored notebook in a sandboxed kernel and collect evidence at its check cells: `execute`.

A check cell's own source does not run. Instead, `take` of the students' package writes evidence into a new folder, which is
copied out as soon as the kernel is idle, before the next cell runs. Nothing else from the kernel counts.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from graphread.text import Said, Text
from netgrader.cage_contents import HIDDEN, PACKAGE_FOLDER, our_package, tensorflow_environment
from netgrader.checks.diagnose import duration, said_of
from netgrader.evidence import MANIFEST, BadEvidence
from netgrader.grading import kernel_startup
from netgrader.grading.cage_files import (
    FOLDER,
    TooMuchEvidence,
    copy_evidence,
    data_environment,
    given_data,
)
from netgrader.grading.cell_outputs import Collector
from netgrader.grading.execution import (
    EVIDENCE,
    CellRun,
    CellStatus,
    Execution,
    ExecutionCell,
    ExecutionLimits,
    ExecutionRequest,
    versions_of,
)
from netgrader.grading.kernel_link import Ended, Link, Reply
from netgrader.grading.run_report import (
    cell_named,
    ended_early,
    seen_from_outside,
    too_much_evidence,
)
from notebook_cage import HOME, Limits, Mount, Plan, Sandbox, Usage, remove_tree, scratch_folder
from notebook_cage.kernel import CagedKernel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["execute"]

EVIDENCE_INSIDE = "/run/evidence"
PROBES_INSIDE = f"{HOME}/{FOLDER}/checks"
SETUP_SECONDS = 30.0
BY_A_LIMIT = {
    Ended.INTERRUPTED: (CellStatus.TIMEOUT, "time"),
    Ended.STUCK: (CellStatus.TIMEOUT, "time"),
    Ended.FLOODED: (CellStatus.LIMIT, "output"),
}
VERSIONS = ("tensorflow", "numpy", "ipykernel")
STARTUP = (
    "seed_everything({seed}, {shift})",
    "keep_streams(get_ipython())",
    "get_ipython().ask_exit = lambda: None",
    "__import__('netgrader.student').student.setup()",
)
"""Calls in a kernel before the student's first cell, in this order, after the source of `netgrader.grading.kernel_startup`.

They disable ``exit()`` and ``quit()``: a forgotten one would end the kernel, and cost the points of all that follows. The
notebook is instrumented even if none of its cells calls `netgrader.student.setup`, so that all training is known.
"""


def execute(request: ExecutionRequest, sandbox: Sandbox, folder: Path) -> Execution:
    """Run a notebook and write the results into `folder`.

    `folder` gets ``execution.json`` and ``evidence/<id>/``; if it exists, it must be empty.

    Raises
    ------
    SandboxError
        If no kernel starts. Errors of the notebook are part of the result, not exceptions.
    """
    (folder / EVIDENCE).mkdir(parents=True)
    with _exchange() as exchange:
        execution = _Run(request, sandbox, exchange, folder / EVIDENCE).run()
    execution.save(folder)
    return execution


@contextmanager
def _exchange() -> Iterator[Path]:
    """Yield a folder that the sandbox may write to; remove it with its content at the end."""
    path = scratch_folder("evidence")
    try:
        yield path
    finally:
        remove_tree(path)


NO_EVIDENCE_FOR = Text("The run could not collect evidence for {cell}: {why}.")
NO_FOLDER = Text("its folder could not be created ({why})")
NOTHING_FOR = Text("No evidence was handed over for {cell}.")
TRIED_TOO_LONG = Text("Trying out the notebook's definitions for {cell} took longer than {duration}.")


class _Run:
    def __init__(self, request: ExecutionRequest, sandbox: Sandbox, exchange: Path, evidence: Path) -> None:
        self._request = request
        self._limits = request.limits
        self._sandbox = sandbox
        self._evidence = evidence
        self._mount = Mount(exchange, EVIDENCE_INSIDE, writable=True)
        self._done: list[CellRun] = []
        self._problem: Said | None = None
        self._over: Said | None = None  # why no further cell runs
        self._problems: dict[str, Said] = {}
        self._student_seconds = self._capture_seconds = 0.0
        self._output_bytes = self._evidence_bytes = 0
        self._worth_taking = True  # the kernel answers, and no earlier cell was skipped

    def run(self) -> Execution:
        begin = time.monotonic()
        with _checks(self._request.probes) as checks, given_data(self._request) as data:
            mounts = [our_package(), self._mount, checks, *data]
            helpers = {f"{FOLDER}/{name}": text.encode() for name, text in self._request.helpers.items()}
            helpers |= {f"{FOLDER}/{path.name}": path.read_bytes() for path in self._request.beside}
            plan = Plan(
                argv=(),
                mounts=mounts,
                env={**_environment(self._request.threads), **data_environment(data)},
                files=helpers,
                hidden=HIDDEN,
                cwd=FOLDER,
                limits=_sandbox_limits(self._limits),
            )
            with CagedKernel(self._sandbox, plan) as kernel:
                started = time.monotonic() - begin
                self._checks_inside = self._sandbox.seen(checks)
                self._cells(kernel)
            outcome = kernel.caged.close()
        return Execution(
            cells=tuple(self._done),
            problem=self._problem,
            problems=self._problems,
            seconds={
                "kernel": round(started, 3),
                "student": round(self._student_seconds, 3),
                "capture": round(self._capture_seconds, 3),
                "total": round(time.monotonic() - begin, 3),
            },
            usage=_usage(outcome.usage),
            outside=seen_from_outside(self._request, self._done),
            notes=tuple(filter(None, [self._sandbox.note])),
            environment=_versions(self._sandbox),
        )

    def _cells(self, kernel: CagedKernel) -> None:
        link = Link(kernel, self._limits.received_bytes)
        link.run(_startup_code(self._request), seconds=SETUP_SECONDS, silent=True)
        for index, cell in enumerate(self._request.cells):
            if self._over is not None and (not self._worth_taking or _is_code(cell)):
                self._worth_taking = False  # later cells would be judged without the one that was skipped
                self._done.append(CellRun(cell.name, CellStatus.NOT_REACHED))
                if cell.evidence:
                    self._problems.setdefault(cell.evidence, self._over)
                continue
            self._done.append(self._cell(kernel, link, index, cell))

    def _cell(self, kernel: CagedKernel, link: Link, index: int, cell: ExecutionCell) -> CellRun:
        run = CellRun(cell.name, CellStatus.OK)
        if _is_code(cell):
            run = self._source(kernel, link, index, cell)
        if cell.evidence and self._worth_taking:
            begin = time.monotonic()
            handed_over = self._capture(link, cell)
            seconds = time.monotonic() - begin
            self._capture_seconds += seconds
            run = replace(run, capture_seconds=round(seconds, 3), evidence=cell.evidence if handed_over else None)
        elif cell.evidence:
            self._problems[cell.evidence] = self._over or ""
        return run

    def _source(self, kernel: CagedKernel, link: Link, index: int, cell: ExecutionCell) -> CellRun:
        """Run a cell of the notebook; return its record."""
        collector = Collector(self._limits, self._limits.notebook_output_bytes - self._output_bytes)
        left = self._limits.notebook_seconds - self._student_seconds
        cpu = kernel.caged.usage().cpu_seconds
        reply = link.run(
            cell.source,
            seconds=max(0.0, min(self._limits.cell_seconds, left)),
            shown=collector.take,
        )
        self._student_seconds += reply.seconds
        if reply.ended is not Ended.DONE:
            whole = left < self._limits.cell_seconds
            self._worth_taking = reply.ended is Ended.INTERRUPTED
            ended = ended_early(reply, cell_named(index, cell), self._limits, whole_notebook=whole)
            self._end(ended, over=whole or not self._worth_taking)
        outputs = collector.outputs()
        self._output_bytes += collector.used
        status, limit = _status_and_limit(reply)
        return CellRun(
            cell.name,
            status,
            seconds=round(reply.seconds, 3),
            cpu_seconds=round(max(0.0, kernel.caged.usage().cpu_seconds - cpu), 3),
            error_name=reply.error_name,
            error_message=reply.error_message,
            outputs=outputs,
            limit=limit,
        )

    def _capture(self, link: Link, cell: ExecutionCell) -> bool:
        """Have evidence collected for a check cell; return whether there is any."""
        name = secrets.token_hex(12)
        folder = self._mount.host / name
        try:
            _open_to_all(folder)
        except OSError as error:
            reason = NO_FOLDER.format(why=error.strerror)
            self._problems[cell.evidence] = NO_EVIDENCE_FOR.format(cell=cell.evidence, why=reason)
            return False
        left = self._limits.notebook_seconds - self._capture_seconds
        where = f"{self._sandbox.seen(self._mount)}/{name}"
        code = (
            "__import__('netgrader.student.capture', fromlist=['take'])"
            f".take({cell.evidence!r}, globals(), {where!r}, {self._checks_inside!r},"
            f" seed={self._request.seed}, challenge={self._request.challenge(cell.evidence)})"
        )
        seconds = max(0.0, min(self._limits.capture_seconds, left))
        reply = link.run(code, seconds=seconds, silent=True)
        problem: Said | None = self._collect(folder, cell.evidence)
        if reply.ended is Ended.INTERRUPTED and problem is not None:
            problem = TRIED_TOO_LONG.format(cell=cell.evidence, duration=duration(seconds))
        elif reply.ended in (Ended.STUCK, Ended.FLOODED, Ended.DEAD, Ended.SILENT):
            ended = ended_early(reply, Text("the check {cell}", cell=cell.evidence), self._limits, whole_notebook=False)
            self._worth_taking = False
            self._end(ended, over=True)
            problem = problem and ended
        elif problem is not None and reply.error_name:
            stopped_at = said_of(reply.error_name, reply.error_message or "")
            problem = NO_EVIDENCE_FOR.format(cell=cell.evidence, why=stopped_at)
        if problem is not None:
            self._problems[cell.evidence] = problem
        return problem is None

    def _end(self, problem: Said, *, over: bool) -> None:
        """Record why the run, or a cell, ended; the first reason is reported."""
        self._problem = self._problem or problem
        if over:
            self._over = problem

    def _collect(self, folder: Path, evidence: str) -> Said | None:
        """Copy evidence into the result; return a sentence if there is none that counts, else None."""
        target = self._evidence / evidence
        problem = None
        left = self._limits.notebook_evidence_bytes - self._evidence_bytes
        try:
            self._evidence_bytes += copy_evidence(folder, target, most=left)
        except TooMuchEvidence:
            problem = too_much_evidence(evidence, self._limits)
        except BadEvidence as error:
            problem = error.said
        finally:
            remove_tree(folder)
        if problem is None and not (target / MANIFEST).is_file():
            problem = NOTHING_FOR.format(cell=evidence)
        if problem is not None:
            shutil.rmtree(target, ignore_errors=True)
        return problem


def _is_code(cell: ExecutionCell) -> bool:
    """Whether the cell has code to run."""
    return cell.runs and bool(cell.source.strip())


def _open_to_all(folder: Path) -> None:
    """Make a folder that the sandbox's user can write to; others cannot reach it through its parent.

    A student's thread may replace it with a link at once, which must not be followed.
    """
    folder.mkdir()
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchmod(descriptor, 0o777)
    finally:
        os.close(descriptor)


@contextmanager
def _checks(probes: Sequence[Path]) -> Iterator[Mount]:
    """Mount a folder with copies of the probes, so that no other file next to them enters the sandbox."""
    folder = scratch_folder("probes")
    try:
        folder.chmod(0o755)
        for path in probes:
            target = folder / path.name
            shutil.copyfile(path, target)
            target.chmod(0o644)
        yield Mount(folder, PROBES_INSIDE)
    finally:
        remove_tree(folder)


def _environment(cores: int) -> dict[str, str]:
    return {
        "PYTHONPATH": PACKAGE_FOLDER,
        **tensorflow_environment(cores),
        # There is no network: pip in a notebook should fail at once.
        "PIP_RETRIES": "0",
        "PIP_NO_INPUT": "1",
    }


def _sandbox_limits(limits: ExecutionLimits) -> Limits:
    return Limits(
        wall_seconds=2 * limits.notebook_seconds + 120,
        cpu_cores=limits.cores,
        memory_bytes=limits.memory_bytes,
        processes=limits.processes,
        disk_bytes=limits.disk_bytes,
        file_bytes=limits.disk_bytes,
    )


def _status_and_limit(reply: Reply) -> tuple[CellStatus, str | None]:
    """Return a cell's status, and the limit that ended the run, if any."""
    if reply.ended in BY_A_LIMIT:
        return BY_A_LIMIT[reply.ended]
    if reply.ended is Ended.DONE:
        return (CellStatus.ERROR if reply.error_name else CellStatus.OK), None
    return (CellStatus.LIMIT if reply.limit else CellStatus.DEAD), reply.limit


def _usage(usage: Usage) -> dict[str, float]:
    return {
        "cpu_seconds": round(usage.cpu_seconds, 3),
        "peak_memory_bytes": usage.peak_memory_bytes,
        "disk_bytes": usage.disk_bytes,
    }


def _startup_code(request: ExecutionRequest) -> str:
    """Return the code that prepares the kernel and leaves no names behind."""
    shift = 0 if request.respect_seeds else 1_000_003 * (1 + request.seed)
    calls = [call.format(seed=request.seed + 1, shift=shift) for call in STARTUP]
    source = "\n".join([Path(kernel_startup.__file__).read_text(encoding="utf-8"), *calls])
    return f"exec(compile({source!r}, '<setup>', 'exec'), {{'__name__': 'setup'}})"


def _versions(sandbox: Sandbox) -> dict[str, str]:
    memory = "watched from outside, no control group" if sandbox.memory_gap else "limited by a control group"
    return {"sandbox": sandbox.name, "memory": memory, **versions_of(VERSIONS)}
