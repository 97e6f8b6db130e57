"""Capture along with the student's code: graphs from any container, values of closed sessions, errors with their line."""

from __future__ import annotations

import json
import resource
import shutil
from pathlib import Path

import numpy as np
import pytest

from netgrader.checks.diagnose import explain
from netgrader.evidence import EvidenceWriter, NoRoom, read_evidence
from netgrader.student.capture import take
from netgrader.student.probes import describe
from tests.processes import run_program

CHECKS = Path(__file__).parents[2] / "source" / "digits" / "checks"
MADE = """
from netgrader.student.probes import probe

@probe("check_{exercise}")
def made(student, out):
    with student.capturing(out, "made"):
        student.value("made")
"""


@pytest.fixture(scope="module")
def seen():
    said = run_program(Path(__file__).with_name("kernel_side.py"), seconds=200)
    return json.loads(said.printed.splitlines()[-1])


def test_parts_are_found_in_whatever_a_student_returns(seen):
    containers = seen["containers"]
    for name in ("namespace", "dict"):
        assert {"X", "W1", "loss", "train_op"} <= set(containers[name]), name
    for name in ("namedtuple", "slots", "properties"):
        assert set(containers[name]) == {"X", "loss"}, name
    assert containers["tuple"] == {"0": containers["dict"]["X"], "1": containers["dict"]["loss"]}


def test_keras_variables_lists_and_feeds_have_names_in_the_graph(seen):
    odd = seen["odd parts"]
    assert odd["kernel"] == "dense/kernel:0"
    assert odd["group"] == ["NoOp", ["^Adam", "^second"]]
    assert list(odd["eval_feed"].values()) == [[[1.0] * 4]]
    assert odd["about"] == {"rate": 0.5, "lists": ["train_op"]}
    assert odd["ops in the student's graph"] == []


def test_a_graph_that_is_not_the_one_of_the_parts_is_noted_and_the_right_one_taken(seen):
    graphs = seen["graphs"]
    assert graphs["empty"] == [{"returned": "empty"}, ["W1", "X", "init", "loss", "train_op"]]
    assert graphs["full"] == {"returned": "other"}
    assert graphs["none"] == {"returned": "none"}
    assert graphs["partly"] == {"elsewhere": ["accuracy"]}
    assert graphs["refused"] == [True] * 4


@pytest.mark.parametrize("kind", ["variables", "references"])
def test_a_session_may_be_closed_or_left_open(seen, kind):
    sessions = seen["sessions"][kind]
    assert sessions["while open"]
    assert sessions["after closing"]
    assert sessions["without naming it"]
    assert sessions["of another graph"]
    assert sessions["slots too"] == ["W", "W/Adam", "W/Adam_1", "beta1_power", "beta2_power"]


@pytest.mark.parametrize("kind", ["variables", "references"])
def test_values_that_were_never_there_are_not_made_up(seen, kind):
    assert seen["sessions"][kind]["never initialised"] == []
    assert seen["sessions"][kind]["partly initialised"] == ["W"]
    assert seen["sessions"][kind]["ops added"] == 0


def test_an_error_is_evidence_for_its_name_only_with_the_students_line(seen):
    errors = seen["captured"]["errors"]
    assert errors["raised"] == ["ZeroDivisionError", "division by zero", "return x / 0  # here"]
    assert errors["left"] == ["SystemExit", "3", "sys.exit(3)"]
    assert errors["missing"] == ["NameError", "name 'not_there' is not defined", None]
    assert errors["unprintable"][0] == "Unprintable"
    assert errors["helper"] == ["IndexError", "list index out of range", "return help_me()"]
    assert errors["probe"] == ["RuntimeError", "a mistake in the probe", None]


def test_a_probe_leaves_the_notebook_as_it_was(seen):
    captured = seen["captured"]
    assert captured["printed"] == ""
    assert captured["random as before"]
    assert captured["figures"] == []
    assert captured["compiled files"] == []


def test_a_probe_chooses_the_same_arguments_each_time(seen):
    assert seen["captured"]["repeatable"]
    assert seen["captured"]["unknown"] == "No probe takes evidence for check_other."


STUB = "def {name}(images):\n    raise NotImplementedError()\n"


@pytest.mark.parametrize(
    ("exercise", "source", "kind"),
    [
        ("prepare_data", STUB.format(name="prepare_data"), "NotDone"),
        ("prepare_data", "def prepare_data(images):\n    pass\n", "NotDone"),
        ("deep_accuracy", STUB.format(name="deep_training"), "NotDone"),
        ("prepare_data", "def prepare_data(images):\n    return images / 255\n", "NameError"),
        ("prepare_data", "def other(images):\n    return images\n", "NameError"),
        ("made", STUB.format(name="other"), "NameError"),
    ],
)
def test_what_a_stub_would_have_made_is_not_done_and_what_else_is_missing_is_missing(tmp_path, exercise, source, kind):
    (tmp_path / "probes_made.py").write_text(MADE.format(exercise=exercise))
    (tmp_path / "exercises.toml").write_text("")
    namespace = {}
    exec(source, namespace)  # noqa: S102  (a cell, of our own writing)
    (tmp_path / "out").mkdir()
    take(f"check_{exercise}", namespace, tmp_path / "out", tmp_path)
    error = read_evidence(tmp_path / "out").errors["made"]
    assert (error.kind, error.line) == (kind, None)
    assert explain(error, "made").code == ("not-done" if kind == "NotDone" else "missing-name")


@pytest.mark.parametrize(
    ("raised", "kind"), [("()", "NotDone"), ("", "NotDone"), ("('no swish')", "NotImplementedError")]
)
def test_what_a_student_refuses_in_words_is_an_error_of_theirs_and_no_stub(raised, kind):
    namespace = {}
    exec(f"def choose(activation):\n    raise NotImplementedError{raised}\n", namespace)  # noqa: S102  (a cell, of our own writing)
    with pytest.raises(NotImplementedError) as error:
        namespace["choose"]("swish")
    assert describe(error.value, namespace).kind == kind


def test_what_is_larger_than_may_be_written_is_said_to_be_so_and_leaves_its_room_to_the_next(tmp_path):
    out = EvidenceWriter(tmp_path, "check_made")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(NoRoom):
            out.array("large", np.zeros(50_000))
        out.array("small", np.zeros(5))
        out.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert read_evidence(tmp_path).arrays.keys() == {"small"}
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 1_000


def test_a_folder_that_is_gone_is_no_lack_of_room(tmp_path):
    out = EvidenceWriter(tmp_path / "gone", "check_made")
    shutil.rmtree(tmp_path / "gone", ignore_errors=True)
    with pytest.raises(FileNotFoundError):
        out.array("small", np.zeros(5))
