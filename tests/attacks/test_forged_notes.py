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
from tests.programs import programs
from tests.training.test_students import points

if TYPE_CHECKING:
    from netgrader.data import DataSpec
    from netgrader.judges.training_loop import Training

CHECKS = Path(__file__).parents[2] / "source" / "digits" / "checks"
CHALLENGE = 1234567890123
BEFORE, _, HONEST = (
    (Path(__file__).parents[1] / "course" / "faulty" / "right.py").read_text("utf-8").partition("# %% train\n")
)

FORGED, FED_ROWS = programs("loops/forged"), programs("loops/fed")
NOTES = [name for name, one in FORGED.items() if one.terms.get("earns") == "all, unprotected"]
# What is fed is not what the student's arrays hold.
UNKNOWN = [name for name, one in FORGED.items() if one.terms.get("earns") in {"a quarter", "nothing"}]
AUGMENTED, HIDDEN, REBOUND, KEPT = (
    [name for name, one in FED_ROWS.items() if one.terms["kind"] == kind]
    for kind in ("augmented", "hidden", "rebound", "kept")
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


@pytest.mark.parametrize("name", UNKNOWN)
def test_notes_of_rows_that_nobody_knows_are_not_believed(evidence, name: str) -> None:
    root = evidence(FORGED[name].source)
    if FORGED[name].terms["earns"] == "a quarter":
        assert share(judged(root, challenge=CHALLENGE)) <= 0.25
    else:
        with pytest.raises(Ungradable, match="does not match a network"):
            judged(root, challenge=CHALLENGE)


@pytest.mark.parametrize("name", NOTES)
def test_records_written_by_hand_do_not_count(evidence, name: str) -> None:
    root = evidence(FORGED[name].source)
    with pytest.raises(Ungradable, match="does not match a network"):
        judged(root, challenge=CHALLENGE)
    # With this one protection off, they earn all there is to earn.
    assert share(judged(root)) == 1.0


def test_an_honest_training_counts(evidence) -> None:
    assert share(judged(evidence(HONEST), challenge=CHALLENGE)) == 1.0


FED = "net.X: x_train[rows], net.Y: y_train_1_hot[rows]"
# Rows of x_train for all that they were rounded or scaled, in training as in evaluation.
SAME_ROWS = {
    "rounded to half precision": "{x}.astype(np.float16)",
    "standardised by one mean and deviation": "({x} - x_train.mean()) / x_train.std()",
}


def fed_with(name: str) -> str:
    """The honest loop, but for what its steps are fed."""
    source = FED_ROWS["helpers"].source + HONEST.replace(FED, FED_ROWS[name].source)
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


@pytest.mark.parametrize("name", [*AUGMENTED, *HIDDEN])
def test_rows_made_by_the_student_earn_little_in_any_way(evidence, name: str) -> None:
    training = judged(evidence(fed_with(name)), challenge=CHALLENGE)
    assert training.codes == ("unknown-rows",)
    assert points(training) == 0.9  # what 5 % of the images, or the test images, earn as they are


@pytest.mark.parametrize("name", HIDDEN)
def test_invented_rows_would_earn_more_if_they_were_ignored(evidence, monkeypatch, name: str) -> None:
    monkeypatch.setattr("netgrader.judges.training_loop.judge_rows", lambda _: ())
    monkeypatch.setattr("netgrader.judges.subject.Subject.unrepeatable", "")
    assert points(judged(evidence(fed_with(name)))) > 0.9


def small(spec: DataSpec) -> Dataset:
    (x_train, y_train), (x_test, y_test) = netgrader.student.load_mnist()
    return Dataset(spec, x_train[:6000], y_train[:6000], x_test[:1000], y_test[:1000])


@pytest.fixture
def handed(arrays, tmp_path, monkeypatch):
    """What the honest loop earns whose arrays were handed over so and changed below; no more data are given."""

    def of(name: str) -> Training:
        prepared, below = FED_ROWS[name].terms.get("prepared", ""), FED_ROWS[name].source
        monkeypatch.setattr("netgrader.checks.context._dataset", lambda _, spec: small(spec))
        namespace = {"np": np, "tf": tf, **arrays}
        for cell, source in (("check_prepare_data", prepared), ("check_train", dedent(HONEST) + below)):
            exec(source, namespace)  # noqa: S102  (a cell of our own writing)
            (tmp_path / cell).mkdir()
            take(cell, namespace, tmp_path / cell, CHECKS, challenge=CHALLENGE)
        return judged(tmp_path, challenge=CHALLENGE)

    return of


@pytest.mark.parametrize("name", REBOUND)
def test_rows_that_took_the_place_of_those_handed_over_earn_little(handed, name: str) -> None:
    assert points(handed(name)) <= LITTLE


@pytest.mark.parametrize("name", KEPT)
def test_rows_that_were_handed_over_or_given_cost_nothing(handed, name: str) -> None:
    training = handed(name)
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
