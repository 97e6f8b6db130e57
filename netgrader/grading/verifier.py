"""The process that gives verdicts: ``python -m netgrader.grading.verifier REQUEST.json VERDICTS.jsonl``.

It reads a request, runs the tests, and appends a line of JSON for each thing as soon as it is known: the plan, each
verdict, what was noted, what is told of the notebook, or what is broken. It never imports or runs anything of a
student's.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgrader import observations
from netgrader.checks.bench import Bench
from netgrader.checks.exercises import BadExerciseError, load_exercises
from netgrader.checks.held_out import HARDNESS
from netgrader.checks.otherwise import OTHERWISE, otherwise
from netgrader.checks.plugin import BrokenTests
from netgrader.checks.run import run_tests
from netgrader.grading.verify import BROKEN, VerificationRequest
from netgrader.lab.api import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from netgrader.checks.plugin import PlannedCheck
    from netgrader.lab.api import Lab
    from netgrader.results import CheckResult

__all__ = ["main"]


def main(asked: Path, told: Path) -> int:
    """Answer the request in `asked` with lines in `told`; the exit code."""
    request = VerificationRequest.from_json(json.loads(asked.read_text(encoding="utf-8")))
    with told.open("a", encoding="utf-8") as lines:

        def tell(**line: Any) -> None:
            lines.write(json.dumps(_plain(line)) + "\n")
            lines.flush()

        try:
            _answer(request, tell)
        except (BrokenTests, BadExerciseError) as error:
            tell(broken={"sentence": str(error), "details": getattr(error, "details", "")})
            return BROKEN
    return 0


def _answer(request: VerificationRequest, tell: Callable[..., None]) -> None:
    started = _started_lab(request)
    bench = Bench(
        evidence_root=request.evidence,
        exercises=load_exercises(request.exercises, hidden=request.hidden),
        make_lab=lambda: started or _lab(request),
        data=request.data,
        seed=request.seed,
        problems=request.problems,
        outside=request.outside,
        hardness=next((file for test in request.hidden_tests if (file := test.with_name(HARDNESS)).is_file()), None),
    )

    def planned(plan: Sequence[PlannedCheck]) -> None:
        tell(plan=[{"cell": entry.grades.cell, "check": dataclasses.asdict(entry.not_reached())} for entry in plan])

    def judged(verdict: CheckResult) -> None:
        tell(verdict=dataclasses.asdict(verdict))

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
        seen = observations.to_json(run.observations)
        tell(
            end={
                "measured": run.measured_by_cell,
                "observations": seen,
                "log": list(run.log),
                "reading": bench.reading_seconds,
            }
        )
        # Last, since whatever a graph does to the verifier here costs no figure either.
        facts = _facts(bench, request.cells)
        tell(told={cell: {OTHERWISE + cell: sentence} for cell, sentence in facts.items()})
    finally:
        bench.close()
        if started is not None:
            started.close()


def _facts(bench: Bench, cells: Collection[str] | None) -> dict[str, str]:
    """What is told to the instructor; a graph that breaks whoever reads it costs no verdict that was made before."""
    try:
        return otherwise(bench, cells)
    except Exception:  # noqa: BLE001  (whatever it is, the verdicts stand; the trace is kept for the instructor)
        traceback.print_exc()
        return {}


def _started_lab(request: VerificationRequest) -> Lab | None:
    """The lab, already there where a graph was handed over: TensorFlow is imported while other evidence is judged."""
    cells = request.cells if request.cells is not None else ("*",)
    if request.lab == "local" or not any(any(request.evidence.glob(f"{cell}/*.pb")) for cell in cells):
        return None
    try:
        return _lab(request)
    except LabError:
        return None  # whichever test asks for it is told


def _lab(request: VerificationRequest) -> Lab:
    """The lab that was asked for; the modules differ in what they import."""
    if request.lab == "local":
        from netgrader.lab.local import LocalLab  # noqa: PLC0415

        return LocalLab(**request.lab_options)
    from netgrader.lab.caged import CagedLab  # noqa: PLC0415

    caged: Lab = CagedLab(**request.lab_options)
    return caged


def _plain(value: Any) -> Any:
    """JSON values only: NumPy's numbers become Python's, and what is not finite becomes null."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
