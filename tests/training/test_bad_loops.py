"""Whatever a student's `train` does, there is a sentence for it, and what it did before counts."""

from __future__ import annotations

import json

import numpy as np
import pytest

from netgrader.training.verdicts import Aspect
from tests.training.mutants import loop

PLAIN = loop("plain")
FED = "sess.run(net.train_op, feed_dict={net.X: x_train[rows], net.Y: y_train_1_hot[rows]})"
LAST = "    return acc_trn, acc_val\n"

BAD = {
    "stub": "def train(sess, net, n_epochs, mini_batch_size=64):\n    raise NotImplementedError\n",
    "nothing": "def train(sess, net, n_epochs, mini_batch_size=64):\n    pass\n",
    "no function": "train = 3\n",
    "other arguments": PLAIN.replace("(sess, net, n_epochs, mini_batch_size=64)", "(sess, net)"),
    "exit": PLAIN.replace(FED, "exit()"),
    "images as squares": PLAIN.replace("x_train[rows]", "x_train[rows].reshape(-1, 28, 28)"),
    "a part that net does not have": PLAIN.replace(FED, FED + "\n            sess.run(net.W1)"),
    "prints a lot": PLAIN.replace(LAST, "    for line in range(200_000):\n        print(line)\n" + LAST),
    "returns a dict": PLAIN.replace(LAST, "    return {'acc_trn': acc_trn, 'acc_val': acc_val}\n"),
    "returns a million numbers": PLAIN.replace(LAST, "    return np.ones(10**6), np.ones(10**6)\n"),
    "returns an object": PLAIN.replace(LAST, "    return object()\n"),
    "catches everything": PLAIN.replace("range(n_epochs)", "range(10**9)").replace(
        FED,
        f"try:\n                {FED}\n            except Exception as error:\n                raise SystemExit from error",
    ),
    "changes the arrays": PLAIN.replace(LAST, "    x_train[:] = 0\n    y_train_1_hot[:] = 0\n" + LAST),
    "rebinds the arrays": PLAIN.replace(
        "    acc_trn, acc_val = [], []\n",
        "    global x_train\n    x_train = x_train[:100]\n    acc_trn, acc_val = [], []\n",
    ),
    "leaves a context open": PLAIN.replace(
        "    acc_trn, acc_val = [], []\n", "    sess.__enter__()\n    acc_trn, acc_val = [], []\n"
    ),
    "an unknown message": PLAIN.replace(
        LAST, "    class Odd(Exception):\n        def __str__(self):\n            raise ValueError\n    raise Odd\n"
    ),
}


@pytest.fixture(scope="module")
def bad(rehearse, raw):
    return rehearse(BAD, seconds=3.0, raw=raw)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("stub", "not-done"),
        ("nothing", "train-op-not-run"),
        ("no function", "error-in-code"),
        ("other arguments", "error-in-code"),
        ("exit", "error-in-code"),
        ("images as squares", "error-in-code"),
        ("a part that net does not have", "error-in-code"),
        ("returns a dict", "wrong-return"),
        ("returns a million numbers", "wrong-return"),
        ("returns an object", "wrong-return"),
        ("catches everything", "error-in-code"),
        ("an unknown message", "error-in-code"),
    ],
)
def test_it_is_said_what_is_wrong(bad, name, code):
    training = bad.training(name)
    assert training.codes == (code,)
    if code not in {"not-done", "train-op-not-run"}:
        assert all(fault.found for verdict in training.verdicts.values() for fault in verdict.faults)


@pytest.mark.parametrize("name", ["stub", "nothing", "no function", "other arguments", "exit"])
def test_what_runs_no_step_earns_nothing(bad, name):
    assert {verdict.share for verdict in bad.training(name).verdicts.values()} == {0.0}


@pytest.mark.parametrize("name", ["prints a lot", "changes the arrays", "leaves a context open"])
def test_what_does_no_harm_costs_nothing(bad, name):
    assert bad.training(name).codes == ()


@pytest.mark.parametrize("name", ["changes the arrays", "rebinds the arrays"])
def test_the_arrays_are_lent_only(bad, name):
    assert bad.evidence(name).facts["changed"] == []


