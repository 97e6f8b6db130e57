"""The verifier process: a worker's fork with all imports that judging needs.

The fork is killed at its limits and with its parent. It runs the tests, and appends a line of JSON to `VERDICTS` as soon as
anything is known: the plan, each verdict, the figures, or what is broken. It imports and runs no student code.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import os
import signal
import sys
import tempfile
import time
import traceback
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from graphread import LabError
from netgrader.caged_lab import CagedLab
from netgrader.checks.context import TestContext, dataset_in
from netgrader.checks.exercises import BadExerciseError, load_exercises
from netgrader.checks.plugin import BrokenTests, by_cell
from netgrader.checks.run import run_tests
from netgrader.checks.source_lines import Cell, by_key
from netgrader.errors import NotebookError
from netgrader.files import plain_json, write_json_line
from netgrader.grading.verify import OUTPUT, VERDICTS, Verification, VerifierLine
from netgrader.observations import drawable
from netgrader.own_files import is_part_of, module_name, package_files
from notebook_cage.watch import resident_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from netgrader.checks.plugin import PlannedCheck
    from netgrader.evidence import Json
    from netgrader.grading.verify import VerificationRequest
    from netgrader.results import CheckResult

__all__ = ["judge_in_a_fork"]

IMPORTED = ("checks", "judges")
TICK = 0.1  # seconds between polls of a verifier
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def judge_in_a_fork(asking: int, request: VerificationRequest, home: Path) -> bytes:
    """Judge the request in a fork that works in the folder `home`; return in words how that ended.

    The fork is killed if the other end of the descriptor `asking` closes.
    """
    _import_all()
    if request.data is not None:
        # Loaded before the fork, to share the memory. Verifiers report an unreadable file.
        with contextlib.suppress(NotebookError, BadExerciseError):
            dataset_in(request.data, load_exercises(request.exercises).data)
    worker, fork = os.getpid(), os.fork()
    if not fork:
        os.close(asking)
        try:
            os._exit(_forked(worker, request, home))
        finally:
            os._exit(1)
    return _watched(fork, request, asking).encode()


@functools.cache
def _import_all() -> None:
    importlib.import_module("graphread.reading")
    for path in package_files().values():
        if path.suffix == ".py" and is_part_of(module_name(path), IMPORTED):
            importlib.import_module(f"netgrader.{module_name(path)}")


def _watched(fork: int, request: VerificationRequest, asking: int) -> str:
    """Wait for the fork, then kill it with everything that it started; return how it ended.

    The parent watches its memory: a limit set in the fork would also hold for the lab, which has another.
    """
    deadline = time.monotonic() + request.seconds
    handle = os.pidfd_open(fork)
    limits: dict[str, bool] = {}
    # The parent sends no second request meanwhile, so activity there means that it ended.
    while not any(limits.values()) and not wait([handle, asking], TICK):
        limits = {
            f"it took longer than {request.seconds:g} seconds": time.monotonic() > deadline,
            f"it needed more than {request.memory_bytes / 1e9:.3g} GB of memory": (
                resident_bytes(fork) > request.memory_bytes
            ),
        }
    os.close(handle)
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):  # it has no group of its own yet
            kill(fork, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])
    return next((limit for limit, met in limits.items() if met), f"exit code {code}")


def _forked(worker: int, request: VerificationRequest, home: Path) -> int:
    """Run as a verifier: answer the request with lines in `VERDICTS`; return the exit code."""
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != worker:
        return 1
    os.chdir(home)
    os.environ |= {"HOME": str(home), "TMPDIR": str(home)}
    tempfile.tempdir = None
    with (home / OUTPUT).open("wb") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    with (home / VERDICTS).open("a", encoding="utf-8") as lines:

        def tell(line: VerifierLine) -> None:
            write_json_line(lines, **plain_json(line))

        try:
            _answer(request, tell)
        except (BrokenTests, BadExerciseError) as error:
            tell(VerifierLine(broken=(str(error), getattr(error, "details", ""))))
        except BaseException:  # noqa: BLE001  (the process ends in any case)
            traceback.print_exc()
            return 1
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
    return 0


def _answer(request: VerificationRequest, tell: Callable[[VerifierLine], None]) -> None:
    bench = TestContext(
        evidence_root=request.evidence,
        exercises=load_exercises(request.exercises, hidden=request.hidden),
        make_lab=lambda: CagedLab(request.sandbox, zygote=request.zygote),
        data=request.data,
        seed=request.seed,
        problems=request.problems,
        outside=request.outside,
        cells=by_key(_own_cells(request.outside)),
    )

    def planned(plan: Sequence[PlannedCheck]) -> None:
        tell(VerifierLine(plan=by_cell(plan, {})))

    def judged(verdict: CheckResult) -> None:
        tell(VerifierLine(verdict=verdict))

    try:
        _start_lab(bench)
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


def _own_cells(outside: Mapping[str, Json]) -> Iterator[Cell]:
    """Yield the student's own cells as they ran."""
    cells: Any = outside.get("cells", [])  # see `run_report.seen_from_outside`
    for run in cells:
        if "source" in run:
            yield Cell(run["name"], run["source"])


def _start_lab(bench: TestContext) -> None:
    """Start the lab if evidence has a graph: TensorFlow is imported while other evidence is judged."""
    if any(bench.evidence_root.glob("*/*.pb")):
        with contextlib.suppress(LabError):  # the test that needs it reports the error
            _ = bench.lab
