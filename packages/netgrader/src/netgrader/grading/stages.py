"""Run a notebook in a sandbox, or return its cached run; first check that data and files are there."""

from __future__ import annotations

import dataclasses
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from netgrader.checks.held_out import secret_seed
from netgrader.errors import NetgraderError
from netgrader.grading.execution import (
    EVIDENCE,
    Execution,
    ExecutionCell,
    ExecutionLimits,
    ExecutionRequest,
    versions_of,
)
from netgrader.grading.result_store import Entry, Key, Store, hash_bytes, hash_files, hash_json
from netgrader.own_files import code_hash
from netgrader.releases import every_release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.course import Assignment, Course
    from netgrader.grading.restore import RestoredNotebook

__all__ = [
    "AS_USUAL",
    "RUN",
    "Options",
    "Ran",
    "RunInputs",
    "data_hash",
    "open_to_all",
    "require_closed",
    "require_data",
    "require_files",
    "run_context",
    "run_inputs",
    "run_request",
    "run_stage",
]

RUN = "execute"
AS_USER = "user"
"""The sandbox that shares the machine's file system."""
LARGEST_BESIDE = 20_000_000
"""Maximum bytes of all files that notebooks read themselves: each run gets a copy."""
VERSIONS_OF_A_RUN = ("tensorflow", "keras", "numpy", "ipython", "ipykernel")


@dataclass(frozen=True)
class Options:
    """How to run a notebook; no option changes which answers are right."""

    sandbox: str = "bubblewrap"
    """The sandbox's name: ``bubblewrap``, or ``user`` in a container without namespaces."""
    threads: int = 2
    """Threads for one notebook."""
    anew: bool = False
    """Whether to rerun and verify again despite cached results."""
    memory_bytes: int = sys.maxsize
    notebook_seconds: float = math.inf
    """The machine's own limits, where they are lower than the course's."""


AS_USUAL = Options()


@dataclass(frozen=True)
class Ran:
    """A cached run: its record and its evidence."""

    entry: Entry
    execution: Execution

    @property
    def evidence(self) -> Path:
        """The folder with one evidence folder per check cell."""
        return self.entry.content / EVIDENCE


def require_data(assignment: Assignment) -> None:
    """Require that the course's data file, if there is one, exists and is undamaged.

    Raises
    ------
    NetgraderError
        If not; the message names the file and says what to do. A missing file of ours must not cost a student points.
    """
    data, spec = assignment.data, assignment.spec
    if data is None or spec is None:
        return
    what_to_do = f"Nothing was graded and no mark was changed. Put the {data.name} of the course back, and call again."
    try:
        with data.open("rb"):
            found = hash_files({"data": data})["data"]
    except OSError as error:
        raise NetgraderError(f"The training data {data} cannot be read: {error.strerror}. {what_to_do}") from error
    if found != spec.sha256:
        raise NetgraderError(f"The training data {data} is damaged or another file. {what_to_do}")


def require_files(assignment: Assignment) -> None:
    """Require that the files exist that the course's notebooks read.

    Raises
    ------
    NetgraderError
        If not; the message names the file and says what to do. A missing file of ours must not cost a student points.
    """
    total = 0
    for file in assignment.beside:
        try:
            with file.open("rb"):
                total += file.stat().st_size
        except OSError as error:
            raise NetgraderError(
                f"The file {file}, which [files] in {assignment.checks / 'exercises.toml'} names, cannot be read: "
                f"{error.strerror}. Nothing was released or graded and no mark was changed. Put it there, or take its name out."
            ) from error
    if total > LARGEST_BESIDE:
        raise NetgraderError(
            f"The files that [files] in {assignment.checks / 'exercises.toml'} names are {total:,} bytes together; at most "
            f"{LARGEST_BESIDE:,} may be next to a notebook in its cage. Nothing was released or graded and no mark was changed."
        )


def require_closed(course: Course, options: Options) -> None:
    """Require that other users cannot read the course's files, if submissions run as one of them.

    Raises
    ------
    NetgraderError
        If they can; the message names the path and says what to type.
    """
    path = open_to_all(course, options.sandbox)
    if path is not None:
        raise NetgraderError(
            f"Every user of this machine can read {path}, and so could what is handed in (--sandbox {AS_USER}). Nothing "
            f"was graded and no mark was changed. Type: chmod o= {path}"
        )


def open_to_all(course: Course, sandbox: str) -> Path | None:
    """Return a path of the course that submissions could read in that sandbox, but must not; None if none."""
    from notebook_cage.host import reachable  # noqa: PLC0415  (POSIX)

    if sandbox != AS_USER:
        return None
    paths = (course.root, course.hidden_tests, course.scratch, Path(course.db_url.removeprefix("sqlite:///")))
    return next((path for path in paths if path.exists() and reachable(path)), None)


@dataclass(frozen=True)
class RunInputs:
    """The inputs of a notebook's run: the request, and the hash of all inputs as a key."""

    request: ExecutionRequest
    key: Key