def test_a_call_that_shortens_the_arrays_does_not_do_so_to_the_next(bad):
    training = bad.training("rebinds the arrays")
    assert training.codes == ("part-of-data-only", "evaluated-on-part")
    assert len(training.subjects) == 2


def test_what_was_right_before_an_error_earns_its_share(rehearse, raw):
    source = PLAIN.replace(LAST, "    raise RuntimeError('almost')\n")
    training = rehearse({"last": source}, raw=raw).training("last")
    assert training.codes == ("error-in-code",)
    shares = {aspect: verdict.share for aspect, verdict in training.verdicts.items()}
    assert shares[Aspect.RUN] == 0.5
    assert shares[Aspect.ROWS] == shares[Aspect.ORDER] == shares[Aspect.LABELS] == shares[Aspect.EVALUATION] == 1
    assert shares[Aspect.REPORT] == 0


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda arrays: arrays.pop("x_test"), id="missing"),
        pytest.param(lambda arrays: arrays.update(x_train=arrays["x_train"].reshape(-1, 28, 28)), id="squares"),
        pytest.param(lambda arrays: arrays.update(x_train=0 * arrays["x_train"]), id="all equal"),
        pytest.param(lambda arrays: arrays.update(y_train_1_hot=arrays["y_train_1_hot"].argmax(1)), id="digits"),
        pytest.param(lambda arrays: arrays.update(y_test_1_hot=0 * arrays["y_test_1_hot"]), id="no class"),
        pytest.param(lambda arrays: arrays.update(y_train_1_hot=arrays["y_train_1_hot"][:-1]), id="too few"),
        pytest.param(lambda arrays: arrays.update(x_test=arrays["x_test"] * np.nan), id="not finite"),
    ],
)
def test_a_right_loop_is_right_without_usable_arrays(rehearse, arrays, spoil):
    from netgrader.student.mnist import load_mnist

    spoiled = dict(arrays)
    spoil(spoiled)
    tried = rehearse({"plain": PLAIN}, calls=((1, 4096),), data=spoiled, raw=load_mnist(), seconds=30.0)
    training = tried.training("plain")
    assert training.codes == ()
    assert training.subjects[0].tables.stand_ins
    assert len(training.subjects[0].tables.train) == 60_000
    assert tried.evidence("plain").facts["changed"] == []


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(
            lambda arrays: arrays.update(x_train=255 * arrays["x_train"], x_test=255 * arrays["x_test"]),
            id="not scaled",
        ),
        pytest.param(lambda arrays: arrays.update(x_train=arrays["x_train"] / 255), id="one side"),
        pytest.param(
            lambda arrays: arrays.update(x_train=arrays["x_train"] // 1, x_test=arrays["x_test"] // 1), id="whole"
        ),
        pytest.param(
            lambda arrays: arrays.update(y_train_1_hot=np.roll(arrays["y_train_1_hot"], 1, 1)), id="off by one"
        ),
        pytest.param(lambda arrays: arrays.update(y_train_1_hot=arrays["y_train_1_hot"][::-1]), id="apart"),
        pytest.param(lambda arrays: arrays.update(x_train=arrays["x_train"].astype(np.float16)), id="half"),
    ],
)
def test_a_fault_of_the_arrays_is_no_fault_of_the_loop(rehearse, arrays, raw, spoil):
    spoiled = dict(arrays)
    spoil(spoiled)
    training = rehearse({"plain": PLAIN}, calls=((2, 64),), data=spoiled, raw=raw).training("plain")
    assert training.codes == ()
    assert training.subjects[0].tables.stand_ins is None


def test_labels_made_anew_from_the_digits_are_right_whatever_the_array_holds(rehearse, arrays, raw):
    spoiled = {**arrays, "y_train_1_hot": np.roll(arrays["y_train_1_hot"], 1, axis=1)}
    digits = json.dumps([int(digit) for digit in raw[0][1]])
    source = PLAIN.replace("y_train_1_hot", "labels").replace(
        "def train", f"labels = np.eye(10)[{digits}]\n\n\ndef train"
    )
    assert rehearse({"own": source}, calls=((2, 64),), data=spoiled, raw=raw).training("own").codes == ()
