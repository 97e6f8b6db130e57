"""Record and verify evidence of many students' work, in a separate process with TensorFlow.

``python grade_students.py WORK.json VERDICTS.json``: WORK holds a list of ``{"name", "cells", "sources"}``; with
``"notebook"`` the tests of another notebook than the first, and with ``"keep"`` a folder where the evidence is left.
With a ``"secret"`` the last of the sources is given data as in grading: marks among the training images, and other test images.
With ``"variants"``, sources by name, each of these is run after `sources` in their namespace and graded by its own
name: what takes long, such as a training, is then done once.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tensorflow.compat.v1 as tf

from graphread.lab.local import LocalLab
from netgrader.cell_names import made_by, made_with
from netgrader.checks.context import TestContext
from netgrader.checks.exercises import load_exercises
from netgrader.checks.run import run_tests
from netgrader.files import decode, plain_json
from netgrader.grading.causes import charged_once
from netgrader.judges import learning_rate
from netgrader.judges.learning_rate import Runs
from netgrader.results import CheckResult
from netgrader.student import setup
from netgrader.student.capture import take

if TYPE_CHECKING:
    from netgrader.judges.learning_rate import ShortRun

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "source" / "digits"
CHECKS = SOURCE / "checks"
HIDDEN = ROOT / "grader_tests" / "hidden.toml"

Verdicts = dict[str, object]


def main(asked: Path, told: Path) -> None:
    sys.path.insert(0, str(SOURCE))  # for after_one_layer, which stands beside the notebooks
    tf.disable_v2_behavior()
    learning_rate.short_runs = remembered(learning_rate.short_runs)
    told.write_text(json.dumps([verdicts for work in json.loads(asked.read_text()) for verdicts in grade(**work)]))


def remembered(short_runs: Any) -> Any:
    """`short_runs` with what it found before: many students try the same network at the same rates.

    Runs of several networks go to the end, so that all later ones find them.
    """
    known: dict[tuple[bytes, float], ShortRun] = {}

    def run(lab: Any, graphs: Any, images: Any, *, seed: int = 1, enough: Any) -> dict[str, ShortRun]:
        keys = {name: (hashlib.sha256(graph.meta_graph).digest(), rate) for name, (graph, rate) in graphs.items()}
        new = {name: graphs[name] for name, key in keys.items() if key not in known}
        until = enough if len(graphs) == 1 else lambda _: False
        made = short_runs(lab, new, images, seed=seed, enough=until) if new else {}
        known.update({keys[name]: found for name, found in made.items() if len(found.losses) == Runs.STEPS})
        return {name: known.get(key) or made[name] for name, key in keys.items()}

    return run


def grade(
    name: str,
    cells: list[str],
    sources: list[str],
    *,
    notebook: str = "one_layer",
    variants: dict[str, str] | None = None,
    keep: str | None = None,
    secret: str = "",
) -> list[Verdicts]:
    namespace: dict[str, object] = {"__name__": "__main__"}
    tf.reset_default_graph()
    outside = {"held_out": secret} if secret else {}
    for number, source in enumerate(sources):
        if secret and number == len(sources) - 1:
            namespace |= rows_given(outside)
        _run(source, f"<cell {number}>", namespace)
    if variants is None:
        return [judged(name, cells, sources, namespace, notebook, keep, outside)]
    found = []
    for variant, source in variants.items():
        own = dict(namespace)
        tf.reset_default_graph()
        _run(source, f"<{variant}>", own)
        found.append(judged(variant, cells, [*sources, source], own, notebook, None, outside))
    return found


def rows_given(outside: dict[str, str]) -> dict[str, object]:
    """The rows of images that a notebook is given in a run that was seen from outside like this."""
    bench = TestContext(CHECKS, load_exercises(CHECKS), LocalLab, outside=outside)
    data = bench.dataset
    return {"x_train": data.prepared(data.x_train), "x_test": data.prepared(bench.given.images)}


def judged(  # noqa: PLR0917  (what a student handed in, and where it goes)
    name: str,
    cells: list[str],
    sources: list[str],
    namespace: dict[str, object],
    notebook: str,
    keep: str | None,
    outside: dict[str, str],
) -> Verdicts:
    start = time.perf_counter()
    public, hidden = CHECKS / f"test_{notebook}_public.py", ROOT / "grader_tests" / f"test_{notebook}.py"
    with tempfile.TemporaryDirectory() as checks, tempfile.TemporaryDirectory() as root:
        shutil.copytree(CHECKS, checks, dirs_exist_ok=True)
        shutil.copy(HIDDEN, checks)  # as in a cage
        for cell in cells:
            out = Path(root) / cell
            out.mkdir()
            take(cell, namespace, out, checks)
        if keep:
            shutil.copytree(root, keep)
        bench = TestContext(Path(root), load_exercises(Path(checks)), LocalLab, outside=outside)
        try:
            run = run_tests(bench, [public], [hidden], cells=cells)
        finally:
            bench.close()
    exercises = [cell.removeprefix("check_") for cell in cells]
    named = [(next((one for one in exercises if one in made_by(source)), ""), source) for source in sources]
    told = {cell: decode(tuple[CheckResult, ...], plain_json(found)) for cell, found in run.checks.items()}  # as graded
    settled = charged_once(told, made_with(named))
    checks = {cell: [dataclasses.asdict(check) for check in found] for cell, found in settled.items()}
    measured = {name: value for noted in run.measured_by_cell.values() for name, value in noted.items()}
    seconds = time.perf_counter() - start
    return {"name": name, "checks": checks, "measured": measured, "log": list(run.log), "seconds": seconds}


def _run(source: str, name: str, namespace: dict[str, object]) -> None:
    exec(compile(source, name, "exec"), namespace)  # noqa: S102  (a student's cell, of our own writing)


if __name__ == "__main__":
    setup()  # as the first cell of a notebook does
    main(Path(sys.argv[1]), Path(sys.argv[2]))