def run_inputs(
    assignment: Assignment, notebook: RestoredNotebook, helpers: Mapping[str, str], options: Options, *, run: int = 0
) -> RunInputs:
    """Return the inputs of run number `run`.

    Run 0 repeats what the student saw, with their own seeds; other runs change all seeds.
    """
    files = assignment.files(notebook.name)
    request = ExecutionRequest(
        cells=_cells(assignment, notebook),
        helpers=helpers,
        beside=(*assignment.beside, *files.given),
        probes=(*files.probes, *filter(Path.is_file, (files.exercises, files.hidden))),
        data=assignment.data_file,
        spec=assignment.spec,
        limits=_limits(assignment, options),
        seed=assignment.course.seed + run,
        respect_seeds=run == 0,
        threads=options.threads,
        secret=assignment.course.secret.hex(),
    )
    if _needs_held_out(assignment, notebook):
        seed = secret_seed(assignment.course.secret, request.challenge(), run)
        request = dataclasses.replace(request, held_out=seed)
    # Text cells are not inputs: only the code that runs, and where evidence is collected.
    own = {
        "code": hash_json([[cell.source, cell.evidence] for cell in request.cells]),
        "files": {name: hash_bytes(text.encode()) for name, text in sorted(helpers.items())},
        "run": run,
    }
    return RunInputs(request, Key(RUN, {**run_context(assignment, notebook.name, options), **own}))


def _cells(assignment: Assignment, notebook: RestoredNotebook) -> tuple[ExecutionCell, ...]:
    """Return the code cells to run."""
    taken_at = set(assignment.evidence_cells(notebook.name))
    given = [cell for one in every_release(assignment, notebook.name) for cell in one.cells if not cell.is_solution]
    released = {cell.source for cell in given if cell.cell_type == "code"}  # compared exactly: blanks may be data
    return tuple(
        ExecutionCell(
            source=cell.source,
            name=cell.grade_id,
            evidence=cell.grade_id if cell.grade_id in taken_at else "",
            runs=cell.origin is None or not cell.origin.is_check,
            given=cell.source in released,
        )
        for cell in notebook.code
    )


def run_stage(store: Store, inputs: RunInputs, options: Options) -> tuple[Ran, bool]:
    """Run a notebook, or return its cached run; also return whether it ran now."""
    entry, made = store.get_or_make(
        inputs.key, lambda folder: run_request(inputs.request, options, folder), replace=options.anew
    )
    return Ran(entry, Execution.load(entry.content)), made


def _needs_held_out(assignment: Assignment, notebook: RestoredNotebook) -> bool:
    """Whether points of the notebook depend on the accuracy on the test inputs."""
    exercises = assignment.exercises_in_grading
    asked = [exercises.of_cell(cell.grade_id) for cell in notebook.code]
    return any(one.says("least_accuracy") or one.says("target") for one in asked)


def run_context(assignment: Assignment, notebook: str, options: Options) -> dict[str, object]:
    """Return the inputs that all students' runs of a notebook share."""
    files = assignment.files(notebook)
    beside = {path.name: path for path in (*assignment.beside, *files.given)}
    return {
        "notebook": notebook,
        "probes": hash_files({path.name: path for path in (*files.probes, files.exercises, files.hidden)}),
        "data": data_hash(assignment),
        "beside": hash_files(beside),
        "seed": assignment.course.seed,
        "limits": msgspec.to_builtins(_limits(assignment, options)),
        "sandbox": options.sandbox,
        "versions": versions_of(VERSIONS_OF_A_RUN),
        "netgrader": code_hash(),
    }


def data_hash(assignment: Assignment) -> dict[str, str | None]:
    """Return the hash of the course's data by name; empty for a course without data."""
    return hash_files({} if assignment.data is None else {"data": assignment.data})


def _limits(assignment: Assignment, options: Options) -> ExecutionLimits:
    limits = assignment.exercises_in_grading.limits.of_a_run
    return msgspec.structs.replace(
        limits,
        memory_bytes=min(limits.memory_bytes, options.memory_bytes),
        notebook_seconds=min(limits.notebook_seconds, options.notebook_seconds),
    )


def run_request(request: ExecutionRequest, options: Options, folder: Path) -> None:
    """Run a notebook in the sandbox that the options name; write the result into the empty `folder`.

    Raises
    ------
    CageError
        If this machine lacks the sandbox, it does not keep its promises, or no kernel starts in it.
    """
    from netgrader.cage_contents import preload, refusals, require_cage  # noqa: PLC0415
    from notebook_cage.zygote import Zygote  # noqa: PLC0415

    with refusals():
        sandbox = Zygote.open_sandbox(options.sandbox, preload(options.threads))
        from netgrader.grading.execute import execute  # noqa: PLC0415  (meanwhile the fork server imports packages)

        require_cage(options.sandbox)
        execute(request, sandbox, folder)
