"""Keras models are read like graphs, and places have their authors' names."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import run_program

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def rows(folder):
    """What was read in a process in which TensorFlow runs eagerly; the files of models lie in `folder` then."""
    said = run_program("tests.reader.traced_side", folder, seconds=600)
    return json.loads(said.printed.splitlines()[-1])


def read(*arguments):
    command = [str(Path(sys.executable).with_name("netgrader")), "read", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("name", ["compiled", "labels of its form", "schedule"])
def test_a_right_model_is_read_and_has_no_fault(rows, name):
    row = rows[name]
    assert row["faults"] == [], row["text"]
    assert [(one["inputs"], one["outputs"], one["activation"]) for one in row["layers"]] == [
        (64, 12, "relu"),
        (12, 10, "none"),
    ]
    assert row["loss"]["kind"] == "softmax-cross-entropy"
    assert row["loss"]["reduction"] == "mean"


def test_layers_are_told_by_the_names_that_their_author_gave_them(rows):
    assert [one["name"] for one in rows["compiled"]["layers"]] == ["hidden", "scores"]
    assert rows["compiled"]["layers"][0]["variables"] == ["digits/hidden/kernel", "digits/hidden/bias"]
    huge = rows["huge"]
    assert (huge["faults"], huge["where"], huge["marked"]) == (["huge-initialisation"], ["layer hidden"], 1)
    assert "hidden: dense, 64 → 12, relu" in huge["text"]


def test_optimizer_and_rate_are_read(rows):
    assert rows["compiled"]["optimizer"]["kind"] == "adam"
    assert rows["compiled"]["optimizer"]["learning_rate"] == pytest.approx(0.001, rel=0.01)
    assert (rows["schedule"]["optimizer"]["kind"], rows["schedule"]["faults"]) == ("undecided", [])


def test_a_model_that_is_not_compiled_is_read_without_loss_and_optimizer(rows):
    row = rows["not compiled"]
    assert (row["loss"], row["optimizer"], row["faults"], len(row["layers"])) == (None, None, [], 2)


def test_labels_of_another_form_than_the_loss_takes_are_named(rows):
    row = rows["labels of another form"]
    assert (row["faults"], row["found"]) == (["labels-not-one-hot"], ["labels of shape (None,)"])
    assert rows["labels alone"]["faults"] == ["labels-not-one-hot"]


def test_one_number_for_two_classes_is_no_mistake(rows):
    assert rows["two classes"]["faults"] == [], rows["two classes"]["text"]


def test_what_does_not_say_its_inputs_asks_for_rows(rows):
    for name in ("unbuilt", "unbuilt, with labels"):
        assert "call it on some rows first" in rows[name]["problem"]
    assert rows["unbuilt, with rows"]["layers"][0]["inputs"] == 64


def test_a_model_whose_layers_are_not_built_yet_is_built_and_can_be_trained_afterwards(rows):
    assert len(rows["build() alone"]["layers"]) == 1
    assert rows["trains after it was read"] is True


def test_a_step_of_its_own_of_two_inputs_is_read(rows):
    assert (rows["own step, two inputs"]["faults"], len(rows["own step, two inputs"]["layers"])) == ([], 2)


def test_a_step_that_raises_is_told_with_what_it_raised(rows):
    assert rows["own step that raises"]["problem"] == "The model cannot be traced: RuntimeError: no step today."


def test_each_optimizer_of_keras_is_named_or_said_to_be_undecided(rows):
    for name, row in rows["optimizers"]:
        kind = row["optimizer"]["kind"] if row["optimizer"] else "undecided"  # or no step of it is found
        assert (kind, row["faults"]) == (name or "undecided", []), row["text"]


def test_a_course_in_keras_grades_as_the_guide_says(rows):
    two, *_ = rows["guide: right"]
    assert [outcome for outcome, _ in rows["guide: right"].values()] == ["passed"] * 4
    assert rows["guide: linear"] == {**rows["guide: right"], two: ["failed", ["missing-activation"]]}
    assert rows["guide: rectified"][two] == ["failed", ["relu-on-logits"]]


def test_reading_changes_nothing_of_a_model(rows):
    assert rows["nothing is changed"] is True
    assert rows["own metrics are left alone"] is True


def test_in_graph_mode_a_model_is_refused_in_a_sentence(rows):
    assert "without disable_v2_behavior()" in rows["graph mode"]["problem"]


def test_a_file_of_a_model_is_read_in_a_cage(rows, folder):
    done = read(folder / "huge.keras", "--json", folder / "huge.json")
    assert done.returncode == 0, done.stderr
    found = json.loads((folder / "huge.json").read_text())
    assert found["faults"] == ["huge-initialisation"]
    assert (found["layers"][0]["name"], found["optimizer"]["kind"]) == ("hidden", "adam")
    assert "(at layer hidden)" in done.stdout


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("code.keras", "asks for code of its own"),
        ("empty", "cannot be read"),
        ("damaged.keras", "cannot be traced"),
        ("old.h5", "save it as .keras"),
    ],
)
def test_code_in_a_file_and_what_is_no_model_are_refused_in_a_sentence(rows, folder, name, words):
    (folder / "damaged.keras").write_bytes((folder / "huge.keras").read_bytes()[:500])
    (folder / "empty").mkdir(exist_ok=True)
    done = read(folder / name)
    assert done.returncode == 1, done.stdout
    assert words in done.stderr
    assert "Traceback" not in done.stderr
