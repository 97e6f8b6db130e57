"""What the reader says of other people's benchmarks; rows go to ``evaluation/benchmarks.csv``.

    python -m evaluation.benchmarks FOLDER --keras FOLDER [--only PART]

FOLDER holds clones of the repositories in `REPOSITORIES`; the other one, tf_keras and tf_slim of the TensorFlow that is
installed. ``benchmarks_claims.csv`` says of each program what its authors say is wrong with it and which codes of ours
that is; it was committed before the first run. A program runs in a cage, on stand-ins (`evaluation/benchmark_stand_ins.py`),
until its training would begin; the graph that it has built by then is read in a lab in a cage. None of the repositories
states a licence: their programs are measured and not copied. What has a row of this reader is not read again.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from evaluation.rows import append_row, rows_of
from graphread import Exercise, LabError, read_network
from graphread.graph.source import GraphError
from netgrader.caged_lab import CagedLab
from netgrader.strangers import printable
from notebook_cage import Limits, Mount, Plan, open_sandbox
from tests.corpus.reading import commit, reader_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from graphread import Network

HERE = Path(__file__).parent
CLAIMS, ROWS = HERE / "benchmarks_claims.csv", HERE / "benchmarks.csv"
REPOSITORIES = {
    "TensorFlow-Program-Bugs": ("ForeverZyh/TensorFlow-Program-Bugs", "158ba0a23e0cb74e73dbab08571b05fc36848f2a"),
    "TheDeepChecker": ("thedeepchecker/thedeepchecker", "d0a2b3a5339b50c3f0b147231e295d3db25017fb"),
    "NeuraLint": ("neuralint/neuralint", "e27dacf63d3cc75fa02ef81f9ec5bbc90881d1f5"),
}
FIELDS = (
    "tool",
    "commit",
    "reader",
    "set",
    "program",
    "ended",
    "layers",
    "loss",
    "optimizer",
    "faults",
    "remarks",
    "undecided",
    "seconds",
    "by_eye",
)
TOOL, NOT_RUN = "netgrader", "not-run"
BATCH, LARGEST = 30, 600_000_000
LIMITS = Limits(wall_seconds=1800, memory_bytes=6_000_000_000, disk_bytes=2_000_000_000)
STAGE_FILES = ("benchmark_stage.py", "benchmark_stand_ins.py")
STAGE, GIVEN, KERAS, OUT = "/opt/stage", "/run/given", "/opt/keras", "/run/out"


class Claim(NamedTuple):
    """A program, and its authors' claim about it.

    `codes` are ours for it: alternatives with ``|``, several faults with ``&``; or ``not-in-graph``, ``no-code`` if the
    reader does not look for it, ``raises`` if TensorFlow rejects the program, ``not-run``. `exercise` is the JSON of the
    reader's requirements: empty for none, ``{}`` for classification, or the targets of a regression.
    """

    set: str
    program: str
    version: str
    kind: str
    claim: str
    codes: str
    exercise: str
    arguments: str


def claims() -> list[Claim]:
    """Return all programs, in the order of the table."""
    with CLAIMS.open(encoding="utf-8", newline="") as file:
        return [Claim(*row) for row in list(csv.reader(file))[1:]]


def rows(tool: str) -> dict[tuple[str, str], dict[str, str]]:
    """Return the last row of a tool for each program."""
    return {(row["set"], row["program"]): row for row in rows_of(ROWS) if row["tool"] == tool}


@dataclass(frozen=True)
class Staged:
    """The graph that a program had built when it ended, and how it ended."""

    graph: bytes
    ended: str


def root_of(claim: Claim) -> tuple[str, str]:
    """Return the folder that a program needs, and the program's path within it."""
    path = Path(claim.program)
    parts = path.parts
    whole = next((n for n, part in enumerate(parts) if part.endswith(("-buggy", "-fix", "-model"))), None)
    if parts[0] == "GH_buggy_examples":
        whole = 1
    root = path.parent if whole is None else Path(*parts[: whole + 1])
    return str(root), str(path.relative_to(root))


def staged(folder: Path, keras: Path, batch: Sequence[Claim]) -> Iterator[Staged]:
    """Run programs in a sandbox; yield their results."""
    jobs = []
    for claim in batch:
        root, program = root_of(claim)
        jobs.append((f"{GIVEN}/{claim.set}/{root}", program, claim.arguments.split()))
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out"
        out.mkdir()
        given = [Mount(folder / name, f"{GIVEN}/{name}") for name in {claim.set for claim in batch}]
        tail = caged(STAGE_FILES, jobs, [Mount(keras, KERAS), *given, Mount(out, OUT, writable=True)], LIMITS)
        for number in range(len(batch)):
            yield Staged(content(out / str(number) / "graph.pb"), _ended(out / str(number) / "ended", tail))


