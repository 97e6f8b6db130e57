"""Abuse of the kernel's machinery: its messages, and the folder of its evidence."""

from __future__ import annotations

import json
import math
from pathlib import Path
from textwrap import indent

import pytest

from netgrader.evidence import BadEvidence, read_evidence
from netgrader.grading.execute import execute
from netgrader.grading.execution import Execution, ExecutionCell, ExecutionLimits, ExecutionRequest
from netgrader.judges.sweeps import is_rate
from netgrader.strangers import read_finite_json, read_json
from notebook_cage import open_sandbox
from tests.attacks.attacked import RIGHT, Attack
from tests.attacks.conftest import Attacked
from tests.attacks.table import cells

MESSAGES = cells("messages")
FOLDER = cells("folder")
# In the place of our own function: fills the folder of each check cell honestly, then as an attack does.
TAKE = """
import json, os, pathlib, shutil, threading, time
import numpy as np
import netgrader.student.capture as capture
def take(cell, namespace, folder, *rest, **more):
    folder = pathlib.Path(folder)
    manifest = {'format': 1, 'cell': cell, 'items': [{'name': 'squares', 'kind': 'array', 'file': '0.npy'}]}
    np.save(folder / '0.npy', np.zeros(10))
    (folder / 'manifest.json').write_text(json.dumps(manifest))
    os.chdir('/tmp')
"""


def test_whatever_a_kernel_sends_the_rest_is_graded_and_can_be_written_down(attacked: Attacked) -> None:
    name, sending = "sends what it likes", list(MESSAGES.values())
    attacked.run([Attack(name, squares=RIGHT, cells=sending, squares_deserves=3.0)])
    result = attacked.results[name].result
    assert (result.score, result.problem) == (5.0, None)
    told = [result.as_json(), [list(outputs) for _, outputs in attacked.results[name].cells]]
    json.dumps(told, ensure_ascii=False, allow_nan=False).encode()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Execution, Path]:
    """One run in which every check cell's folder is filled in another way, and the last one's honestly."""
    branches = [f"    if cell == 'check_{n}':\n{indent(body, '        ')}\n" for n, body in enumerate(FOLDER.values())]
    names = [*(f"check_{number}" for number in range(len(FOLDER))), "check_honest"]
    checks = [ExecutionCell("", name=name, evidence=name, runs=False) for name in names]
    folder = tmp_path_factory.mktemp("filled") / "run"
    limits = ExecutionLimits(disk_bytes=30_000_000)
    request = ExecutionRequest(
        [ExecutionCell(TAKE + "".join(branches) + "capture.take = take"), *checks], limits=limits
    )
    return execute(request, open_sandbox(), folder), folder


@pytest.mark.parametrize("name", FOLDER)
def test_however_the_folder_is_filled_it_is_read_as_evidence_or_refused(filled, name: str) -> None:
    execution, folder = filled
    cell = f"check_{list(FOLDER).index(name)}"
    said = ""
    try:
        evidence = read_evidence(folder / "evidence" / cell)
        json.dumps(repr(evidence), ensure_ascii=False).encode()
    except BadEvidence as error:
        said = str(error)
    assert len(str(execution.problems.get(cell, said))) < 200
    assert (cell in execution.problems) != (folder / "evidence" / cell).exists()


def test_the_folder_of_the_next_check_is_read_as_ever(filled) -> None:
    execution, folder = filled
    assert execution.problem is None
    assert read_evidence(folder / "evidence" / "check_honest").arrays["squares"].tolist() == [0] * 10
    assert not [path for path in folder.rglob("*") if path.is_symlink() or not (path.is_file() or path.is_dir())]


def test_numbers_that_json_or_numpy_has_no_place_for_are_none_or_infinite() -> None:
    """A test of ours that is handed one ends in an error of NumPy's, and the instructor is told that it is broken."""
    nines = b"9" * 5_000
    assert read_json(b"[" + nines + b", -" + nines + b", 999999999999999999]", 3) == [math.inf, -math.inf, 10**18 - 1]
    assert read_finite_json(b"[" + nines + b", 1" + b"0" * 30 + b"]", 3, most=100) == [None, 1e30]
    assert not is_rate(read_json(nines, 1))
    read = read_finite_json(b'[NaN, -Infinity, 1e999, {"x": -1E400}, 1.5, 12]', 3, most=100)
    assert read == [None, None, None, {"x": None}, 1.5, 12]
