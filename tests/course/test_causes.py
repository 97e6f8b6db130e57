"""Each cause costs points once: a fault charged in an earlier cell is not charged again in cells that use it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from netgrader.cell_names import made_with
from netgrader.checks.cell_points import cell_points
from netgrader.checks.diagnose import StoppedCell, explain
from netgrader.checks.language import Grades
from netgrader.checks.plugin import PlannedCheck
from netgrader.evidence import ProbeError
from netgrader.faults import Severity, fault
from netgrader.grading.causes import charged_once
from netgrader.results import Outcome, Visibility

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    ("", "import numpy as np"),
    ("prepare_data", "x_train, y_train = prepared()"),
    ("fully_connected_layer", "def fully_connected_layer(x):\n    h = x @ W\n    return h"),
    ("", "graph, h = shown(fully_connected_layer)"),
    ("network", "def network(rate):\n    graph = Graph()\n    h = fully_connected_layer(X)\n    return h"),
    ("sweep", "%time\nbest_learning_rate = best(network)"),
    ("", "ready = network"),
    ("training", "if ready:\n    net = train(ready(best_learning_rate))"),
]


TERMS = Grades("check_it")


def planned(name):
    return PlannedCheck(f"t.py::{name}", "It is right", Visibility.HIDDEN, TERMS)


def found(what, *, causes=(), severity=None):
    """The verdict of a test that found something, and of one beside it that found nothing."""
    wrong = fault(what, causes=tuple(causes), severity=severity)
    return planned("test_it").result(Outcome.FAILED, 0.0, [wrong]), planned("test_fine").result(Outcome.PASSED, 1.0)


def settled(earlier, what, *, cell="training", sources=SOURCES, **terms):
    """The verdicts of a cell that found `what`, after earlier cells were charged with what is given by cell."""
    checks = {f"check_{name}": found(code) for name, code in earlier.items()}
    return charged_once({**checks, f"check_{cell}": found(what, **terms)}, made_with(sources))[f"check_{cell}"]


@pytest.mark.parametrize(
    ("earlier", "cell", "what", "causes", "follows"),
    [
        # What was found by our parts is right by those that the student handed over there.
        ({"prepare_data": "labels-off-by-one"}, "training", "reported-accuracy-wrong", ["check_prepare_data"], True),
        ({"network": "accuracy-over-wrong-axis"}, "training", "reported-accuracy-wrong", ["check_network"], True),
        ({}, "training", "reported-accuracy-wrong", ["check_network"], False),
        ({"network": "accuracy-over-wrong-axis"}, "training", "reported-accuracy-wrong", [], False),
        # A function of the student's built what is at fault.
        ({"fully_connected_layer": "missing-bias"}, "network", "missing-bias", ["missing-bias"], True),
        ({"fully_connected_layer": "wrong-initialisation"}, "network", "missing-bias", ["missing-bias"], False),
        ({"training": "missing-bias"}, "network", "missing-bias", ["missing-bias"], False),
        # At no rate does a network learn that cannot.
        ({"network": "maximises-loss"}, "sweep", "learning-rate-diverges", [], True),
        ({"network": "learning-rate-not-as-stated"}, "sweep", "learning-rate-diverges", [], True),
        ({"network": "wrong-optimizer"}, "sweep", "learning-rate-diverges", [], False),
        ({"network": "prediction-uses-labels"}, "sweep", "learning-rate-diverges", [], False),
        # A mistake of the training's own.
        ({"network": "maximises-loss"}, "training", "train-op-not-run", [], False),
        ({"network": "maximises-loss"}, "training", "answers-looked-up", [], False),
        ({"network": "maximises-loss"}, "training", "accuracy-too-low", [], False),
        ({"network": "maximises-loss"}, "training", "accuracy-too-low", ["check_network"], True),
    ],
)
def test_what_an_earlier_charge_explains_is_not_charged_again(earlier, cell, what, causes, follows):
    first, beside = settled(earlier, what, cell=cell, causes=causes)
    if follows:
        (cause,) = earlier.values()
        assert (first.outcome, first.faults, first.follows) == (Outcome.PASSED, (), (cause,))
        assert str(first.message).startswith("This follows from another fault: “")
        assert str(first.message).endswith("It is charged there, and costs nothing here.")
    else:
        assert (first.outcome, first.faults, first.follows) == (Outcome.FAILED, (what,), ())
    assert (cell_points([first, beside], 2) == 2) is follows


@pytest.mark.parametrize("cell", ["training", "accuracy"])
@pytest.mark.parametrize(
    ("kind", "earlier", "outcome"),
    [
        ("InvalidArgumentError", "accuracy-over-wrong-axis", Outcome.UNGRADABLE),
        ("ValueError", "wrong-placeholder", Outcome.UNGRADABLE),
        ("InvalidArgumentError", "missing-bias", Outcome.FAILED),
        ("ZeroDivisionError", "accuracy-over-wrong-axis", Outcome.FAILED),
    ],
)
def test_what_is_missing_since_an_earlier_fault_stopped_a_cell_is_for_a_person(cell, kind, earlier, outcome):
    error = ProbeError("NameError", "name 'net' is not defined", None)
    missing = explain(error, "net", stopped=StoppedCell("the cell sweep", kind, "shapes", frozenset({"net"})))
    first, _ = settled({"network": earlier}, missing.code, cell=cell, causes=missing.causes)
    assert (first.outcome, first.credit) == (outcome, 0.0)
    assert first.follows == ((earlier,) if outcome is Outcome.UNGRADABLE else ())


def test_a_cell_that_was_made_without_the_earlier_one_has_made_its_own_mistake():
    by_hand = [(name, text.replace("fully_connected_layer(X)", "X @ W")) for name, text in SOURCES]
    for sources, outcome in ((SOURCES, Outcome.PASSED), (by_hand, Outcome.FAILED)):
        first, _ = settled(
            {"fully_connected_layer": "missing-bias"},
            "missing-bias",
            cell="network",
            sources=sources,
            causes=["missing-bias"],
        )
        assert first.outcome is outcome


def test_only_what_is_explained_is_left_out():
    wrong = [fault("missing-bias", causes=("missing-bias",)), fault("wrong-width", causes=("wrong-width",))]
    checks = {
        "check_fully_connected_layer": found("missing-bias"),
        "check_network": (planned("test_it").result(Outcome.FAILED, 0.0, wrong),),
    }
    (left,) = charged_once(checks, made_with(SOURCES))["check_network"]
    assert (left.outcome, left.faults, left.follows) == (Outcome.FAILED, ("wrong-width",), ("missing-bias",))


def test_what_costs_nothing_by_a_courses_word_explains_nothing_as_fatal():
    checks = {
        "check_network": found("maximises-loss", severity=Severity.SLIGHT),
        "check_sweep": found("learning-rate-diverges"),
    }
    assert charged_once(checks, made_with(SOURCES))["check_sweep"][0].outcome is Outcome.FAILED


def test_what_follows_from_a_forgiven_fault_names_the_fault_that_is_charged():
    wrong, beside = found("learning-rate-diverges", causes=["accuracy-over-wrong-axis"])
    later = replace(beside, outcome=Outcome.FAILED, credit=0.0, follows=("learning-rate-diverges",))
    checks = {"check_network": found("accuracy-over-wrong-axis"), "check_training": (wrong, later)}
    forgiven, after = charged_once(checks, made_with(SOURCES))["check_training"]
    assert forgiven.follows == after.follows == ("accuracy-over-wrong-axis",)
    assert "largest value over the" in str(after.message)
