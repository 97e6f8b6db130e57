"""The Keras course of `docs/guides/keras-course.md`: students get the messages that the guide shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from netgrader.files import decode
from netgrader.results import CheckResult, Outcome
from tests.processes import run_program

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "keras-course.md"
GIVEN = """
import keras, numpy as np
keras.utils.set_random_seed(1)
x, y = np.random.default_rng(0).random((64, 784), dtype="float32"), np.arange(64) % 10
x[y == 0] = 1
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(10)])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
"""
FIT = "model.fit(x, y, epochs=3, verbose=0)\n"
WORKS = {
    "with metrics": "model.compile('adam', loss, metrics=['accuracy'])\n" + FIT,
    "without metrics": "model.compile('adam', loss)\n" + FIT,
    "with another metric": "model.compile('adam', loss, metrics=[keras.metrics.SparseTopKCategoricalAccuracy(3)])\n"
    + FIT,
    "never compiled": "",
    "one-hot labels": "model.compile('adam', loss)\nmodel.fit(x, np.eye(10)[y], verbose=0)\n",
    "narrow images": "model.compile('adam', loss)\nmodel.fit(x[:, :100], y, verbose=0)\n",
    "no model": "model = None\n",
    "a call that stops": "class Own(keras.Model):\n    def call(self, x):\n        raise ValueError('later')\nmodel = Own()\n",
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """What came of each piece of work: its checks by the names of their tests."""
    folder = tmp_path_factory.mktemp("keras")
    guide = GUIDE.read_text(encoding="utf-8")
    for name, text in re.findall(r"```(?:python|toml)\n# (?:in )?(\S+)\n(.*?)```", guide, re.DOTALL):
        (folder / name).write_text(text, encoding="utf-8")
    works, told = folder / "works.json", folder / "verdicts.json"
    works.write_text(json.dumps({name: GIVEN + source for name, source in WORKS.items()}), encoding="utf-8")
    run_program(Path(__file__).with_name("keras_side.py"), folder, works, told, seconds=600)
    found = json.loads(told.read_text(encoding="utf-8"))
    return {
        name: {check.check.partition("::test_")[2]: check for check in (decode(CheckResult, one) for one in checks)}
        for name, checks in found.items()
    }


@pytest.mark.parametrize("name", ["with metrics", "without metrics", "with another metric"])
def test_a_trained_model_is_right_whatever_metrics_it_has(verdicts, name):
    assert {check.outcome for check in verdicts[name].values()} == {Outcome.PASSED}, verdicts[name]


def test_of_a_model_that_was_never_compiled_the_call_is_asked_that_compiles_it(verdicts):
    told = verdicts["never compiled"]
    assert told["loss_fits_what_the_model_puts_out"].faults == ("missing-tensor",)
    assert "compile(optimizer=…, loss=…)" in str(told["nothing_else_is_wrong"].message)
    assert not any("net." in (str(check.message or "")) for check in told.values())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("one-hot labels", "ValueError: Argument `output` must have rank"),
        ("narrow images", "is incompatible with the layer"),
    ],
)
def test_an_error_that_fit_raised_is_reported(verdicts, name, said):
    trained = verdicts[name]["the_model_was_trained"]
    assert (trained.outcome, trained.faults) == (Outcome.FAILED, ("error-in-code",))
    assert "the cell digits_model stopped at" in str(trained.message)
    assert said in str(trained.message)


def test_a_model_that_cannot_be_read_is_not_code_that_stopped(verdicts):
    first = next(check for check in verdicts["a call that stops"].values() if check.outcome is Outcome.FAILED)
    assert first.faults == ("wrong-return",)
    assert "The model cannot be traced" in str(first.message)


def test_what_is_no_model_is_named_by_its_kind(verdicts):
    first = next(check for check in verdicts["no model"].values() if check.outcome is Outcome.FAILED)
    assert "There is no model: it is an object of the kind NoneType" in str(first.message)
