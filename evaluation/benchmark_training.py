"""Judge what no graph shows in TheDeepChecker's programs, data and rates: ``python -m evaluation.benchmark_training FOLDER``.

Its programs do not train: they hand a graph and a loader of minibatches to their checker. What the loader makes is fed to the
instrument that judges students' training loops, on the digits. Where the rate is claimed to be wrong the graph is trained, in a
lab, at a third of it, at it, and at three and ten times it, and the four runs are judged as a student's rate is.
Rows go to ``evaluation/benchmarks_training.csv``; what has one of the present code is not judged again.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evaluation.benchmarks import GIVEN, HERE, KERAS, OUT, STAGE_FILES, Claim, caged, checked, claims, content
from evaluation.rows import append_row, rows_of
from graphread.lab import LabError
from netgrader.caged_lab import CagedLab
from netgrader.evidence import BadEvidence, read_evidence
from netgrader.judges.learning_rate import Runs, ShortRun, judge_rate
from netgrader.judges.log import BadTrainingLog, read_training_log
from netgrader.judges.subject import origins
from netgrader.judges.training_loop import judge_training
from netgrader.own_files import GRAPHREAD, PACKAGE
from netgrader.student import load_mnist
from netgrader.student.course_data import data_spec
from notebook_cage import Limits, Mount
from tests.corpus.reading import commit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphread import Lab

ROWS = HERE / "benchmarks_training.csv"
DATA, RATES = "data", "rates"
#: Our codes for each claim, fixed before the first run; ``|`` separates alternatives. Claims without an entry have no code.
CODES = {
    "scaled twice": "scaled-twice",
    "not scaled": "not-scaled",
    "images and labels shuffled apart": "labels-shuffled-apart",
    "classes of unlike size": "part-of-data-only",
    "too much augmentation": "unknown-rows",
    "learning rate too high": "learning-rate-too-high|learning-rate-diverges",
    "learning rate too low": "learning-rate-too-low",
}
FACTORS = (1 / 3, 1.0, 3.0, 10.0)
N_LOOP, N_RATES, N_TEST = 6_000, Runs.STEPS * Runs.BATCH, 1_000
CHECKOUT, COURSE, DIGITS, PANDAS = "/opt/checkout", "/opt/course", "/opt/data", "/opt/pandas"
LIMITS = Limits(wall_seconds=3600, memory_bytes=6_000_000_000, disk_bytes=2_000_000_000)
#: Programs whose images (CIFAR-10) are not available; only a loader's treatment of any images can be judged.
WITHOUT_IMAGES = "deepCNN"


class Places(NamedTuple):
    """Folders of the repositories, and of libraries that the programs need."""

    folder: Path
    keras: Path
    pandas: Path


def judged_as(claim: Claim) -> str | None:
    """Return what to judge in a program: its loader, its learning rate, or None."""
    if claim.set != "TheDeepChecker":
        return None
    regression, images = "outputs" in claim.exercise, WITHOUT_IMAGES in claim.program
    if claim.kind == DATA or (claim.version == "clean" and not regression):
        return None if regression else DATA  # the instrument requires classes
    return None if images or claim.claim not in CODES else RATES


def wanted() -> list[tuple[Claim, str]]:
    """Return programs with what to judge in each; for clean programs, both."""
    found = [(claim, kind) for claim in claims() if (kind := judged_as(claim)) is not None]
    clean = [claim for claim in claims() if claim.version == "clean" and WITHOUT_IMAGES not in claim.program]
    return found + [(claim, RATES) for claim in clean if claim.set == "TheDeepChecker"]


def staged(places: Places, jobs: Sequence[dict[str, Any]], rows: int, out: Path) -> None:
    """Run programs in a sandbox, on `rows` digits."""
    (x_train, y_train), (x_test, y_test) = load_mnist()
    digits = io.BytesIO()
    test = x_test[:N_TEST], y_test[:N_TEST]
    np.savez(digits, x_train=x_train[:rows], y_train=y_train[:rows], x_test=test[0], y_test=test[1])
    root = HERE.parent
    mounts = [
        Mount(places.keras, KERAS),
        Mount(places.pandas, PANDAS),
        Mount(places.folder / "TheDeepChecker", f"{GIVEN}/TheDeepChecker"),
        Mount(PACKAGE, f"{CHECKOUT}/netgrader"),
        Mount(GRAPHREAD, f"{CHECKOUT}/graphread"),
        Mount(root / "source" / "digits" / "checks", COURSE),
        Mount(root / "data", DIGITS),
        Mount(out, OUT, writable=True),
    ]
    env = {"PYTHONPATH": f"{KERAS}:{PANDAS}:{CHECKOUT}", "NETGRADER_CHECKS": COURSE, "NETGRADER_DATA": DIGITS}
    scripts = ("benchmark_stage_training.py", *STAGE_FILES)
    tail = caged(scripts, jobs, mounts, LIMITS, env=env, files={"digits.npz": digits.getvalue()})
    if tail and not any(out.iterdir()):
        sys.exit(f"The cage ended: {tail[-2000:]}")


def of_loader(out: Path) -> tuple[str, str]:
    """Return the codes and the findings for a loader's minibatches."""
    (x_train, y_train), (x_test, y_test) = load_mnist()
    try:
        log = read_training_log(read_evidence(out / "evidence"), data_spec())
    except (BadEvidence, BadTrainingLog) as problem:
        return "", str(problem)
    known = origins(log.tables, log.spec, (x_train[:N_LOOP], y_train[:N_LOOP]), (x_test[:N_TEST], y_test[:N_TEST]))
    training = judge_training(log, known)
    faults = {fault.code: fault for verdict in training.verdicts.values() for fault in verdict.faults}
    return " ".join(training.codes), "; ".join(str(fault.found) for fault in faults.values() if fault.found)


