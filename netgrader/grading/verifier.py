"""The process that gives verdicts: ``python -m netgrader.grading.verifier DESCRIPTOR``.

It imports all that judging needs once, and forks for each request that comes through its connection. The fork runs the
tests, and appends a line of JSON to `VERDICTS` for each thing as soon as it is known: the plan, each verdict, the figures,
what is told of the notebook, or what is broken. It is ended at its limits and with the process that asked. Nothing of a
student's is imported or run here.

This is no `multiprocessing` forkserver: that one cannot be used in a daemonic process, as pools and Dask have them, imports
the caller's main script again in each fork, and lives on in them when the caller is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import signal
import sys
import tempfile
import time
import traceback
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from netgrader.cage.watch import resident_bytes
from netgrader.checks.context import TestContext, dataset_in
from netgrader.checks.exercises import BadExerciseError, load_exercises
from netgrader.checks.plugin import BrokenTests
from netgrader.checks.run import run_tests
from netgrader.checks.source_lines import Cell, by_key
from netgrader.errors import NotebookError
from netgrader.files import plain_json, write_json_line
from netgrader.grading.verify import OUTPUT, VERDICTS, Verification, VerifierLine
from netgrader.imports import is_part_of, module_name, package_files
from netgrader.observations import drawable
from netgrader.reader import LabError
from netgrader.reader.lab.caged import CagedLab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from netgrader.checks.plugin import PlannedCheck
    from netgrader.evidence import Json
    from netgrader.grading.verify import VerificationRequest
    from netgrader.reader import Lab
    from netgrader.results import CheckResult

__all__ = ["serve"]

IMPORTED = ("checks", "judges", "reader")
BROKEN = 3  # exit code if the tests themselves are at fault
TICK = 0.1  # seconds between looks at a verifier
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def serve(connection: Connection[tuple[int, str | None], tuple[VerificationRequest, Path]]) -> None:
    """Verify each request that comes through `connection` with a folder to work in, until it closes.

    What goes back is the exit code, and the limit that the verifier was stopped at, in words, if it was.
    """
    for path in package_files():
        if path.suffix == ".py" and is_part_of(module_name(path), IMPORTED):
            importlib.import_module(f"netgrader.{module_name(path)}")
    with contextlib.suppress(EOFError, OSError):  # whoever asked is gone
        while True:
            request, home = connection.recv()
            if request.data is not None:
                # In memory before the fork. Where they cannot be read, verifiers say so.
                with contextlib.suppress(NotebookError, BadExerciseError):
                    dataset_in(request.data, load_exercises(request.exercises).data)
            server, pid = os.getpid(), os.fork()
            if not pid:
                connection.close()
                os._exit(_forked(server, request, home))
            connection.send(_watched(pid, request, connection))


def _watched(pid: int, request: VerificationRequest, connection: Connection[Any, Any]) -> tuple[int, str | None]:
    """Wait for the verifier, and end it with all that it started; its exit code, and the limit that it went beyond.

    Its memory is looked at from here: a limit set in it would be the lab's too, which needs another.
    """
    deadline = time.monotonic() + request.seconds
    handle, limit = os.pidfd_open(pid), None
    # Nobody asks for a second one meanwhile: what comes through the connection is its end.
    while limit is None and not wait([handle, connection], TICK):
        if time.monotonic() > deadline:
            limit = f"took longer than {request.seconds:g} seconds"
        elif resident_bytes(pid) > request.memory_bytes:
            limit = f"needed more than {request.memory_bytes / 1e9:.3g} GB of memory"
    os.close(handle)
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):  # it has no group of its own yet
            kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), limit


def _forked(server: int, request: VerificationRequest, home: Path) -> int:
    """Be a verifier; the exit code."""
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        return 1
    os.chdir(home)
    os.environ |= {"HOME": str(home), "TMPDIR": str(home)}
    tempfile.tempdir = None
    with (home / OUTPUT).open("wb") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    try:
        code = _verify(request, home / VERDICTS)
    except BaseException:  # noqa: BLE001  (the process ends with it either way)
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _verify(request: VerificationRequest, verdicts: Path) -> int:
    """Answer the request with lines in `verdicts`; the exit code."""
    with verdicts.open("a", encoding="utf-8") as lines:

        def tell(line: VerifierLine) -> None:
            write_json_line(lines, **{name: value for name, value in plain_json(line).items() if value is not None})

        try:
            _answer(request, tell)
        except (BrokenTests, BadExerciseError) as error:
            tell(VerifierLine(broken=(str(error), getattr(error, "details", ""))))
            return BROKEN
    return 0


def _answer(request: VerificationRequest, tell: Callable[[VerifierLine], None]) -> None:
    started = _started_lab(request)
    bench = TestContext(
        evidence_root=request.evidence,
        exercises=load_exercises(request.exercises, hidden=request.hidden),
        make_lab=lambda: started or CagedLab(request.sandbox, zygote=request.zygote),
        data=request.data,
        seed=request.seed,
        problems=request.problems,
        outside=request.outside,
        cells=by_key(_own_cells(request.outside)),
    )

    def planned(plan: Sequence[PlannedCheck]) -> None:
        by_cell: dict[str, tuple[CheckResult, ...]] = {}
        for entry in plan:
            by_cell[entry.grades.cell] = (*by_cell.get(entry.grades.cell, ()), entry.not_reached())
        tell(VerifierLine(plan=by_cell))

    def judged(verdict: CheckResult) -> None:
        tell(VerifierLine(verdict=verdict))

    try:
        run = run_tests(
            bench,
            request.public_tests,
            request.hidden_tests,
            cells=request.cells,
            seconds=request.test_seconds,
            on_plan=planned,
            on_verdict=judged,
        )
        end = Verification(
            measured_by_cell=run.measured_by_cell,
            observations=drawable(run.observations),
            log=tuple(run.log),
            reading=bench.reading_seconds,
        )
        tell(VerifierLine(end=end))
    finally:
        bench.close()
        if started is not None:
            started.close()


def _own_cells(outside: Mapping[str, Json]) -> Iterator[Cell]:
    """Yield the student's own cells as they were run."""
    cells = outside.get("cells")
    for run in cells if isinstance(cells, list) else []:
        if isinstance(run, dict) and "source" in run:
            yield Cell(str(run.get("name") or ""), str(run["source"]))


def _started_lab(request: VerificationRequest) -> Lab | None:
    """Return the lab, started where a graph was handed over: TensorFlow is imported while other evidence is judged."""
    cells = request.cells if request.cells is not None else ("*",)
    if not any(any(request.evidence.glob(f"{cell}/*.pb")) for cell in cells):
        return None
    try:
        return CagedLab(request.sandbox, zygote=request.zygote)
    except LabError:
        return None  # whichever test asks for it is told


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
