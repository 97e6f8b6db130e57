"""What students wrote in notebooks 2 and 3, taken, verified and marked: right earns all, wrong is named and costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from netgrader.checks.cell_points import cell_points
from netgrader.results import Outcome
from tests.checks import later_students as students
from tests.checks.test_hidden_tests import hidden_tests
from tests.checks.test_students import checks_of, codes_of, graded, said_of

if TYPE_CHECKING:
    from tests.checks.students import Work

NETWORK, SWEEP = "check_two_layer_network", "check_learning_rate_sweep"
TRAINING, GRADIENTS = "check_two_layer_training", "check_input_gradients"
DEEP, DEEP_TRAINING, DEEP_ACCURACY = "check_deep_network", "check_deep_training", "check_deep_accuracy"
TWO, THREE = "two_layers", "deep_network"
CLAIMED = "trained, and another accuracy claimed"
ANSWERS = "answers"

# Cell, right works, wrong works.
CELLS = {
    NETWORK: (students.RIGHT_TWO_LAYERS, students.WRONG_TWO_LAYERS),
    SWEEP: (students.RIGHT_SWEEPS, students.WRONG_SWEEPS),
    TRAINING: (students.RIGHT_TRAININGS, students.WRONG_TRAININGS),
    GRADIENTS: (students.RIGHT_GRADIENTS, students.WRONG_GRADIENTS),
    DEEP: (students.RIGHT_DEEP, students.WRONG_DEEP),
}
RIGHT = [(cell, name, one) for cell, (right, _) in CELLS.items() for name, one in right.items()]
WRONG = [(cell, name, one) for cell, (_, wrong) in CELLS.items() for name, one in wrong.items()]


def entry(cell: str, sources: list[str], notebook: str = TWO) -> dict[str, Any]:
    right, wrong = CELLS[cell]
    variants = {f"{cell}: {name}": one.source for name, one in {**right, **wrong}.items()}
    return {
        "name": cell,
        "cells": [cell],
        "sources": [students.GIVEN, *sources],
        "notebook": notebook,
        "variants": variants,
    }


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory, asked):
    """What came of every piece of work that is asked for."""
    both = [DEEP_TRAINING, DEEP_ACCURACY]
    works = [
        entry(NETWORK, []),
        entry(SWEEP, [students.NARROW]),
        entry(TRAINING, [students.NARROW, students.TRAINED]),
        entry(GRADIENTS, [students.NARROW, "net = two_layer_network()"]),
        entry(DEEP, [], THREE),
        {
            "name": "trained for some epochs",
            "cells": both,
            "sources": [students.GIVEN, students.DEEP, students.DEEP_TRAINED],
            "notebook": THREE,
            "secret": "7",
            "variants": {"trained for some epochs": "", CLAIMED: students.A_CLAIM, ANSWERS: students.ANSWERS},
        },
    ]
    names = {*asked("name"), *(work for (_, test), (_, work) in ONLY.items() if test in asked("name"))}
    for one in works[: len(CELLS)]:
        one["variants"] = {name: text for name, text in one["variants"].items() if name.partition(": ")[2] in names}
    return graded([one for one in works if one["variants"]], tmp_path_factory.mktemp("students"))


@pytest.mark.parametrize(("cell", "name", "one"), RIGHT)
def test_what_is_right_earns_everything_however_it_is_written(verdicts, cell: str, name: str, one: Work):
    found = verdicts[f"{cell}: {name}"]
    checks = checks_of(found, cell)
    assert {check.outcome for check in checks} == {Outcome.PASSED}, said_of(checks)
    assert cell_points(checks, 4) == 4
    assert codes_of(checks, Outcome.PASSED) == one.remarks
    assert found["log"] == []


@pytest.mark.parametrize(("cell", "name", "one"), WRONG)
def test_what_is_wrong_is_named_with_its_code_and_with_no_other(verdicts, cell: str, name: str, one: Work):
    found = verdicts[f"{cell}: {name}"]
    checks = checks_of(found, cell)
    assert codes_of(checks, Outcome.FAILED, Outcome.PARTIAL) == one.faults, said_of(checks)
    assert cell_points(checks, 4) < 4
    assert found["log"] == []
    assert not [check for check in checks if check.outcome is Outcome.UNGRADABLE], said_of(checks)


# Of the cell's points: three tenths after a fatal fault, six after a serious one, nine after a slight one; less where less
# was shown.
KEPT = [
    (NETWORK, "not done", 0.0),
    (NETWORK, "all weights equal, and gradient descent", 0.18),  # a second mistake hides no graver one
    (NETWORK, "no activation", 0.6),
    (SWEEP, "words for rates", 0.0),
    (SWEEP, "empty", 0.0),
    (SWEEP, "made up", 0.3),
    (SWEEP, "not a number", 0.6),
    (SWEEP, "all of a curve", 0.9),
    (TRAINING, "never trained", 0.0),
    (TRAINING, "no session", 0.0),
    (TRAINING, "a claim", 0.6),
    (DEEP, "all weights equal", 0.3),
    (DEEP, "percent", 0.9),
]


@pytest.mark.parametrize(("cell", "name", "share"), KEPT)
def test_a_fault_leaves_what_its_severity_says(verdicts, cell: str, name: str, share: float):
    checks = checks_of(verdicts[f"{cell}: {name}"], cell)
    assert cell_points(checks, 1) == share, said_of(checks)


def test_a_training_that_stops_early_earns_its_points_and_a_part_for_the_accuracy_at_most(verdicts):
    found = verdicts["trained for some epochs"]
    assert cell_points(checks_of(found, DEEP_TRAINING), 2) == 2
    assert cell_points(checks_of(found, DEEP_ACCURACY), 6) < 3
    assert codes_of(checks_of(found, DEEP_ACCURACY), Outcome.FAILED, Outcome.PARTIAL) == {"target-missed"}
    assert found["measured"]["target_met"] == "no"


def test_answers_that_were_looked_up_earn_nothing_wherever_they_are_counted(verdicts):
    for cell in (DEEP_TRAINING, DEEP_ACCURACY):
        checks = checks_of(verdicts[ANSWERS], cell)
        assert codes_of(checks, Outcome.FAILED) == {"answers-looked-up"}, said_of(checks)
        assert cell_points(checks, 6) == 0


# By notebook and test: the cell and a piece of work that no other test says anything of.
ONLY = {
    (TWO, "test_prediction_is_the_strongest_class"): (NETWORK, "the weakest class"),
    (TWO, "test_accuracy_is_the_share_of_right_predictions"): (NETWORK, "accuracy over the images"),
    (TWO, "test_evaluation_is_the_same_each_time"): (NETWORK, "dropout that stays on"),
    (TWO, "test_the_whole_is_what_was_asked_for"): (NETWORK, "another loss at other rates"),
    (TWO, "test_the_structure_holds_at_a_rate_of_grading"): (NETWORK, "another loss the third time"),
    (TWO, "test_the_sweep_can_be_reproduced"): (SWEEP, "made up"),
    (TWO, "test_the_best_rate_is_a_good_one"): (SWEEP, "all too high"),
    (TWO, "test_the_two_layer_network_is_trained"): (TRAINING, "never trained"),
    (TWO, "test_the_reported_accuracy_is_true"): (TRAINING, "a claim"),
    (TWO, "test_the_largest_outputs_gradient_is_right"): (GRADIENTS, "of all outputs together"),
    (THREE, "test_prediction_is_the_strongest_class"): (DEEP, "the weakest class"),
    (THREE, "test_accuracy_is_the_share_of_right_predictions"): (DEEP, "percent"),
    (THREE, "test_evaluation_is_the_same_each_time"): (DEEP, "dropout that stays on"),
    (THREE, "test_the_whole_is_what_was_asked_for"): (DEEP, "all weights equal"),
    (THREE, "test_the_reported_accuracies_are_true"): (DEEP_TRAINING, CLAIMED),
}
# What was looked up is no accuracy either, as the public test of the same cell says: it is named once.
SAID_ALIKE = {"test_the_accuracy_was_learned"}


@pytest.mark.parametrize(("notebook", "name"), ONLY)
def test_a_test_finds_what_no_other_finds(verdicts, notebook: str, name: str):
    cell, work = ONLY[notebook, name]
    found = verdicts[work if cell in {DEEP_TRAINING, DEEP_ACCURACY} else f"{cell}: {work}"]
    checks = [check for check in checks_of(found, cell) if check.outcome is not Outcome.PASSED and check.faults]
    others = {check.check for check in checks if check.check.partition("::")[2] != name}
    assert len(others) == len(checks) - 1, said_of(checks)
    assert others == set(), said_of(checks)


@pytest.mark.parametrize("notebook", [TWO, THREE])
def test_every_hidden_test_is_thought_of(notebook: str):
    assert set(hidden_tests(notebook)) - SAID_ALIKE <= {name for of, name in ONLY if of == notebook}