def losses(lab: Lab, folder: Path) -> list[float]:
    """Train a graph on its loader's rows in random order, as a student's rate is tried; return losses."""
    graph, parts, rows = (content(folder / name) for name in ("graph.pb", "parts.json", "rows.npz"))
    names = json.loads(parts)
    with np.load(io.BytesIO(rows), allow_pickle=False) as file:
        x, y = file["x"], file["y"]
    draw, size = np.random.default_rng(0), min(Runs.BATCH, len(x))
    order = np.concatenate([draw.permutation(len(x)) for _ in range(-(-Runs.STEPS * size // len(x)))])[
        : Runs.STEPS * size
    ]
    session = lab.load(graph).session(seed=1, often=True)
    try:
        session.initialise()
        fed = {names["features"]: x, names["targets"]: y}
        told = session.run_batches([names["loss"], names["train_op"]], fed, list(order.reshape(Runs.STEPS, size)))
    finally:
        session.close()
    return [float(np.mean(np.asarray(row[0]))) for row in told]


def of_rate(folders: Sequence[Path]) -> tuple[str, str]:
    """Return the code and the findings for a learning rate."""
    lab = CagedLab(seconds=600, memory_bytes=6_000_000_000)
    try:
        runs = [
            ShortRun(factor, np.asarray(losses(lab, folder)), 0.0, 0.0)
            for factor, folder in zip(FACTORS, folders, strict=True)
        ]
    except (LabError, ValueError, KeyError) as problem:
        return "", f"{type(problem).__name__}: {problem}"[:200]
    finally:
        lab.close()
    found = judge_rate(*runs)
    told = "; ".join(f"{run.rate:.3g} times the rate ends at {run.last:.3g}" for run in runs)
    return found.code if found is not None else "", told


def rows() -> list[dict[str, str]]:
    """Return the rows of all judged programs."""
    return rows_of(ROWS)


def judged(places: Places, claim: Claim, kind: str) -> tuple[str, str]:
    """Judge one program; return code and findings."""
    factors = (1.0,) if kind == DATA else FACTORS
    jobs = [{"program": claim.program, "loop": kind == DATA, "factor": factor} for factor in factors]
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out"
        out.mkdir()
        staged(places, jobs, N_LOOP if kind == DATA else N_RATES, out)
        made = [out / str(number) for number in range(len(jobs))]
        raised = content(made[0] / "raised").decode("utf-8", "replace")
        if raised:
            return "", raised
        return of_loader(made[0]) if kind == DATA else of_rate(made)


def main() -> None:
    """Judge all programs without a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keras", type=Path, required=True, help="folder with tf_keras and tf_slim")
    parser.add_argument("--pandas", type=Path, required=True, help="folder with pandas")
    arguments = parser.parse_args()
    checked(arguments.folder)
    places = Places(*(path.resolve() for path in (arguments.folder, arguments.keras, arguments.pandas)))
    os.nice(5)
    done = {(row["program"], row["judged"]) for row in rows()}
    for claim, kind in wanted():
        if (claim.program, kind) in done:
            continue
        named, told = judged(places, claim, kind)
        row = {"commit": commit(), "program": claim.program, "judged": kind, "named": named, "told": told}
        append_row(ROWS, row, row)
        sys.stdout.write(f"{claim.program} ({kind}): {named or 'nothing'}; {told}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
