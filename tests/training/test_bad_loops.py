"""For any behavior of a student's `train` there is a sentence, and its earlier steps count."""

from __future__ import annotations

import json

import numpy as np
import pytest

from netgrader.judges.aspects import Aspect
from netgrader.judges.training_loop import training_pictures
from netgrader.pages.feedback_figures import figure
from netgrader.student import load_mnist
from tests.programs import edited, programs
from tests.training.mutants import loop
from tests.training.test_students import points

PLAIN = loop("plain")
BAD = programs("loops/bad")
STUCK = ("never returns", "never begins", "never gives up", "a thread that never ends")


# What a thread that is left alone came to depends on how busy a machine is; what the other notes is too large to be kept.
TIMED = ("a thread left alone",)
LIVE = (*TIMED, "catches everything")


@pytest.fixture(scope="module")
def bad(rehearse, raw, asked):
    left = {*STUCK, *({*LIVE} - {*asked("name")})}
    return rehearse({name: one.source for name, one in BAD.items() if name not in left}, raw=raw, live=TIMED)


@pytest.fixture(scope="module")
def stuck(rehearse, raw):
    return rehearse({name: BAD[name].source for name in STUCK}, calls=((1, 96),), seconds=1.0, raw=raw)


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=pytest.mark.all) if one in LIVE else one for one in BAD if one not in STUCK]
)
def test_it_is_said_what_is_wrong_and_what_is_right_about_it_earns_its_points(bad, name):
    training, terms = bad.training(name), BAD[name].terms
    assert set(training.codes) == BAD[name].codes
    found = [str(fault.found) for verdict in training.verdicts.values() for fault in verdict.faults]
    assert all(found) or BAD[name].codes <= {"not-done", "train-op-not-run"}
    assert "found" not in terms or [text.startswith(terms["found"]) for text in found] == [True]
    assert "points" not in terms or points(training) == pytest.approx(terms["points"], abs=0.01)


@pytest.mark.parametrize("name", ["stub", "nothing", "no function", "other arguments", "exit", "a network of its own"])
def test_what_runs_no_step_earns_nothing(bad, name):
    assert {verdict.share for verdict in bad.training(name).verdicts.values()} == {0.0}


@pytest.mark.parametrize("name", ["changes the arrays", "rebinds the arrays"])
def test_the_arrays_are_lent_only(bad, name):
    assert bad.evidence(name).facts["changed"] == []


def test_a_call_that_shortens_the_arrays_does_not_do_so_to_the_next(bad):
    training = bad.training("rebinds the arrays")
    assert training.codes == ("part-of-data-only", "evaluated-on-part")
    assert len(training.subjects) == 2


def test_what_was_right_before_an_error_earns_its_share(rehearse, raw):
    source = edited(PLAIN, ("    return acc_trn, acc_val\n", "    raise RuntimeError('almost')\n"))
    training = rehearse({"last": source}, raw=raw).training("last")
    assert training.codes == ("error-in-code",)
    shares = {aspect: verdict.share for aspect, verdict in training.verdicts.items()}
    assert shares[Aspect.RUN] == 0.5
    assert shares[Aspect.ROWS] == shares[Aspect.ORDER] == shares[Aspect.LABELS] == shares[Aspect.EVALUATION] == 1
    assert shares[Aspect.REPORT] == 0


@pytest.mark.parametrize("name", STUCK)
def test_what_does_not_end_is_ended(stuck, name):
    codes = stuck.training(name).codes
    assert codes == ("training-does-not-end",)


@pytest.mark.all
@pytest.mark.parametrize("name", TIMED)
def test_a_thread_is_waited_for_only_as_long_as_it_trains(bad, name):
    assert bad.training(name).subjects[0].call.steps_after > 0
    for waiting in ("a thread that waits for ever", "a thread that watches for ever"):
        assert bad.training(waiting).subjects[0].call.steps_after == 0