def caged(
    scripts: Sequence[str],
    jobs: Sequence[Any],
    mounts: Sequence[Mount],
    limits: Limits,
    *,
    env: Mapping[str, str] | None = None,
    files: Mapping[str, bytes] | None = None,
) -> str:
    """Run the first of our scripts on jobs in a sandbox, along with the others; return its last output."""
    with tempfile.TemporaryDirectory() as name:
        stage = Path(name) / "stage"
        stage.mkdir()
        for file in scripts:
            shutil.copyfile(HERE / file, stage / file)
        quiet = {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        plan = Plan(
            argv=[sys.executable, f"{STAGE}/{scripts[0]}", "jobs.json", OUT],
            mounts=[Mount(stage, STAGE), *mounts],
            env={"PYTHONPATH": KERAS, **quiet, **(env or {})},
            files={"jobs.json": json.dumps(jobs).encode(), **(files or {})},
            limits=limits,
        )
        outcome = open_sandbox().start(plan).wait()
        return "" if outcome is None else outcome.error_tail or "without a word"


def content(path: Path) -> bytes:
    """Return a file of an untrusted run; empty if it is not a regular file of acceptable size."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
        return b""
    return path.read_bytes()


def _ended(path: Path, otherwise: str) -> str:
    text = content(path)[:300].decode("utf-8", "replace") or f"the cage ended: {otherwise[-200:]}"
    return printable(" ".join(text.split()))


def read(claim: Claim, graph: bytes, lab: CagedLab) -> dict[str, str]:
    """Return the reader's findings on a graph, as part of a row."""
    asked = json.loads(claim.exercise) if claim.exercise else None
    if asked is not None and "targets" in asked:
        asked["targets"] = tuple(asked["targets"])
    exercise = None if asked is None else Exercise(name="benchmark", **asked)
    began = time.monotonic()
    try:
        network = read_network(graph, None, exercise, lab=lab)
    except (GraphError, LabError) as error:
        return {"undecided": f"{type(error).__name__}: {error}"[:200]}
    except Exception as error:  # noqa: BLE001 - that the reader raises is a result
        return {"undecided": f"the reader raised {type(error).__name__}: {error}"[:200]}
    return {**_said(network), "seconds": f"{time.monotonic() - began:.1f}"}


def _said(network: Network) -> dict[str, str]:
    layers = [f"{one.kind} {one.inputs}→{one.outputs} {one.activation}" for one in network.layers]
    return {
        "layers": ", ".join(layers) if len(layers) < 12 else f"{len(layers)} layers",
        "loss": network.loss.kind if network.loss else "",
        "optimizer": network.optimizer.kind if network.optimizer else "",
        "faults": " ".join(sorted({fault.code for fault in network.faults})),
        "remarks": " ".join(sorted({fault.code for fault in network.remarks})),
        "undecided": str(len(network.undecided) or ""),
    }


def checked(folder: Path) -> None:
    """Exit if a clone is missing or is at another commit than the measured one."""
    for name, (repository, wanted) in REPOSITORIES.items():
        command = ["git", "-C", str(folder / name), "rev-parse", "HEAD"]
        found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        if found != wanted:
            sys.exit(f"{folder / name} must be a clone of {repository} at {wanted}; it is {found or 'not there'}.")


def main() -> None:
    """Run and read all programs without a row for this version of the reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keras", type=Path, required=True)
    parser.add_argument("--only", default="", help="part of a set's or program's name")
    arguments = parser.parse_args()
    checked(arguments.folder)
    known = rows(TOOL)
    todo = [
        claim
        for claim in claims()
        if claim.codes != NOT_RUN
        and arguments.only in f"{claim.set}/{claim.program}"
        and known.get((claim.set, claim.program), {}).get("reader") != reader_hash()
    ]
    for start in range(0, len(todo), BATCH):
        batch = todo[start : start + BATCH]
        lab = CagedLab(seconds=60, memory_bytes=6_000_000_000)
        for claim, result in zip(
            batch, staged(arguments.folder.resolve(), arguments.keras.resolve(), batch), strict=True
        ):
            said = read(claim, result.graph, lab) if result.graph else {}
            old = known.get((claim.set, claim.program), {})
            same = all(old.get(key, "") == said.get(key, "") for key in ("faults", "remarks", "loss"))
            row = {
                "tool": TOOL,
                "commit": commit(),
                "reader": reader_hash(),
                "set": claim.set,
                "program": claim.program,
                "ended": result.ended,
                "by_eye": old.get("by_eye", "") if same else "",
                **said,
            }
            append_row(ROWS, FIELDS, row)
            sys.stdout.write(f"{claim.program}: {result.ended}; {said.get('faults', '')} ({said.get('remarks', '')})\n")
            sys.stdout.flush()
        lab.close()


if __name__ == "__main__":
    main()
