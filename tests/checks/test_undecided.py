"""In no course does a check earn points for a fault that the reader could not look for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from graphread import open_questions
from graphread.model import Layer, Loss, Network, Optimizer, Role
from netgrader.checks.context import TestContext
from netgrader.checks.exercises import load_exercises
from netgrader.checks.language import Ungradable
from netgrader.checks.run import run_tests
from netgrader.new_course import NewAssignment, make_assignment
from netgrader.results import Outcome

ROOT = Path(__file__).resolve().parents[2]
ROLES = ("X", "Y", "logits", "prediction", "loss", "train_op", "accuracy")
QUESTIONS = {one for questions in open_questions.QUESTIONS.values() for one in questions}
OPEN = {code: "Nobody knows." for question in QUESTIONS for code in question.codes}


class Place(NamedTuple):
    """A cell that asks for a network, and the tests that look at it."""

    checks: Path
    hidden: Path
    notebook: str
    cell: str


def new_assignment(folder: Path, targets: np.ndarray) -> Place:
    """Make an assignment by the templates of `netgrader new`."""
    random = np.random.default_rng(1)
    rows = random.normal(size=(len(targets), 8))
    np.savez(folder / "data.npz", x=rows, y=targets)
    make_assignment(folder, NewAssignment("first", folder / "data.npz", target=0.6))
    return Place(folder / "source" / "first" / "checks", folder / "grader_tests", "first", "check_network")


def place_of(name: str, folder: Path) -> Place:
    """Return the tests of a network by the name of a course, and in ours by that of a cell."""
    if name == "a new course of classes":
        return new_assignment(folder, np.arange(400) % 4)
    if name == "a new course of numbers":
        return new_assignment(folder, np.random.default_rng(2).normal(size=400))
    root, assignment, notebook, cell = OURS[name]
    return Place(root / "source" / assignment / "checks", root / "grader_tests", notebook, cell)


EXAMPLE = ROOT / "examples" / "clothes"
OURS = {
    "one layer": (ROOT, "digits", "one_layer", "check_one_layer_network"),
    "two layers": (ROOT, "digits", "two_layers", "check_two_layer_network"),
    "deep": (ROOT, "digits", "deep_network", "check_deep_network"),
    "clothes": (EXAMPLE, "clothes", "clothes", "check_convolutional_network"),
    "prices": (EXAMPLE, "prices", "prices", "check_network"),
}
PLACES = [*OURS, "a new course of classes", "a new course of numbers"]


class Read(TestContext):
    """A bench on which the reader found nothing wrong, and left open what is given."""

    left_open: dict[str, str]

    def network(self, cell, _item="net", rate=None):
        exercise = self.exercises.network(cell.removeprefix("check_"), rate)
        first, last = SOUND.layers
        layers = (first, replace(last, outputs=exercise.outputs or exercise.classes))
        return replace(SOUND, layers=layers, exercise=exercise, left_open=self.left_open)


SOUND = Network(
    layers=(Layer("dense", 8, None, "relu", True, ("W1",)), Layer("dense", 10, None, "none", True, ("W2",))),
    loss=Loss("mean-squared-error", "prediction", "mean"),
    optimizer=Optimizer("adam", None, ("W1", "W2")),
    roles={role: Role(role, role, "as it is") for role in ROLES},
)


def no_lab():
    raise Ungradable("Nothing is run here.")


def verdicts(place: Place, folder: Path, left_open: dict[str, str]):
    bench = Read(folder / "no evidence", load_exercises(place.checks), no_lab)
    bench.left_open = left_open
    public = place.checks / f"test_{place.notebook}_public.py"
    hidden = place.hidden / f"test_{place.notebook}.py"
    return run_tests(bench, [public], [hidden], cells=[place.cell]).checks[place.cell]


@pytest.mark.parametrize("name", PLACES)
def test_what_the_reader_left_open_earns_nothing(name, tmp_path):
    place = place_of(name, tmp_path)
    decided = {check.check for check in verdicts(place, tmp_path, {}) if check.credit}
    undecided = verdicts(place, tmp_path, OPEN)
    assert len(decided) >= 5
    earned = {check.check for check in undecided if check.credit}
    assert {check.partition("::")[2] for check in earned} <= ABOUT_NOTHING_OPEN
    charged = [check for check in undecided if check.outcome in {Outcome.FAILED, Outcome.PARTIAL}]
    assert charged == []


ABOUT_NOTHING_OPEN = {
    "test_network_has_enough_trained_layers",
    "test_network_has_three_trained_layers",
    "test_network_is_one_layer_of_ten_neurons",
    "test_two_layers_follow_one_another",
    "test_neurons_have_a_bias",
    "test_the_convolution_gets_images",
}
"""How many layers there are, and how they begin, is seen in the graph without a trial."""
