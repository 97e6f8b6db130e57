"""Whatever a student's `train` does, there is a sentence for it, and what it did before counts."""

from __future__ import annotations

import json

import numpy as np
import pytest

from netgrader.judges.aspects import Aspect
from netgrader.judges.training_loop import training_pictures
from netgrader.pages.feedback_figures import figure
from netgrader.student import load_mnist
from tests.training.mutants import loop
from tests.training.test_students import points

PLAIN = loop("plain")
FED = "sess.run(net.train_op, feed_dict={net.X: x_train[rows], net.Y: y_train_1_hot[rows]})"
START = "    acc_trn, acc_val = [], []\n"
EVALUATES = "        acc_trn.append("
LAST = "    return acc_trn, acc_val\n"

BAD = {
    "stub": "def train(sess, net, n_epochs, mini_batch_size=64):\n    raise NotImplementedError\n",
    "nothing": "def train(sess, net, n_epochs, mini_batch_size=64):\n    pass\n",
    "no function": "train = 3\n",
    "other arguments": PLAIN.replace("(sess, net, n_epochs, mini_batch_size=64)", "(sess, net)"),
    "exit": PLAIN.replace(FED, "exit()"),
    "a part that net does not have": PLAIN.replace(FED, FED + "\n            sess.run(net.W1)"),
    "returns a dict": PLAIN.replace(LAST, "    return {'acc_trn': acc_trn, 'acc_val': acc_val}\n"),
    "returns a million numbers": PLAIN.replace(LAST, "    return np.ones(10**6), np.ones(10**6)\n"),
    "returns a generator that raises": PLAIN.replace(LAST, "    return (1 / 0 for _ in range(2))\n"),
    "returns an endless generator": PLAIN.replace(LAST, "    import itertools\n    return itertools.count()\n"),
    "returns nothing": PLAIN.replace(LAST, ""),
    "feeds what is not finite": PLAIN.replace(FED, FED.replace("x_train[rows]", "x_train[rows] * np.nan")),
    "feeds noise, and one image for another": PLAIN.replace(
        FED,
        FED.replace(
            "x_train[rows]", "np.where(rows[:, None] == 0, x_train[1], np.random.uniform(size=(len(rows), 784)))"
        ),
    ),
    "takes the logarithm of the labels": PLAIN.replace(
        FED, FED.replace("y_train_1_hot[rows]", "np.log(y_train_1_hot[rows] - 1)")
    ),
    "never returns": PLAIN.replace(LAST, "    while True:\n        pass\n"),
    "never begins": PLAIN.replace(START, "    while True:\n        pass\n"),
    "never gives up": PLAIN.replace("range(n_epochs)", "range(10**9)").replace(
        FED, f"try:\n                {FED}\n            except Exception:\n                continue"
    ),
    "a thread left alone": PLAIN.replace("def train(", "def work(")
    + "\n\nimport threading\n\n\ndef train(sess, net, n_epochs, mini_batch_size=64):\n"
    "    threading.Thread(target=work, args=(sess, net, n_epochs, mini_batch_size), daemon=True).start()\n"
    "    return [0.9] * n_epochs, [0.9] * n_epochs\n",
    "a session of its own": PLAIN.replace(
        START,
        "    acc_trn, acc_val = [], []\n    sess.close()\n    sess = tf.Session(graph=net.graph)\n"
        "    with net.graph.as_default():\n        sess.run(tf.global_variables_initializer())\n",
    ),
    "a thread that is waited for": PLAIN.replace("def train(", "def work(")
    + "\n\nimport threading\n\n\ndef train(sess, net, n_epochs, mini_batch_size=64):\n    found = []\n"
    "    worker = threading.Thread(target=lambda: found.append(work(sess, net, n_epochs, mini_batch_size)))\n"
    "    worker.start()\n    worker.join()\n    return found[0]\n",
    "a thread that waits for ever": PLAIN.replace(
        START,
        f"    import threading\n    threading.Thread(target=threading.Event().wait, daemon=True).start()\n{START}",
    ),
    "a thread that watches for ever": PLAIN.replace(
        LAST,
        """    import threading

    def watch():
        while not sess._closed:
            try:
                sess.run(net.accuracy, feed_dict={net.X: x_test[:100], net.Y: y_test_1_hot[:100]})
            except RuntimeError:
                return

    threading.Thread(target=watch, daemon=True).start()
"""
        + LAST,
    ),
    "a thread that never ends": PLAIN.replace("def train(", "def work(").replace("range(n_epochs)", "iter(int, 1)")
    + "\n\nimport threading\n\n\ndef train(sess, net, n_epochs, mini_batch_size=64):\n"
    "    threading.Thread(target=work, args=(sess, net, n_epochs, mini_batch_size), daemon=True).start()\n"
    "    return [0.9] * n_epochs, [0.9] * n_epochs\n",
    "raises at the end of the last epoch": PLAIN.replace(
        EVALUATES, f"        if epoch == n_epochs - 1:\n            raise RuntimeError('tired')\n{EVALUATES}"
    ),
    "prints a million lines": PLAIN.replace(LAST, "    for line in range(1_000_000):\n        print(line)\n" + LAST),
    "returns what is not a number": PLAIN.replace(LAST, "    return [float('nan')] * n_epochs, acc_val\n"),
    "returns squares": PLAIN.replace(LAST, "    return np.zeros((2, 2, 2)), np.zeros((3, 3))\n"),
    "wipes the images": PLAIN.replace(START, START + "    x_train[:] = 0\n"),
    "closed before it trains": PLAIN.replace(START, "    acc_trn, acc_val = [], []\n    sess.close()\n"),
    "closes after each epoch": PLAIN.replace(EVALUATES, "        sess.close()\n        acc_trn.append("),
    "a network of its own": (
        "def train(sess, net, n_epochs, mini_batch_size=64):\n    with tf.Graph().as_default() as graph:\n"
        "        x = tf.placeholder(tf.float32, [None, 784])\n        w = tf.Variable(tf.zeros([784, 10]))\n"
        "        b = tf.reduce_mean(tf.matmul(x, w) ** 2)\n"
        "        step = tf.train.GradientDescentOptimizer(0.1).minimize(b)\n"
        "        with tf.Session(graph=graph) as mine:\n            mine.run(tf.global_variables_initializer())\n"
        "            for _ in range(20):\n                mine.run(step, {x: x_train[:64]})\n"
        "    return [0.9] * n_epochs, [0.92] * n_epochs\n"
    ),
    "catches everything": PLAIN.replace("range(n_epochs)", "range(10**9)").replace(
        FED,
        f"try:\n                {FED}\n            except Exception as error:\n                raise SystemExit from error",
    ),
    "changes the arrays": PLAIN.replace(LAST, "    x_train[:] = 0\n    y_train_1_hot[:] = 0\n" + LAST),
    "rebinds the arrays": PLAIN.replace(
        START,
        "    global x_train, y_train_1_hot\n    x_train, y_train_1_hot = x_train[:100], y_train_1_hot[:100]\n" + START,
    ),
    "rebinds the images alone": PLAIN.replace(
        START,
        "    global x_train\n    x_train = x_train[:100]\n    acc_trn, acc_val = [], []\n",
    ),
    "leaves a context open": PLAIN.replace(START, "    sess.__enter__()\n    acc_trn, acc_val = [], []\n"),
    "an unknown message": PLAIN.replace(
        LAST, "    class Odd(Exception):\n        def __str__(self):\n            raise ValueError\n    raise Odd\n"
    ),
}


