"""Told the same a second time a student gets a hint, a third time a smaller task: `check`, `check.smaller`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from netgrader.faults import CATALOGUE, speaking_of
from netgrader.questions import load_questions, said_to
from netgrader.results import CheckResult, Outcome, Visibility
from netgrader.student.answer import Answer
from netgrader.student.stuck import FILE, LARGEST, told_further
from tests.checks.students import GLOROT, LOSS, NETWORK, PREDICTION
from tests.datasets import EXERCISES

ROOT = Path(__file__).parents[2]
CHECKS = ROOT / "source" / "digits" / "checks"
WRITTEN = tomllib.loads((CHECKS / "questions.toml").read_text(encoding="utf-8"))
TASKS = {name: one for name, one in WRITTEN.items() if "asks" in one}
GIVEN = """
from types import SimpleNamespace
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
from netgrader.student import check
"""
TWICE = NETWORK.replace(LOSS, LOSS.replace("logits=logits", "logits=prediction"))
UNREADABLE = NETWORK.replace(PREDICTION, f"{PREDICTION})")


@pytest.fixture(autouse=True)
def of_digits():
    with speaking_of(EXERCISES.texts):
        yield


@pytest.fixture
def beside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / FILE


# ---- In a notebook -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What was shown after each cell of a student who is stuck, and the folder of the notebook."""
    folder = tmp_path_factory.mktemp("stuck")
    shutil.copytree(CHECKS, folder / "checks", ignore=shutil.ignore_patterns("__pycache__"))
    call = 'check("one_layer_network")'
    cells = {
        "given": GIVEN + GLOROT + TWICE,
        "first": call,
        "second": call,
        "third": call,
        "the task": 'check.smaller("loss from logits")',
        "its answer": 'check.smaller("loss from logits", 0.17)',
        "mended": NETWORK,
        "right": call,
        "damaged": f"open({str(folder / FILE)!r}, 'w').write('[1, {{')",
        "again": TWICE,
        "anew": call,
        "unreadable": UNREADABLE,
        "of what is not read": call,
        "stopped": NETWORK + "\nundefined_name()\n",
        "of the error": call,
        "of the error once more": call,
    }
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "checks" / "notebook_side.py")],
        input=json.dumps(list(cells.values())),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"shown"')]
    texts = ["\n".join(one["text/plain"] for one in line["shown"]) for line in lines]
    return dict(zip(cells, texts, strict=True)), folder


HINT = "Hint: Go back from the loss"


def test_the_first_time_says_what_and_where_the_second_a_hint_the_third_a_smaller_task(shown):
    texts, _ = shown
    for name in ("first", "second", "third"):
        assert "The softmax is applied twice" in texts[name]
        assert "Read: Notebook 1, Why the loss is computed from logits." in texts[name]
    assert [name for name in ("first", "second", "third", "right", "anew") if HINT in texts[name]] == [
        "second",
        "third",
    ]
    assert [name for name, text in texts.items() if "check.smaller('loss from logits')" in text] == ["third"]
    assert texts["third"].count(HINT) == 1


def test_the_smaller_task_is_shown_and_told_at_once(shown):
    texts, _ = shown
    assert "loss = tf.constant(0.0)" in texts["the task"]
    assert texts["its answer"].startswith("Right. The largest logit")


def test_a_damaged_count_begins_anew_without_an_error(shown):
    texts, folder = shown
    assert "The softmax is applied twice" in texts["anew"]
    assert json.loads((folder / FILE).read_text())["test_one_layer_public"]["softmax-before-loss"] == 1


def test_a_cell_that_stopped_is_counted_as_well(shown):
    texts, _ = shown
    assert "SyntaxError" in texts["of what is not read"]
    assert "NameError" in texts["of the error"]
    assert "Hint: " not in texts["of the error"]
    assert "Hint: Copy the line that is named" in texts["of the error once more"]


# ---- What is counted -----------------------------------------------------------------------------------------------------


def test_it_is_counted_for_each_notebook_and_each_code(beside):
    assert told_further("one", ["missing-bias"]) == {}
    assert list(told_further("one", ["missing-bias"])) == ["missing-bias"]
    assert told_further("two", ["missing-bias"]) == {}
    assert told_further("one", ["wrong-width", "no-such-code"]) == {}
    assert list(told_further("one", ["missing-bias", "wrong-width"])) == ["missing-bias"]
    assert json.loads(beside.read_text()) == {"one": {"missing-bias": 3, "wrong-width": 2}, "two": {"missing-bias": 1}}


@pytest.mark.parametrize("content", ["", "[]", '{"one": {"missing-bias": "often"}}', '{"one": 3}', "\x00", "[" * 5000])
def test_what_is_no_count_is_none(beside, content):
    beside.parent.mkdir()
    beside.write_text(content)
    assert told_further("one", ["missing-bias"]) == {}
    assert json.loads(beside.read_text()) == {"one": {"missing-bias": 1}}


def test_a_file_that_is_too_large_is_not_read_and_one_that_cannot_be_written_costs_nothing(beside):
    beside.parent.mkdir()
    beside.write_text(json.dumps({"one": {"missing-bias": 5}}) + " " * LARGEST)
    assert told_further("one", ["missing-bias"]) == {}
    beside.unlink()
    beside.mkdir()
    assert told_further("one", ["missing-bias"]) == {}