# Arrays that nothing can be trained on, and what the loop is tried on instead.
UNUSABLE = {
    "missing": {"x_test": None},
    "squares": {"x_train": lambda x: x.reshape(-1, 28, 28)},
    "all equal": {"x_train": lambda x: 0 * x},
    "digits": {"y_train_1_hot": lambda y: y.argmax(1)},
    "no class": {"y_test_1_hot": lambda y: 0 * y},
    "too few": {"y_train_1_hot": lambda y: y[:-1]},
    "not finite": {"x_test": lambda x: x * np.nan},
    "whole": {"x_train": lambda x: x // 1, "x_test": lambda x: x // 1},
    "texts": {"x_train": lambda x: x.astype("U4")},
}
SPOILED = {
    "not scaled": {"x_train": lambda x: 255 * x, "x_test": lambda x: 255 * x},
    "one side": {"x_train": lambda x: x / 255},
    "shifted": {"x_train": lambda x: 2 * x - 1, "x_test": lambda x: 2 * x - 1},
    "turned around": {"x_train": lambda x: 1 - x, "x_test": lambda x: 1 - x},
    "off by one": {"y_train_1_hot": lambda y: np.roll(y, 1, 1)},
    "apart": {"y_train_1_hot": lambda y: y[::-1]},
    "half": {"x_train": lambda x: x.astype(np.float16)},
    "whole numbers": {"y_train_1_hot": lambda y: y.astype(np.uint8)},
}


def spoiled(arrays, changes):
    kept = {name: values for name, values in arrays.items() if changes.get(name, values) is not None}
    return kept | {name: change(arrays[name]) for name, change in changes.items() if change is not None}


def a_third(names):
    """The names, of which the others are tried in `make test-all` alone: these loops run on many rows, and always live."""
    return [pytest.param(name, marks=pytest.mark.all) if number % 3 else name for number, name in enumerate(names)]


@pytest.fixture(scope="module")
def without_arrays(rehearse, arrays, asked):
    data = {name: spoiled(arrays, changes) for name, changes in UNUSABLE.items() if name in asked("name")}
    terms = {"calls": ((1, 4096),), "seconds": 30.0, "raw": load_mnist(), "live": True}
    return rehearse(dict.fromkeys(data, PLAIN), data_of=data, **terms)


@pytest.mark.parametrize("name", a_third(UNUSABLE))
def test_a_right_loop_is_right_without_usable_arrays(without_arrays, name):
    training = without_arrays.training(name)
    assert training.codes == ()
    assert training.subjects[0].tables.stand_ins
    assert len(training.subjects[0].tables.train) == 60_000
    assert without_arrays.evidence(name).facts["changed"] == []


@pytest.fixture(scope="module")
def with_spoiled_arrays(rehearse, arrays, raw, asked):
    data = {name: spoiled(arrays, changes) for name, changes in SPOILED.items() if name in asked("name")}
    own = {**arrays, "y_train_1_hot": np.roll(arrays["y_train_1_hot"], 1, axis=1)}
    digits = json.dumps([int(digit) for digit in raw[0][1]])
    source = PLAIN.replace("y_train_1_hot", "labels").replace(
        "def train", f"labels = np.eye(10)[{digits}]\n\n\ndef train"
    )
    sources = dict.fromkeys(data, PLAIN) | {"labels of its own": source}
    return rehearse(sources, calls=((2, 64),), data_of=data | {"labels of its own": own}, raw=raw, live=True)


@pytest.mark.parametrize("name", a_third(SPOILED))
def test_a_fault_of_the_arrays_is_no_fault_of_the_loop(with_spoiled_arrays, name):
    training = with_spoiled_arrays.training(name)
    assert training.codes == ()
    assert not training.subjects[0].tables.stand_ins


def test_labels_made_anew_from_the_digits_are_right_whatever_the_array_holds(with_spoiled_arrays):
    assert with_spoiled_arrays.training("labels of its own").codes == ()


@pytest.mark.parametrize("name", [name for name in BAD if name not in {*STUCK, *LIVE}])
def test_what_a_bad_loop_did_can_be_drawn(bad, name):
    drawn = [figure(one) for one in training_pictures(bad.training(name))]
    assert len(drawn) in {0, 2}
    assert all("nan" not in one.body for one in drawn)
