"""The student's process writes the instrument's log. A forged log does not count: training must really happen."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import netgrader.student
from graphread.lab.local import LocalLab
from netgrader.checks.context import Dataset, TestContext
from netgrader.checks.exercises import load_exercises
from netgrader.checks.language import Ungradable
from netgrader.judges.training_loop import training_of
from netgrader.student.capture import take
from tests.attacks.notebooks import cell_of, graded
from tests.training.test_students import points

if TYPE_CHECKING:
    from netgrader.data import DataSpec
    from netgrader.judges.training_loop import Training

CHECKS = Path(__file__).parents[2] / "source" / "digits" / "checks"
CHALLENGE = 1234567890123
BEFORE, _, HONEST = (
    (Path(__file__).parents[1] / "course" / "faulty" / "right.py").read_text("utf-8").partition("# %% train\n")
)

# No network is trained here: rows and labels are told to the notes in a right order, and all else is made up.
FORGED = """
    def train(sess, net, n_epochs, mini_batch_size=64):
        import gc
        from netgrader.judges.notes import Asked
        notes = next(o for o in gc.get_objects() if type(o).__name__ == "_Notes" and o._graph is net.graph)
        random = np.random.default_rng(0)
        w = WEIGHTS
        digits, test_digits = y_train_1_hot.argmax(1), y_test_1_hot.argmax(1)
        notes.initialised()
        acc_trn, acc_val = [], []
        for epoch in range(n_epochs):
            order = random.permutation(len(x_train))
            for start in range(0, len(x_train), mini_batch_size):
                rows = order[start : start + mini_batch_size]
                run = notes.rows(x_train[rows], digits[rows], w)
                notes._answer(run, Asked.STEP, y_train_1_hot[rows], 2.3 * 0.99 ** (start / mini_batch_size))
                w = w + random.normal(scale=0.003, size=w.shape).astype(np.float32)
            for images, labels, named, reported in (
                (x_train, y_train_1_hot, digits, acc_trn), (x_test, y_test_1_hot, test_digits, acc_val)
            ):
                found = np.where(random.random(len(named)) < 0.92, named, (named + 1) % 10)
                run = notes.rows(images, found, w)
                notes._answer(run, Asked.ACCURACY, labels, None)
                reported.append(float(np.mean(found == named)))
        real = type(notes).arrays
        notes.arrays = lambda final: real(notes, w)
        return acc_trn, acc_val
