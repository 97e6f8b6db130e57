"""The two stages that cost time, through the store: the run in a cage, and the verification of what it handed over."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import platform
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netgrader import observations
from netgrader.checks.exercises import load_exercises
from netgrader.grading.execution_types import EVIDENCE, Execution, ExecutionCell, ExecutionLimits, ExecutionRequest
from netgrader.grading.store import Entry, Key, Store, hash_bytes, hash_files, hash_json
from netgrader.grading.verify import Verification, VerificationRequest, verify
from netgrader.imports import code_hash
from netgrader.results import CheckResult, Outcome, Visibility

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from netgrader.course import Assignment
    from netgrader.grading.restore import RestoredNotebook
    from netgrader.observations import Observations

__all__ = ["Options", "Ran", "Verified", "run_request", "run_stage", "verify_stage"]

VERIFICATION_FILE = "verification.json"
VERSIONS_OF_A_RUN = ("tensorflow", "keras", "numpy", "ipython", "ipykernel")
VERSIONS_OF_A_VERIFICATION = ("tensorflow", "numpy", "protobuf", "pytest")
IN_THE_KERNEL = frozenset({"netgrader.student.capture", "netgrader.student.probes", "netgrader.grading.execute"})
IN_THE_VERIFIER = frozenset({"netgrader.grading.verifier"})


@dataclass(frozen=True)
class Options:
    """How a notebook is run; nothing here changes what is right.

    Attributes
    ----------
    sandbox
        By name: ``bubblewrap``, or ``none`` for trusted notebooks.
    threads
        Cores that one notebook may use.
    anew
        Whether to run and verify again what is in the store.
    """

    sandbox: str = "bubblewrap"
    threads: int = 2
    anew: bool = False


@dataclass(frozen=True)
class Ran:
    """A run in the store: what came of it, and where its evidence is."""

    entry: Entry
    execution: Execution

    @property
    def evidence(self) -> Path:
        """A folder with a folder of evidence for each check cell that handed some over."""
        return self.entry.content / EVIDENCE


@dataclass(frozen=True)
class Verified:
    """What came of the tests."""

    checks: Mapping[str, tuple[CheckResult, ...]]
    measured: Mapping[str, Any] = field(default_factory=dict)
    observations: Observations = field(default_factory=dict)
    log: tuple[str, ...] = ()
    problem: str | None = None
    seconds: float = 0.0
    digest: str = ""


def run_stage(
    store: Store,
    assignment: Assignment,
    notebook: RestoredNotebook,
    helpers: Mapping[str, str],
    options: Options,
    *,
    run: int = 0,
) -> tuple[Ran, bool]:
    """Run the notebook, or take the run from the store; and whether it was run now.

    The run of number 0 repeats what the student saw, their own seeds included; in those of other numbers all are others.
    """
    files = assignment.files(notebook.name)
    taken_at = set(assignment.evidence_cells(notebook.name))
    # Text and untouched check cells' outputs are no part of it: only what is run, and where evidence is taken.
    code = [[cell.source, cell.grade_id if cell.grade_id in taken_at else ""] for cell in notebook.code]
    given = {path.name: path.read_text(encoding="utf-8") for path in files.given}
    beside = {**helpers, **given}
    limits = ExecutionLimits.from_table(
        load_exercises(files.exercises, assignment.exercise_names).tables.get("limits", {})
    )
    key = Key(
        "execute",
        {
            "notebook": notebook.name,
            "code": hash_json(code),
            "files": {name: hash_bytes(text.encode()) for name, text in sorted(beside.items())},
            "probes": hash_files({path.name: path for path in (*files.probes, files.exercises)}),
            "data": hash_files({"data": assignment.course.data})["data"],
            "seed": assignment.course.seed,
            **({"run": run} if run else {}),
            "limits": dataclasses.asdict(limits),
            "sandbox": options.sandbox,
            "versions": _versions(VERSIONS_OF_A_RUN),
            "netgrader": code_hash(IN_THE_KERNEL, inner=False, extra=files.probes),
        },
    )

    released = {cell.source.strip() for cell in assignment.skeleton(notebook.name).cells if not cell.is_solution}
    request = ExecutionRequest(
        cells=tuple(
            ExecutionCell(
                source=cell.source,
                name=cell.grade_id,
                evidence=cell.grade_id if cell.grade_id in taken_at else "",
                runs=cell.origin is None or not cell.origin.is_check,
                given=cell.source.strip() in released or (cell.origin is not None and cell.origin.locked),
            )
            for cell in notebook.code
        ),
        helpers=beside,
        probes=(*files.probes, *((files.exercises,) if files.exercises.is_file() else ())),
        data=assignment.course.data if assignment.course.data.is_file() else None,
        limits=limits,
        seed=assignment.course.seed + run,
        respect_seeds=run == 0,
        threads=options.threads,
    )
    if options.anew:
        store.forget(key)
    entry, made = store.get_or_make(key, lambda folder: run_request(request, options, folder))
    return Ran(entry, Execution.load(entry.content)), made


def run_request(request: ExecutionRequest, options: Options, folder: Path) -> None:
    """Run a notebook in the sandbox that was asked for; its result goes into the empty `folder`.

    Raises
    ------
    SandboxError
        If there is no such sandbox here, it does not keep its promises, or no kernel starts in it.
    """
    from netgrader.grading.execute import execute  # noqa: PLC0415  (slow, and not needed for what is in the store)
    from netgrader.sandbox import open_sandbox  # noqa: PLC0415
    from netgrader.sandbox.kept import require_promises  # noqa: PLC0415

    require_promises(options.sandbox)
    execute(request, open_sandbox(options.sandbox), folder)


def verify_stage(
    store: Store, assignment: Assignment, notebook: str, ran: Ran, options: Options, *, run: int = 0
) -> tuple[Verified, bool]:
    """Run the tests on what the run of a number handed over, or take their verdicts from the store; and whether now."""
    files = assignment.files(notebook)
    tests = {path.name: path for path in (*files.public_tests, *files.hidden_tests, files.exercises)}
    key = Key(
        "verify",
        {
            "evidence": ran.entry.digest,
            "tests": hash_files(tests),
            "data": hash_files({"data": assignment.course.data})["data"],
            "seed": assignment.course.seed + run,
            "sandbox": options.sandbox,
            "versions": _versions(VERSIONS_OF_A_VERIFICATION),
            "netgrader": code_hash(IN_THE_VERIFIER),
        },
    )
    request = VerificationRequest(
        evidence=ran.evidence,
        public_tests=files.public_tests,
        hidden_tests=files.hidden_tests,
        exercises=files.exercises,
        data=assignment.course.data if assignment.course.data.is_file() else None,
        seed=assignment.course.seed + run,
        problems=ran.execution.problems,
        outside=ran.execution.outside,
    )

    def make(folder: Path) -> None:
        from netgrader.sandbox.kept import require_promises  # noqa: PLC0415  (as above)

        require_promises(options.sandbox)
        verification = verify(request)
        if verification.problem:
            raise _Unfinished(verification)
        text = json.dumps(_as_json(verification), indent=1)
        (folder / VERIFICATION_FILE).write_text(text + "\n", encoding="utf-8")

    if options.anew:
        store.forget(key)
    try:
        entry, made = store.get_or_make(key, make)
    except _Unfinished as unfinished:
        # What was judged counts today; the next call tries again.
        done = unfinished.verification
        fields = {
            name: getattr(done, name) for name in ("checks", "measured", "observations", "log", "problem", "seconds")
        }
        return Verified(**fields, digest=hash_json(_as_json(done))), True
    raw = json.loads((entry.content / VERIFICATION_FILE).read_text(encoding="utf-8"))
    return _from_json(raw, entry), made


class _Unfinished(Exception):
    """A verification that was cut off: a result for now, and none to keep."""

    def __init__(self, verification: Verification) -> None:
        super().__init__(verification.problem)
        self.verification = verification


def _as_json(verification: Verification) -> dict[str, Any]:
    return {
        "checks": {
            cell: [dataclasses.asdict(check) for check in checks] for cell, checks in verification.checks.items()
        },
        "measured": dict(verification.measured),
        "observations": observations.to_json(verification.observations),
        "log": list(verification.log),
    }


def _from_json(raw: Mapping[str, Any], entry: Entry) -> Verified:
    checks = {
        cell: tuple(
            CheckResult(
                **{
                    **check,
                    "visibility": Visibility(check["visibility"]),
                    "outcome": Outcome(check["outcome"]),
                    "faults": tuple(check["faults"]),
                }
            )
            for check in found
        )
        for cell, found in raw["checks"].items()
    }
    seen = observations.from_json(raw["observations"])
    return Verified(checks, raw["measured"], seen, tuple(raw["log"]), None, entry.seconds, entry.digest)


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "none"
    return found
