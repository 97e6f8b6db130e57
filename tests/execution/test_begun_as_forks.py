"""A notebook whose kernel starts as a fork of a zygote behaves as in a new interpreter."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest

from netgrader.cage_contents import preload
from netgrader.evidence import MANIFEST
from netgrader.grading.execute import execute
from netgrader.grading.execution import ExecutionCell, ExecutionRequest
from notebook_cage import open_sandbox
from notebook_cage.bubblewrap import BubblewrapSandbox
from notebook_cage.zygote import Zygote
from tests.execution.conftest import check
from tests.execution.test_seeds import DRAWS, GRAPHS, SEEDED

NOTES = re.compile(r"WARNING: All log messages before absl|[IWE]0000 ")
WARNINGS = re.compile(r"WARNING:tensorflow:.*\n(?:Instructions for updating:\n.*\n)?")
PLACE = re.compile(r"/ipykernel_[0-9]+/")  # the number of the process
FIRST = """
import os, random, sys, uuid
import matplotlib.pyplot as plt
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
"""
CELLS = (
    FIRST.replace("import matplotlib", "before = random.random()\nimport matplotlib"),
    "print(before, random.random(), random.sample(range(100), 5))",
    DRAWS,
    SEEDED,
    GRAPHS.replace("for seed in (None, 4):", "for seed in (4,):"),  # the order of unseeded data sets is left to chance
    "plt.plot([1, 3, 2]); plt.title('three')",
    "print('out'); print('err', file=sys.stderr)",
    "import logging; logging.getLogger('tensorflow').warning('another'); import warnings; warnings.warn('a third')",
    "print(sys.argv[0], sys.path[:3], os.getcwd(), plt.get_backend(), __name__, sorted(k for k in globals() if k[0] != '_'))",
    "print({k: v for k, v in sorted(os.environ.items()) if k != 'PWD'})",
    "print(tf.__version__, tf.test.is_gpu_available(), sorted(name for name in sys.modules if name.startswith('netgrader'))[:3])",
    "%timeit -n 1 -r 1 -q pass",
    "1 / 0",
    "number = {'a': [1.5, 2]}\nnumber = 7",
    check("check_number"),
    "from beside import x\nprint(x)",
)


@pytest.fixture(scope="module")
def warm():
    with Zygote.start(BubblewrapSandbox(), preload(2)) as zygote:
        zygote.wait()
        yield BubblewrapSandbox(zygote=zygote)
        assert zygote.alive


def stream_texts(cell):
    """Return what a cell wrote to each stream, by the stream's name."""
    texts = {}
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            texts[output["name"]] = texts.get(output["name"], "") + PLACE.sub("", output["text"])
    return texts


def shown_by_stream(cell):
    """Return a cell's outputs that are no text, and the sorted lines of each stream, without warnings of TensorFlow's.

    Which of several writers comes first is left to chance, so such a warning may come in the middle of a line or in the next
    cell. TensorFlow's own code notes the time and the processor at its import: these lines are left out, too.
    """
    lines = {
        name: sorted(line for line in WARNINGS.sub("", text).splitlines() if not NOTES.match(line))
        for name, text in stream_texts(cell).items()
    }
    shown = [output for output in cell["outputs"] if output["output_type"] != "stream"]
    return [shown, {name: of for name, of in lines.items() if of}]


def came_of(request, sandbox, folder):
    """What came of a run, without what its time and its place make of it, and what was handed over."""
    raw = dataclasses.asdict(execute(request, sandbox, folder))
    for name in ("seconds", "usage", "outside"):
        raw.pop(name)
    texts = [text for cell in raw["cells"] for text in stream_texts(cell).values()]
    raw["warnings"] = sorted(warning for text in texts for warning in WARNINGS.findall(text))
    for cell in raw["cells"]:
        for name in ("seconds", "cpu_seconds", "capture_seconds"):
            cell.pop(name)
        cell["outputs"] = shown_by_stream(cell)
    handed = {path.parent.name: json.loads(path.read_text()) for path in folder.rglob(MANIFEST)}
    return json.loads(json.dumps(raw)), handed


def test_a_notebook_is_the_same_by_either_way(warm, probes, tmp_path):
    cells = [cell if isinstance(cell, ExecutionCell) else ExecutionCell(cell) for cell in CELLS]
    for respect in (True, False):
        request = ExecutionRequest(cells, {"beside.py": "x = 9"}, probes=probes, respect_seeds=respect)
        begun, begun_handed = came_of(request, open_sandbox(), tmp_path / f"begun{respect}")
        forked, forked_handed = came_of(request, warm, tmp_path / f"forked{respect}")
        assert len(begun["warnings"]) > 1
        assert [cell["error_name"] for cell in begun["cells"]].count(None) == len(cells) - 1
        for one, other, cell in zip(forked["cells"], begun["cells"], cells, strict=True):
            assert one == other, cell.source
        assert forked == begun
        assert forked_handed == begun_handed != {}


def test_packages_are_there_at_once_and_notebooks_know_nothing_of_one_another(warm, probes, tmp_path):
    left = [
        ExecutionCell("import tensorflow as tf, numpy as np\ntf.left_behind = np.left_behind = 1\nopen('/tmp/x', 'w')")
    ]
    execute(ExecutionRequest(left, probes=probes), warm, tmp_path / "one")
    look = (
        "import sys, os\ntf = sys.modules.get('tensorflow')\n"
        "print(tf is not None, hasattr(tf, 'left_behind'), 'x' in os.listdir('/tmp'))"
    )
    run = execute(ExecutionRequest([ExecutionCell(look)], probes=probes), warm, tmp_path / "two")
    assert run.cells[0].outputs[0]["text"] == "True False False\n"


def test_a_helper_with_the_name_of_a_package_is_imported_in_its_place_as_ever(warm, probes, tmp_path):
    request = ExecutionRequest([ExecutionCell("import absl\nprint(absl.x)")], {"absl.py": "x = 3"}, probes=probes)
    for name, sandbox in (("begun", open_sandbox()), ("forked", warm)):
        (cell,) = execute(request, sandbox, tmp_path / name).cells
        assert cell.outputs[0]["text"] == "3\n"


def test_another_number_of_threads_begins_from_nothing(warm, probes, tmp_path):
    look = ExecutionCell("import os, sys\nprint('tensorflow' in sys.modules, os.environ['OMP_NUM_THREADS'])")
    for threads, there in ((2, "True 2\n"), (1, "False 1\n")):
        request = dataclasses.replace(ExecutionRequest([look], probes=probes), threads=threads)
        (cell,) = execute(request, warm, tmp_path / str(threads)).cells
        assert cell.outputs[0]["text"] == there