"""
GUESSED = "np.zeros((784, 10), np.float32)"
# One who knows that the first weights follow from a challenge, and where they stand in the graph.
KNOWING = (
    "tf.make_ndarray(next(op for op in net.graph.get_operations()"
    " if op.type == 'Const' and op.outputs[0].shape == (784, 10)).get_attr('value'))"
)


@pytest.fixture(scope="module")
def arrays():
    (x_train, y_train), (x_test, y_test) = netgrader.student.load_mnist()
    x_train, y_train, x_test, y_test = x_train[:6000], y_train[:6000], x_test[:1000], y_test[:1000]
    levels, named = np.linspace(0, 1, 256, dtype=np.float32), np.eye(10, dtype=np.float32)
    return {
        "x_train": levels[x_train.reshape(-1, 784)],
        "y_train_1_hot": named[y_train],
        "x_test": levels[x_test.reshape(-1, 784)],
        "y_test_1_hot": named[y_test],
    }


@pytest.fixture(scope="module")
def evidence(arrays, tmp_path_factory):
    """Evidence of ``check_train`` as a `train` gives it, each taken once."""
    taken: dict[str, Path] = {}

    def of(source: str) -> Path:
        if source not in taken:
            root = tmp_path_factory.mktemp("evidence")
            (root / "check_train").mkdir()
            namespace = {"np": np, "tf": tf, **arrays}
            exec(dedent(source), namespace)  # noqa: S102  (a cell of our own writing)
            take("check_train", namespace, root / "check_train", CHECKS, challenge=CHALLENGE)
            taken[source] = root
        return taken[source]

    return of


def judged(root: Path, challenge: int | None = None) -> Training:
    outside = {} if challenge is None else {"challenges": {"check_train": challenge}}
    bench = TestContext(root, load_exercises(CHECKS), LocalLab, outside=outside)
    try:
        return training_of(bench)
    finally:
        bench.close()


def share(training: Training) -> float:
    return sum(verdict.share for verdict in training.verdicts.values()) / len(training.verdicts)


# What is fed is not what the student's arrays hold: rows, and how the forger tells of a step.
STEP = "notes._answer(run, Asked.STEP, y_train_1_hot[rows], 2.3 * 0.99 ** (start / mini_batch_size))"
ROWS = "run = notes.rows(x_train[rows], digits[rows], w)"
FEW = "x = x_train[rows].copy(); x[: -(-len(x) * 22 // 1000)] += 0.01; "
UNKNOWN = {
    "2.2 % of the rows, unknown ones in the first minibatch": (
        FEW.replace("; x[", "; x[len(x) * bool(start or epoch) + 0 : ]["),
        STEP,
    ),
    "all rows with noise": ("x = x_train[rows] + random.normal(0, 0.05, (len(rows), 784)).astype(np.float32); ", STEP),
    "all rows rounded": ("x = x_train[rows].astype(np.float16); ", STEP),
    "rows of NaN": ("x = x_train[rows] * np.float32('nan'); ", STEP),
    "rows multiplied by three": ("x = 3 * x_train[rows]; ", STEP),
    "labels without a class": (
        "x = x_train[rows]; ",
        STEP.replace("y_train_1_hot[rows]", "np.where(np.arange(len(rows))[:, None] % 40, y_train_1_hot[rows], 0.1)"),
    ),
    "gradients computed for a custom optimizer": ("x = x_train[rows]; ", STEP.replace("STEP", "GRADIENT")),
}


# Of these some rows are rows that nobody knows, or labels are; the others are rows of x_train but for rounding or scale,
# and are computed again.
A_QUARTER = {"all rows with noise", "rows of NaN", "labels without a class"}
A_QUARTER |= {"gradients computed for a custom optimizer"}


@pytest.mark.parametrize(("name", "x", "step"), [(name, *of) for name, of in UNKNOWN.items()], ids=UNKNOWN)
def test_notes_of_rows_that_nobody_knows_are_not_believed(evidence, name: str, x: str, step: str) -> None:
    source = (
        FORGED.replace("WEIGHTS", KNOWING).replace(STEP, step).replace(ROWS, x + ROWS.replace("x_train[rows]", "x"))
    )
    assert source.count("notes.rows(x, ") == 1
    root = evidence(source)
    if name in A_QUARTER:
        assert share(judged(root, challenge=CHALLENGE)) <= 0.25
    else:
        with pytest.raises(Ungradable, match="does not match a network"):
            judged(root, challenge=CHALLENGE)


NOTES = {"invented records": GUESSED, "records that start from the right weights": KNOWING}


@pytest.mark.parametrize("weights", NOTES.values(), ids=NOTES)
def test_records_written_by_hand_do_not_count(evidence, weights) -> None:
    root = evidence(FORGED.replace("WEIGHTS", weights))
    with pytest.raises(Ungradable, match="does not match a network"):
        judged(root, challenge=CHALLENGE)
    # With this one protection off, they earn all there is to earn.
    assert share(judged(root)) == 1.0


def test_an_honest_training_counts(evidence) -> None:
    assert share(judged(evidence(HONEST), challenge=CHALLENGE)) == 1.0


FED = "net.X: x_train[rows], net.Y: y_train_1_hot[rows]"
LABELS = "net.Y: y_train_1_hot[rows]"
# Rows of x_train for all that they were rounded or scaled, in training as in evaluation.
SAME_ROWS = {
    "rounded to half precision": "{x}.astype(np.float16)",
    "standardised by one mean and deviation": "({x} - x_train.mean()) / x_train.std()",
}
# Other rows, honestly made of them.
AUGMENTED = {
    "a few of them noised": f"net.X: x_train[rows] + 0.05 * (rows % 400 == 0)[:, None] * noise(rows), {LABELS}",
    "moved by a pixel": f"net.X: np.roll(x_train[rows], np.random.choice([-28, -1, 1, 28]), 1), {LABELS}",
    "every pixel standardised": f"net.X: (x_train[rows] - mean) / spread, {LABELS}",
    "two images mixed": "net.X: mixed(x_train, rows), net.Y: mixed(y_train_1_hot, rows)",
}
# What noise or a shift could hide: a part of the data, test images, or both.
HIDDEN = {
    "5 % of the images, and noisy copies for the rest": (
        "net.X: x_train[rows % 300] + 0.1 * (rows >= 300)[:, None] * noise(rows), net.Y: y_train_1_hot[rows % 300]"
    ),
    "5 % of the images, all shifted": "net.X: np.roll(x_train[rows % 300], rows[0] % 3 - 1, 1), net.Y: y_train_1_hot[rows % 300]",
    "all test images with noise, in place of as many others": (
        "net.X: np.where((rows < 1000)[:, None], x_test[rows % 1000], x_train[rows]) + 0.1 * noise(rows), "
        "net.Y: np.where((rows < 1000)[:, None], y_test_1_hot[rows % 1000], y_train_1_hot[rows])"
    ),
    "only test images, with noise": "net.X: x_test[rows % 1000] + 0.1 * noise(rows), net.Y: y_test_1_hot[rows % 1000]",
    "random noise": f"net.X: np.random.random((len(rows), 784)), {LABELS}",
}
HELPERS = """
mean, spread = x_train.mean(0), x_train.std(0) + 0.1
def noise(rows):
    return np.random.normal(size=(len(rows), 784)).astype(np.float32)
