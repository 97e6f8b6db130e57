"""What two tools say of the programs, as predictions that anybody can score: ours, and NeuraLint's own tool."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from research import benchmark_neuralint
from research.benchmark.load import HERE, lines, load
from research.benchmarks import REPOSITORIES
from tests.corpus.reading import commit, reader_hash

if TYPE_CHECKING:
    from pathlib import Path

    from research.benchmark.load import Case

RESULTS = HERE / "results"
TOGETHER = 60
"""Programs that NeuraLint is given at a time; what it said is kept after each lot."""


def rows(tool: str) -> dict[str, dict[str, Any]]:
    """The predictions of a tool by the id of the program, those of programs that are no longer the same left out."""
    path, now = RESULTS / f"{tool}.jsonl", {case.id: case.label["sha256"] for case in load()}
    found = lines(path) if path.exists() else ()
    return {row["id"]: row for row in found if row.get("sha256") == now.get(row["id"], "")}


def codes(tool: str) -> dict[str, list[str]]:
    """What a tool's codes are called here."""
    return dict(json.loads((HERE / "codes" / f"{tool}.json").read_text(encoding="utf-8")))


def keep(tool: str, known: dict[str, dict[str, Any]]) -> None:
    """Write the predictions of a tool."""
    RESULTS.mkdir(exist_ok=True)
    part = RESULTS / f"{tool}.part"
    part.write_text(
        "".join(json.dumps(known[key], separators=(",", ":")) + "\n" for key in sorted(known)), encoding="utf-8"
    )
    part.replace(RESULTS / f"{tool}.jsonl")


def read(api: str | None, minutes: float) -> None:
    """Let our reader read what it has not read as it is now; graphs and Keras in processes of their own."""
    if api is None:
        for one in ("graph", "keras"):
            command = [sys.executable, "-m", "research.benchmark", "read", "--api", one, "--minutes", str(minutes / 2)]
            subprocess.run(command, cwd=HERE.parents[1], check=True)
        return
    from netgrader.reader.lab.local import LocalLab

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    known, lab, began = rows("netgrader"), LocalLab(timeout=60, threads=1), time.monotonic()
    todo = [case for case in load(api=api) if known.get(case.id, {}).get("reader") != reader_hash()]
    for number, case in enumerate(sorted(todo, key=lambda case: case.id in known)):
        if time.monotonic() - began > 60 * minutes:
            sys.stdout.write(f"{len(todo) - number} of {api} are not read yet\n")
            return
        known[case.id] = {
            "id": case.id,
            "sha256": case.label["sha256"],
            "reader": reader_hash(),
            "commit": commit(),
            **_said(case, lab),
        }
        keep("netgrader", known)


def _said(case: Case, lab: Any) -> dict[str, Any]:
    from netgrader import read_network
    from netgrader.course_reader import exercise_named
    from research.benchmark.make import CODES, TASKS, built, modelled
    from tests.corpus import eager

    began = time.process_time()
    try:
        if case.label["api"] == "keras":
            model = modelled(case.source())
            task = eager.EXERCISES[case.label["task"]]
            form = eager.form_of(case.source())
            network = read_network(
                model, None if hasattr(model, "fit") else eager.examples({"Y": form}, task.name), task, lab=lab
            )
        else:
            made = built(case.source())
            task = exercise_named(case.label["task"], TASKS[case.label["task"]].get("rate"))
            network = read_network(made.meta_graph, dict(made.parts), task, lab=lab, eval_feed=made.eval_feed)
    except Exception as error:  # noqa: BLE001 - that the reader raises is a result
        return {
            "faults": [],
            "error": f"{type(error).__name__}: {str(error)[:200]}",
            "seconds": round(time.process_time() - began, 2),
        }
    remarks = {fault.code for fault in network.remarks}
    named = sorted({fault.code for fault in network.faults} | (remarks & CODES.keys()))
    row = {"faults": named, "remarks": sorted(remarks - CODES.keys()), "undecided": len(network.undecided)}
    return {**row, "seconds": round(time.process_time() - began, 2)}


def neuralint(folder: Path) -> None:
    """Let NeuraLint's tool read the sources, in a cage; FOLDER is as in `research.benchmark_neuralint`."""
    name, wanted = REPOSITORIES["NeuraLint"]
    head = ["git", "-C", str(folder / "NeuraLint"), "rev-parse", "HEAD"]
    if subprocess.run(head, capture_output=True, text=True, check=False).stdout.strip() != wanted:
        sys.exit(f"{folder / 'NeuraLint'} must be a clone of {name} at {wanted}.")
    known = rows("neuralint")
    todo = [case for case in load() if case.id not in known]
    for start in range(0, len(todo), TOGETHER):
        some = todo[start : start + TOGETHER]
        said = benchmark_neuralint.asked(folder, [(case.id, case.source()) for case in some])
        for case, (codes, why, seconds) in zip(some, said, strict=False):
            row = {
                "id": case.id,
                "sha256": case.label["sha256"],
                "commit": wanted[:10],
                "faults": codes,
                "seconds": seconds,
            }
            known[case.id] = {**row, "error": why} if why else row
        keep("neuralint", known)
