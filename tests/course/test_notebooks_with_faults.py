"""Whole notebooks 1 as students hand them in, each with faults, graded in the cage on all of MNIST."""

from pathlib import Path

import nbformat
import pytest

from netgrader.course import Course
from netgrader.grading.grade import find_jobs
from netgrader.grading.pool import fill
from netgrader.grading.stages import Options
from netgrader.grading.tasks import Task
from tests.sample_class.make import fill as fill_in

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "faulty"
NOTEBOOK = "1_one_layer"
DATA, LAYER, NETWORK, TRAIN = (
    f"check_{name}" for name in ("prepare_data", "fully_connected_layer", "one_layer_network", "train")
)

# What must be named at which check cell, and no other code anywhere.
EXPECTED = {
    "unscaled": {
        DATA: {"not-scaled"},
        LAYER: {"missing-bias"},
        NETWORK: {"mse-on-softmax"},
        TRAIN: {"same-batch-always"},
    },
    "one_side": {
        DATA: {"scaled-on-one-side"},
        LAYER: {"wrong-activation"},
        TRAIN: {"part-of-data-only"},
    },
    "off_by_one": {DATA: {"labels-off-by-one"}, NETWORK: {"softmax-before-loss"}, TRAIN: {"labels-shuffled-apart"}},
    "uphill": {NETWORK: {"maximises-loss"}, TRAIN: {"too-few-epochs"}},
    "two_layers": {NETWORK: {"too-many-layers"}, TRAIN: {"train-op-not-run"}},
    "descent": {NETWORK: {"wrong-optimizer"}, TRAIN: {"reports-train-accuracy"}},
    "fixed_rate": {NETWORK: {"learning-rate-not-as-stated", "relu-on-logits"}, TRAIN: {"reported-accuracy-wrong"}},
    "no_accuracy": {NETWORK: {"missing-tensor"}},
}


class Quiet:
    """Nobody watches."""

    def begin(self, task): ...
    def end(self, done): ...
    def tick(self): ...


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The results by student, graded two at a time by the course's own tests."""
    folder = tmp_path_factory.mktemp("faulty")
    release = nbformat.read(ROOT / "release" / "digits" / f"{NOTEBOOK}.ipynb", as_version=4)
    tasks = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETGRADER_STORE", str(folder / "store"))
        for source in sorted(FOLDER.glob("*.py")):
            path = folder / source.stem / f"{NOTEBOOK}.ipynb"
            path.parent.mkdir()
            nbformat.write(fill_in(release, source.read_text(encoding="utf-8")), path)
            tasks += [Task(source.stem, job) for job in find_jobs(path, Course(ROOT))]
        done = fill(tasks, Options(threads=1), workers=2, watcher=Quiet())
    return {one.task.student: one.result for one in done}


def test_each_notebook_of_the_folder_is_expected():
    assert {path.stem for path in FOLDER.glob("*.py")} == set(EXPECTED)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("student", EXPECTED)
def test_faults_are_named_where_they_were_made_and_nowhere_else(graded, student):
    result = graded[student]
    assert (result.status, result.problem) == ("graded", None)
    named = {
        cell.cell: {code for check in cell.checks if check.outcome != "passed" for code in check.faults}
        for cell in result.cells
    }
    assert {cell: codes for cell, codes in named.items() if codes} == EXPECTED[student]
    for cell in result.cells:
        assert (cell.points == cell.max_points) == (cell.cell not in EXPECTED[student])
