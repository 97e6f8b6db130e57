"""Training loops of different students: right ones lose nothing, wrong ones get exactly their faults."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from netgrader.checks.cell_points import cell_points
from netgrader.checks.language import grades_of
from netgrader.judges.aspects import Aspect, Verdict
from netgrader.judges.log import read_training_log
from netgrader.judges.notes import IMAGES, LEARNING_RATE, first_weights
from netgrader.judges.replay import Replayed, replay
from netgrader.results import CheckResult, Outcome, Visibility
from tests.datasets import DIGITS
from tests.programs import programs

ROOT = Path(__file__).parents[2]
FILES = ("source/digits/checks/test_one_layer_public.py", "grader_tests/test_one_layer.py")
# The aspect that each test of check_train looks at; the last one looks at another run, and earns in these.
TESTS = {
    "test_train_trains": Aspect.RUN,
    "test_each_epoch_feeds_each_image_once": Aspect.ROWS,
    "test_train_returns_what_was_measured": Aspect.REPORT,
    "test_each_epoch_has_a_new_order": Aspect.ORDER,
    "test_each_image_is_fed_with_its_label": Aspect.LABELS,
    "test_no_test_image_is_trained_on": Aspect.HELD_OUT,
    "test_accuracy_is_taken_on_all_images": Aspect.EVALUATION,
    "test_the_graph_stays_as_it_is": Aspect.GRAPH,
    "test_your_network_is_as_good_as_reported": None,
}
RIGHT = {**programs("loops/students"), **programs("loops/students_more")}
WRONG = programs("loops/students_wrong")


@pytest.fixture(scope="module")
def right(rehearse, raw):
    return rehearse({name: one.source for name, one in RIGHT.items()}, raw=raw)


@pytest.fixture(scope="module")
def wrong(rehearse, raw):
    return rehearse({name: one.source for name, one in WRONG.items()}, raw=raw)


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_loop_in_any_style_earns_everything(right, name):
    training = right.training(name)
    assert training.codes == ()
    assert set(training.remarks) == RIGHT[name].remarks
    assert {verdict.share for verdict in training.verdicts.values()} == {1.0}


@pytest.mark.parametrize("name", RIGHT)
def test_what_was_noted_of_it_can_be_computed_again(right, name):
    evidence = right.evidence(name)
    images = np.concatenate([evidence.arrays[f"images/{part}"] for part in IMAGES])
    calls = read_training_log(evidence, DIGITS).calls
    came = [
        replay(call, images, first_weights(0, number, DIGITS.size, DIGITS.classes), LEARNING_RATE)
        for number, call in enumerate(calls)
    ]
    assert came == [Replayed.SAME] * len(calls)


@pytest.mark.parametrize("name", RIGHT)
def test_the_notebook_is_left_as_it_was(right, name):
    assert right.evidence(name).facts["changed"] == []


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_and_nothing_else(wrong, name):
    training = wrong.training(name)
    assert set(training.codes) == WRONG[name].codes
    assert set(training.remarks) == WRONG[name].remarks


@pytest.mark.parametrize("name", [name for name, one in WRONG.items() if one.codes])
def test_a_fault_comes_with_its_figures_and_costs_something(wrong, name):
    verdicts = wrong.training(name).verdicts.values()
    found = [str(fault.found) for verdict in verdicts for fault in verdict.faults]
    assert all(found)
    assert WRONG[name].terms.get("found", found[0]) in found
    assert min(verdict.share for verdict in verdicts) < 1


def credits_of_tests():
    """The credit of each test of check_train, by name."""
    found = {}
    for number, file in enumerate(FILES):
        spec = importlib.util.spec_from_file_location(f"course_tests_{number}", ROOT / file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name, value in vars(module).items():
            terms = grades_of(value) if callable(value) else None
            if terms is not None and terms.cell == "check_train":
                found[name] = terms.credit
    return found


def points(training):
    """What check_train is worth, of 3: its tests wait for the one of the run."""
    ran = training.verdicts[Aspect.RUN]
    checks = []
    for name, credit in credits_of_tests().items():
        verdict = training.verdicts.get(TESTS[name], Verdict(Aspect.RUN))
        if TESTS[name] is not Aspect.RUN and ran.share == 0:
            verdict = Verdict(verdict.aspect, 0.0, because=ran.faults[0])
        outcome = Outcome.PASSED if verdict.share == 1 else Outcome.PARTIAL
        checks.append(
            CheckResult(
                name,
                name,
                Visibility.HIDDEN,
                outcome,
                credit * verdict.share,
                credit,
                tuple(fault.code for fault in verdict.faults),
                follows=() if verdict.faults or verdict.because is None else (verdict.because.code,),
                severity={fault.code: fault.severity for fault in verdict.faults if fault.severity},
            )
        )
    return cell_points(checks, 3)


# Of 3 points: three tenths after what spoils a training, six after what makes it worse, nine after a blemish.
WORTH = {
    0.0: ("loss_only", "no_initialiser"),
    0.9: ("generator_used_up", "init_in_helper_called_each_epoch", "a_fifth_again", "two_permutations"),
    1.8: ("order_of_the_file", "slice_to_the_end", "session_of_ones_own", "running_mean", "losses_returned"),
    2.7: ("sum_of_chunks", "ops_in_the_loop", "only_the_last_epoch_evaluated"),
}


@pytest.mark.parametrize(("name", "worth"), [(name, worth) for worth, names in WORTH.items() for name in names])
def test_a_loop_earns_what_its_fault_leaves(wrong, name, worth):
    assert points(wrong.training(name)) == worth


# By hidden test: a loop with a mistake that shows in the aspect that it looks at, and in no other.
MISTAKES_OF_ONE_ASPECT = {
    "test_each_epoch_has_a_new_order": "order_of_the_file",
    "test_each_image_is_fed_with_its_label": "two_permutations",
    "test_no_test_image_is_trained_on": "train_op_in_all_fetches",
    "test_accuracy_is_taken_on_all_images": "two_hundred_images",
    "test_the_graph_stays_as_it_is": "ops_in_the_loop",
}


@pytest.mark.parametrize("test", MISTAKES_OF_ONE_ASPECT)
def test_a_hidden_test_of_the_cell_names_what_no_other_test_of_it_names(wrong, test):
    verdicts = wrong.training(MISTAKES_OF_ONE_ASPECT[test]).verdicts
    assert [aspect for aspect, verdict in verdicts.items() if verdict.faults] == [TESTS[test]]


def test_every_test_of_the_cell_is_known_here():
    assert set(credits_of_tests()) == set(TESTS)