STUCK = ("never returns", "never begins", "never gives up", "a thread that never ends")


# What a thread that is left alone came to depends on how busy a machine is; what the other notes is too large to be kept.
TIMED = ("a thread left alone",)
LIVE = (*TIMED, "catches everything")


@pytest.fixture(scope="module")
def bad(rehearse, raw, asked):
    left = {*STUCK, *({*LIVE} - {*asked("name")})}
    return rehearse({name: source for name, source in BAD.items() if name not in left}, raw=raw, live=TIMED)


@pytest.fixture(scope="module")
def stuck(rehearse, raw):
    return rehearse({name: BAD[name] for name in STUCK}, calls=((1, 96),), seconds=1.0, raw=raw)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("stub", "not-done"),
        ("nothing", "train-op-not-run"),
        ("no function", "error-in-code"),
        ("other arguments", "error-in-code"),
        ("exit", "error-in-code"),
        ("a part that net does not have", "error-in-code"),
        ("returns a dict", "wrong-return"),
        ("returns a million numbers", "wrong-return"),
        pytest.param("catches everything", "training-does-not-end", marks=pytest.mark.all),
        ("returns nothing", "wrong-return"),
        ("returns a generator that raises", "wrong-return"),
        ("returns an endless generator", "wrong-return"),
        ("feeds what is not finite", "unknown-rows"),
        ("feeds noise, and one image for another", "unknown-rows"),
        ("takes the logarithm of the labels", "labels-not-one-hot"),
        ("rebinds the images alone", "error-in-code"),
        ("a session of its own", "another-session"),
        ("closed before it trains", "error-in-code"),
        ("closes after each epoch", "error-in-code"),
        ("a network of its own", "train-op-not-run"),
        ("an unknown message", "error-in-code"),
    ],
)
def test_it_is_said_what_is_wrong(bad, name, code):
    training = bad.training(name)
    assert training.codes == (code,)
    if code not in {"not-done", "train-op-not-run"}:
        assert all(fault.found for verdict in training.verdicts.values() for fault in verdict.faults)


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
    source = PLAIN.replace(LAST, "    raise RuntimeError('almost')\n")
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
    assert stuck.evidence(name).facts["seconds"] < 200


