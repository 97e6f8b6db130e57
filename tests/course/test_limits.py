"""A network or a training that is too large for the limits: what was handed over before counts, and a sentence says what
to make smaller. A limit or a parameter that makes no sense stops the command before anything runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.checks.works import DEEP
from tests.sample_class.make import fill

ROOT = Path(__file__).parents[2]
NAME = "3_deep_network.ipynb"
ENDLESS = """
net = deep_network()
sess = tf.Session(graph=net.graph)
with net.graph.as_default():
    sess.run(tf.global_variables_initializer())
while True:
    sess.run(net.train_op, {net.X: x_train[:100], net.Y: y_train_1_hot[:100]})
"""


@pytest.fixture
def course(tmp_path):
    """A course like ours, whose limits and exercises a test may change."""
    for part in ("source", "grader_tests", "data"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    return tmp_path


def grade(course: Path, network: str, training: str) -> tuple[int, str, dict]:
    """Grade notebook 3 with these solutions in the course; exit code, what was said of an error, the result."""
    released = nbformat.read(ROOT / "release" / "digits" / NAME, as_version=4)
    for cell in released.cells:  # those that are no part of an exercise show figures, which take time
        if cell.cell_type == "code" and not cell.metadata.get("nbgrader"):
            cell.source = ""
    work = f"# %% deep_network\n{network}\n# %% deep_training\n{training}"
    (course / "handed_in").mkdir()
    nbformat.write(fill(released, work), course / "handed_in" / NAME)
    command = [Path(sys.executable).parent / "netgrader", "grade", f"handed_in/{NAME}", "--json", "result.json"]
    env = {key: value for key, value in os.environ.items() if not key.startswith(("NETGRADER_", "PYTEST_"))}
    done = subprocess.run(command, cwd=course, env=env, capture_output=True, text=True, timeout=900, check=False)
    result = course / "result.json"
    return done.returncode, done.stderr, json.loads(result.read_text())[0] if result.is_file() else {}


def set_limits(course: Path, **limits: object) -> None:
    with (course / "source" / "digits" / "checks" / "exercises.toml").open("a", encoding="utf-8") as file:
        file.write("\n[limits]\n" + "".join(f"{name} = {value}\n" for name, value in limits.items()))


def points(result: dict) -> dict[str, float]:
    return {cell["cell"]: cell["points"] for cell in result["cells"] if not cell["manual"]}


@pytest.mark.slow
def test_of_a_training_that_is_too_long_what_it_had_made_is_graded(course):
    set_limits(course, cell_seconds=25)
    code, _, result = grade(course, DEEP, ENDLESS)
    assert code == 1
    assert points(result) == {"check_deep_network": 4.0, "check_deep_training": 0.0, "check_deep_accuracy": 0.0}
    assert result["status"] == "partly-gradable"
    assert "Running the cell deep_training took longer than 25 s and was stopped." in result["problem"]
    assert "train for fewer epochs or a smaller network" in result["problem"]
    assert set(result["faults"]) == {"accuracy-too-low", "target-missed"}  # a hundred images, again and again
    assert 0.3 < result["measured"]["test_accuracy"] < 0.9


@pytest.mark.slow
def test_a_network_whose_weights_are_too_large_to_be_handed_over_keeps_the_points_of_what_stands_before_it(course):
    """One file of weights is larger than all that may be written: it is not handed over, or the run ends at its writing."""
    set_limits(course, disk_bytes=6_000_000)
    once = ENDLESS.replace("while True:\n    ", "") + "acc_trn, acc_val = [0.5], [0.5]\n"
    _, _, result = grade(course, DEEP.replace("X, 96,", "X, 3000,"), once)
    assert points(result) == {"check_deep_network": 4.0, "check_deep_training": 0.0, "check_deep_accuracy": 0.0}
    said = result["problem"] or result["cells"][1]["checks"][0]["message"]
    assert "to disk" in said
    assert "smaller layers" in said
