"""Graders and sandboxes without one protection each, so that its attack can be seen to succeed.

Each attack still runs in a sandbox: if a part of the sandbox is off, the attack reaches only what the test put there for it.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import netgrader
from netgrader.evidence import MANIFEST, Evidence, ProbeError
from netgrader.grading import execute as execution
from netgrader.grading.execution import CellStatus, ExecutionCell, ExecutionLimits, ExecutionRequest
from netgrader.grading.restore import restore
from netgrader.grading.submission import parse_notebook
from netgrader.skeleton import Skeleton, SkeletonCell
from notebook_cage import Mount, open_sandbox
from tests.attacks.attacked import notebook_of
from tests.attacks.table import notebooks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.attacks.attacked import Attack
    from tests.attacks.conftest import Attacked

# The tests as many graders have them: plain assertions, run behind the student's code in the student's process.
CHECKS = {
    "check_add": "assert [add(a, b) for a, b in ((1, 2), (30, 4), (5, 600))] == [3, 34, 605]",
    "check_squares": """
import numpy
def same(found):
    right = [k * k for k in range(10)]
    for way in (lambda: found == right, lambda: numpy.array_equal(found, right), lambda: found.tolist() == right):
        try:
            if way(): return True
        except (AttributeError, TypeError, ValueError): pass
    return False
assert same(squares)
""",
}
POINTS = {"check_add": 2.0, "check_squares": 3.0}
CLAIM = re.compile(r'^\s*(\d+(?:\.\d+)?)\s*$|"score": (\d+(?:\.\d+)?)|credit (\d+)', re.MULTILINE)


def believed(attacked: Attacked, attack: Attack, folder: Path) -> dict[str, float]:
    """Points of a grader that believes the student's process: that a check ended without an error, or what is shown."""
    skeleton = attacked.course.assignment("numbers").skeleton("1_sums")
    notebook = restore(parse_notebook(json.dumps(notebook_of(skeleton, attack)).encode()), skeleton)
    cells = [ExecutionCell(CHECKS.get(cell.grade_id, cell.source), cell.grade_id) for cell in notebook.code]
    limits = ExecutionLimits(cell_seconds=5, notebook_seconds=20, memory_bytes=700_000_000, processes=40)
    ran = execution.execute(ExecutionRequest(cells, limits=limits, helpers=attack.files), open_sandbox(), folder)
    points, claimed = {}, 0.0
    for run in ran.cells:
        claimed = max([claimed, *_claims(run.outputs)])
        if run.name in POINTS:
            passed = run.status is CellStatus.OK
            points[run.name] = POINTS[run.name] if passed else min(claimed, POINTS[run.name])
            claimed = 0.0
    return points


def _claims(outputs: Sequence[Mapping[str, Any]]) -> Iterator[float]:
    for output in outputs:
        data = output.get("data") or {}
        for text in (output.get("text"), data.get("text/plain"), output.get("evalue")):
            yield from (float(next(filter(None, found))) for found in CLAIM.findall(str(text)))


class CopiedLate(execution._Run):
    """A run whose evidence is taken over when all is run, not when it was made."""

    def _cells(self, kernel: Any) -> None:
        self._waiting: list[tuple[Path, str]] = []
        super()._cells(kernel)
        for folder, evidence in self._waiting:
            super()._collect(folder, evidence)

    def _collect(self, folder: Path, evidence: str) -> str | None:
        named = folder.with_name(evidence)
        if not named.exists():
            folder.rename(named)  # under a name that anybody can know
        self._waiting.append((named, evidence))
        return None


class TakenLate(execution._Run):
    """A run that takes evidence when all is run, not when a check cell is reached."""

    def __init__(self, request: ExecutionRequest, *rest: Any) -> None:
        cells = sorted(request.cells, key=lambda cell: bool(cell.evidence))
        super().__init__(replace(request, cells=cells), *rest)


def as_handed_in(name: str, content: Mapping[str, Any]) -> Skeleton:
    """The release as the student says that it was: ids, points and locks of the notebook that was handed in."""
    cells = [
        SkeletonCell(cell["id"], cell["cell_type"], cell["source"], cell["metadata"].get("nbgrader"))
        for cell in content["cells"]
    ]
    return Skeleton(name, tuple(cells), content["metadata"])


def opened(folder: Path) -> Path:
    """The folder with all that is in it, so that anybody may read and write it: it is a copy of the test's own."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o077 if path.is_dir() else 0o066))
    return folder


def writable_package(folder: Path) -> Mount:
    """A copy of what a kernel is given of our package, that it may write to."""
    given = execution.our_package()
    shutil.copytree(given.host, folder)
    return Mount(opened(folder), given.inside, writable=True)


def whole_package(folder: Path) -> Mount:
    """All of the repository's Python in place of what a kernel is given of it."""
    for path in (Path(netgrader.__file__).parent, Path(__file__).parents[2] / "grader_tests"):
        shutil.copytree(path, folder / path.name, ignore=shutil.ignore_patterns("__pycache__"))
    return Mount(opened(folder), execution.PACKAGE_FOLDER)


@contextlib.contextmanager
def writable_checks(probes: Sequence[Path], folder: Path, *, beside: Sequence[Path] = ()) -> Iterator[Mount]:
    """The folder of probes, writable, with other files `beside` them."""
    folder.mkdir()
    for path in (*probes, *beside):
        shutil.copyfile(path, folder / path.name)
    yield Mount(opened(folder), execution.PROBES_INSIDE, writable=True)


def unpickled(content: bytes, dimensions: int = 32) -> Any:
    """An array as NumPy reads it where it is told to trust what it reads."""
    return np.load(io.BytesIO(content), allow_pickle=True)


def at_its_word(folder: Path) -> Evidence:
    """Evidence read by somebody who takes the manifest at its word."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    arrays, facts, errors = {}, {}, {}
    for item in manifest["items"]:
        if item["kind"] == "array":
            arrays[item["name"]] = np.load(folder / item["file"], allow_pickle=True)
        elif item["kind"] == "error":
            errors[item["name"]] = ProbeError(**item["error"])
        else:
            facts[item["name"]] = item.get("value")
    return Evidence(manifest["cell"], {}, arrays, facts, errors)


BY_NAME = {attack.name: attack for attack in notebooks("forging", "resources")}


def deserved(attack: Attack) -> dict[str, float | None]:
    """Points of its honest part, by check cell."""
    return {"check_add": attack.add_deserves, "check_squares": attack.squares_deserves}


def points(attacked: Attacked, attack: Attack) -> dict[str, float | None]:
    """Points that it got, by check cell."""
    result = attacked.results[attack.name].result
    return {cell.cell: cell.points for cell in result.cells if not cell.manual}