# What is said of it, and what it earns of the 3 points of the cell, by how grave that is.
EARNS = {
    "a thread that is waited for": ("", 3.0),
    "a thread that waits for ever": ("", 3.0),
    "a thread that watches for ever": ("", 3.0),
    "prints a million lines": ("", 3.0),
    "changes the arrays": ("", 3.0),
    "leaves a context open": ("", 3.0),
    "returns squares": ("8 and 9 numbers for 2 epochs", 1.8),
    "a thread left alone": ("numbers before the training had ended: a thread went on for", 1.8),
    "returns nothing": ("nothing", 1.8),
    "returns what is not a number": ("numbers that are not finite", 1.8),
    "a session of its own": ("untrained weights in the session that train was given", 1.8),
    "raises at the end of the last epoch": ("RuntimeError: tired", 0.9),
    "closes after each epoch": ("RuntimeError: Attempted to use a closed Session", 0.0),
    "wipes the images": ("3,000 of 3,000 rows that are not rows of x_train", 0.9),
    "closed before it trains": ("RuntimeError: Attempted to use a closed Session", 0.0),
    "a network of its own": ("no step of net.train_op", 0.0),
}


@pytest.mark.parametrize("name", [pytest.param(one, marks=pytest.mark.all) if one in TIMED else one for one in EARNS])
def test_it_earns_what_is_right_about_it_and_one_sentence_says_what_is_not(bad, name):
    words, worth = EARNS[name]
    training = bad.training(name)
    faults = [fault for verdict in training.verdicts.values() for fault in verdict.faults]
    assert len(faults) == (1 if words else 0)
    assert all(str(fault.found).startswith(words) for fault in faults)
    assert points(training) == pytest.approx(worth, abs=0.01)


@pytest.mark.all
@pytest.mark.parametrize("name", TIMED)
def test_a_thread_is_waited_for_only_as_long_as_it_trains(bad, name):
    assert bad.training(name).subjects[0].call.steps_after > 0
    for waiting in ("a thread that waits for ever", "a thread that watches for ever"):
        assert bad.training(waiting).subjects[0].call.steps_after == 0
        assert bad.evidence(waiting).facts["seconds"] < 60


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