def test_it_is_told_once_with_the_first_check_that_it_is_about():
    checks = [
        CheckResult(f"t.py::{name}", name, Visibility.PUBLIC, outcome, 0, 1, ("missing-bias", *more), f"In {name}.")
        for name, outcome, *more in [
            ("a", Outcome.PASSED),
            ("b", Outcome.FAILED),
            ("c", Outcome.PARTIAL, "wrong-width"),
            ("d", Outcome.PARTIAL),
        ]
    ]
    answer = Answer("layer", tuple(checks), further={"missing-bias": "Hint: <b>."})
    assert str(answer).count("Hint: <b>.") == 1
    assert answer._repr_html_().count("Hint: &lt;b&gt;.") == 1
    assert str(answer).index("In b.") < str(answer).index("Hint") < str(answer).index("In c.")
    assert "d: waits for the above" in str(answer)


# ---- Hints and tasks -----------------------------------------------------------------------------------------------------


def test_hints_of_the_commonest_codes_are_a_sentence_or_two_and_tasks_are_the_courses():
    hints = {code: kind.hint for code, kind in CATALOGUE.items() if kind.hint}
    assert len(hints) >= 20
    assert {code: text for code, text in hints.items() if not re.fullmatch(r"[A-Z].{40,220}[.?]", text)} == {}
    named = {kind.smaller for kind in CATALOGUE.values() if kind.smaller}
    assert named == set(TASKS)


SOLUTIONS = {
    "softmax": {"p = ...": "p = np.exp(z) / np.exp(z).sum()"},
    "loss from logits": {
        "tf.constant(0.0)": "tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)",
    },
    "one-hot labels": {"one_hot = ...": "one_hot = np.eye(3)[labels]"},
    "accuracy": {"accuracy = ...": "accuracy = np.mean(prediction.argmax(axis=1) == labels.argmax(axis=1))"},
    "shuffling together": {"..., ...": "images[order], labels[order]"},
    "minibatches": {"batches = ...": "batches = [rows[start : start + size] for start in range(0, 7, size)]"},
    "learning rate": {"w = ...": "w = w - rate * 2 * w"},
    "dropout switch": {"rate=0.2": "rate=tf.where(switch, 0.2, 0.0)"},
}
MISTAKES = {
    ("softmax", "np.exp(z)"): "These are the powers",
    ("softmax", "z / z.sum()"): "before they are divided",
    ("softmax", "np.exp(np.exp(z) / np.exp(z).sum()) / np.exp(np.exp(z) / np.exp(z).sum()).sum()"): "One softmax",
    ("loss from logits", "tf.constant(0.0)"): "the 0 that stood there",
    (
        "loss from logits",
        "tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=tf.nn.softmax(logits))",
    ): "two softmaxes",
    ("loss from logits", "tf.nn.softmax_cross_entropy_with_logits(labels=logits, logits=labels)"): "exchanged",
    ("one-hot labels", "np.eye(3)[labels].T"): "A row for each class",
    ("one-hot labels", "np.eye(4)[labels]"): "A column too many",
    ("one-hot labels", "labels"): "the labels themselves",
    ("accuracy", "np.mean(prediction.argmax(axis=0) == labels.argmax(axis=0))"): "compares columns",
    ("accuracy", "np.mean(prediction == labels)"): "No row of probabilities",
    ("accuracy", "np.sum(prediction.argmax(axis=1) == labels.argmax(axis=1))"): "As a share of all",
    ("shuffling together", "images[order], labels"): "labels still in the old",
    ("shuffling together", "images, labels[order]"): "images still in the old",
    ("shuffling together", "images, labels"): "Both are as they were",
    ("minibatches", "[rows[start : start + size] for start in range(0, 6, size)]"): "Row 6 is left out",
    ("minibatches", "[rows[start : start + size] for start in range(7 // size)]"): "one row behind the first",
    ("minibatches", "[rows[start : start + size] for start in range(7)]"): "come three times",
    ("minibatches", "[rows[start : start + 2] for start in range(0, 7, 2)]"): "have two rows",
    ("minibatches", "[rows[start : start + size] for start in range(0, 6, size - 1)]"): "They overlap",
    ("learning rate", "w + rate * 2 * w"): "goes uphill",
    ("learning rate", "w - rate * w"): "the slope of w² is 2w",
    ("learning rate", "1.0 - rate * 2"): "one step",
    ("dropout switch", "rate=0.2"): "dropped in use, too",
    ("dropout switch", "rate=tf.where(switch, 0.0, 0.2)"): "wrong way round",
    ("dropout switch", "rate=tf.where(switch, 0.8, 0.0)"): "the share that goes",
    ("dropout switch", "rate=tf.where(switch, 0.0, 0.0)"): "Nothing is dropped in training",
}


def filled(name, solution):
    """What the code of a task hands over with `solution` in its gap, and what is said to it."""
    (code,) = re.findall(r"```python\n(.*?)```", TASKS[name]["asks"], re.DOTALL)
    (gap,) = SOLUTIONS[name]
    assert code.count(gap) == 1
    given = []

    class check:  # noqa: N801
        @staticmethod
        def smaller(asked, *answer):
            given.extend([asked, answer[0] if len(answer) == 1 else answer])

    exec(code.replace(gap, solution), {"np": np, "tf": tf, "check": check})  # noqa: S102
    assert given[0] == name
    return said_to(name, load_questions(CHECKS)[name], given[1])


@pytest.mark.parametrize("name", TASKS)
def test_a_smaller_task_is_solved_by_filling_its_gap(name):
    (solution,) = SOLUTIONS[name].values()
    assert filled(name, solution) == (True, TASKS[name]["why"])


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
def test_the_usual_mistakes_in_a_smaller_task_are_told(name, mistake):
    (gap,) = SOLUTIONS[name]
    right, text = filled(name, gap.replace("...", mistake, 1) if "= ..." in gap else mistake)
    assert not right
    assert MISTAKES[name, mistake] in text