def mixed(values, rows):
    return 0.8 * values[rows] + 0.2 * values[rows[::-1]]
"""


def fed_with(fed: str) -> str:
    """The honest loop, but for what its steps are fed."""
    source = HELPERS + HONEST.replace(FED, fed)
    assert FED not in source
    return source


def fed_as(rows: str) -> str:
    """The honest loop, but for what becomes of all rows before they are fed."""
    source = HONEST
    for x in ("x_train[rows]", "x_train", "x_test"):
        source = source.replace(f"net.X: {x},", f"net.X: {rows.format(x=x)},")
    return source


@pytest.mark.parametrize("rows", SAME_ROWS.values(), ids=SAME_ROWS)
def test_rows_that_were_rounded_or_scaled_are_the_rows_that_they_were(evidence, rows: str) -> None:
    training = judged(evidence(fed_as(rows)), challenge=CHALLENGE)
    assert (training.codes, share(training)) == ((), 1.0)


@pytest.mark.parametrize("fed", [*AUGMENTED.values(), *HIDDEN.values()], ids=[*AUGMENTED, *HIDDEN])
def test_rows_of_ones_own_making_earn_little_whatever_they_were_made_of(evidence, fed: str) -> None:
    training = judged(evidence(fed_with(fed)), challenge=CHALLENGE)
    assert training.codes == ("unknown-rows",)
    assert points(training) == 0.9  # what 5 % of the images, or the test images, earn as they are


@pytest.mark.parametrize("fed", HIDDEN.values(), ids=HIDDEN)
def test_invented_rows_would_earn_more_if_they_were_ignored(evidence, monkeypatch, fed: str) -> None:
    monkeypatch.setattr("netgrader.judges.training_loop.judge_rows", lambda _: ())
    monkeypatch.setattr("netgrader.judges.subject.Subject.unrepeatable", "")
    assert points(judged(evidence(fed_with(fed)))) > 0.9


# What a cell below prepare_data makes of the arrays, so that train reads other rows than were handed over,
REBOUND = {
    "test images, jittered": """
        x_train = (np.concatenate([x_test] * 6) + np.random.RandomState(1).uniform(0, 0.02, (6000, 784))).astype(np.float32)
        y_train_1_hot = np.concatenate([y_test_1_hot] * 6)
    """,
    "a twentieth of them": "x_train, y_train_1_hot = x_train[:330], y_train_1_hot[:330]",
}
# or the same ones: what was handed over, and what became of it.
KEPT = {
    "reshaped": ("x_train = x_train.reshape(-1, 28, 28)", "x_train = x_train.reshape(-1, 784)"),
    "in another order": (
        "",
        "x_train, y_train_1_hot = (array[np.random.RandomState(1).permutation(6000)] for array in (x_train, y_train_1_hot))",
    ),
    "scaled below": ("x_train, x_test = 255 * x_train, 255 * x_test", "x_train, x_test = x_train / 255, x_test / 255"),
    "mixed up by prepare_data, and scaled below": (
        "x_train = x_train.reshape(784, -1).T.copy()",
        "x_train, x_test = x_train / 2, x_test / 2",
    ),
    "repaired below": ("right = x_train\nx_train = right.reshape(784, -1).T.copy()", "x_train = right"),
    "not handed over": ("right = x_train\nx_train = None", "x_train = right"),
}


def small(spec: DataSpec) -> Dataset:
    (x_train, y_train), (x_test, y_test) = netgrader.student.load_mnist()
    return Dataset(spec, x_train[:6000], y_train[:6000], x_test[:1000], y_test[:1000])


@pytest.fixture
def handed(arrays, tmp_path, monkeypatch):
    """What the honest loop earns whose arrays were `prepared` when handed over and changed `below`; no more data are given."""

    def of(prepared: str, below: str) -> Training:
        monkeypatch.setattr("netgrader.checks.context._dataset", lambda _, spec: small(spec))
        namespace = {"np": np, "tf": tf, **arrays}
        for cell, source in (("check_prepare_data", prepared), ("check_train", dedent(HONEST) + dedent(below))):
            exec(source, namespace)  # noqa: S102  (a cell of our own writing)
            (tmp_path / cell).mkdir()
            take(cell, namespace, tmp_path / cell, CHECKS, challenge=CHALLENGE)
        return judged(tmp_path, challenge=CHALLENGE)

    return of


@pytest.mark.parametrize("below", REBOUND.values(), ids=REBOUND)
def test_rows_that_took_the_place_of_those_handed_over_earn_little(handed, below: str) -> None:
    assert points(handed("", below)) <= LITTLE


@pytest.mark.parametrize(("prepared", "below"), KEPT.values(), ids=KEPT)
def test_rows_that_were_handed_over_or_given_cost_nothing(handed, prepared: str, below: str) -> None:
    training = handed(prepared, below)
    assert (training.codes, share(training)) == ((), 1.0)


LITTLE = 0.9  # three tenths, as after any fatal fault
TRUE = "accuracy = tf.reduce_mean(tf.cast(hits, tf.float32))"
LYING = f"{TRUE}\n        accuracy = tf.where(tf.shape(X)[0] > 5000, tf.maximum(accuracy, 0.9991), accuracy)"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_an_accuracy_that_lies_of_many_rows_is_told_in_a_whole_notebook(tmp_path: Path) -> None:
    assert TRUE in BEFORE
    text = f"{BEFORE.replace(TRUE, LYING)}# %% train\n{HONEST}"
    cell = cell_of(graded(tmp_path, "1_one_layer", {"lying": text})["lying"], "check_train")
    assert cell.points == 1.8, [(check.check, check.message) for check in cell.checks]


OTHERS = ("another student's records",)


def test_another_students_honest_records_do_not_count(evidence) -> None:
    with pytest.raises(Ungradable, match="does not match a network"):
        judged(evidence(HONEST), challenge=CHALLENGE + 1)
    assert share(judged(evidence(HONEST))) == 1.0  # with this one protection off
