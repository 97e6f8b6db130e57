"""`check("…")` in a notebook: one line per check, a friendly one if nothing is done, and never a traceback."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from netgrader.results import CheckResult, Outcome, Visibility
from netgrader.student.answer import COLOURS, Answer
from tests.checks.in_ipython import run_notebooks
from tests.checks.works import GLOROT
from tests.programs import source

ROOT = Path(__file__).resolve().parents[2]
GIVEN = source("cells/attempts:asked")
STUB = '''
def fully_connected_layer(x, n_output, name=None, activation=None):
    """Add a layer."""
    # YOUR CODE HERE
    raise NotImplementedError()
'''
NEEDS_THE_LAYER = """
def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        logits, W1 = fully_connected_layer(X, 10)
    return SimpleNamespace(graph=graph, X=X, logits=logits, W1=W1)
"""
CALL = 'check("fully_connected_layer")'


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What was shown after each cell of a notebook that a student fills in step by step."""
    folder = tmp_path_factory.mktemp("student")
    shutil.copytree(
        ROOT / "source" / "digits" / "checks", folder / "checks", ignore=shutil.ignore_patterns("__pycache__")
    )
    cells = {
        "given": GIVEN,
        "nothing": CALL,
        "stub": STUB,
        "on the stub": CALL,
        "network": NEEDS_THE_LAYER,
        "network on the stub": 'check("one_layer_network")',
        "no bias": GLOROT.replace("tf.matmul(x, W) + b", "tf.matmul(x, W)"),
        "on no bias": CALL,
        "right": GLOROT,
        "on the right one": CALL,
        "raises": GLOROT.replace("tf.matmul(x, W)", "tf.matmul(W, x)"),
        "on one that raises": CALL,
        "unknown": 'check("something_else")',
        "state": "ops = len(tf.get_default_graph().get_operations())",
        "default graph": "from IPython.display import display; display({'text/plain': str(ops)}, raw=True)",
        "elsewhere": "import os; os.makedirs('a/b'); os.chdir('a/b'); " + CALL,
        "no folder": f"import shutil; shutil.rmtree({str(folder / 'checks')!r}); " + CALL,
    }
    ran = run_notebooks({"notebook": list(cells.values())}, folder)["notebook"]
    return {**dict(zip(cells, ran["cells"], strict=True)), "process": ran}


def text(entry) -> str:
    (shown,) = entry["shown"]
    return shown["text/plain"]


@pytest.mark.parametrize(("step", "why"), [("nothing", ", or not run since the kernel started"), ("on the stub", "")])
def test_what_is_not_done_yet_is_one_friendly_line(said, step, why):
    assert said[step]["error"] is None
    assert text(said[step]) == (
        f"fully_connected_layer: not done yet{why}. Fill in the cell above, run it, then run this one again."
    )


def test_a_network_that_needs_an_unwritten_function_says_which(said):
    assert said["network on the stub"]["error"] is None
    assert "this needs fully_connected_layer, not done yet" in text(said["network on the stub"])


def test_a_fault_is_explained_in_its_line(said):
    shown = text(said["on no bias"])
    assert shown.startswith("fully_connected_layer: 5 of 7 checks passed.")
    assert "✗ Each neuron has a bias of its own" in shown
    assert "The neurons of a layer do not each have a bias. Found an output of 0 for an input of 0" in shown
    assert "Read: Notebook 1, What a neuron does." in shown
    assert said["on no bias"]["error"] is None


def test_a_right_cell_passes_all_checks(said):
    assert text(said["on the right one"]).startswith("fully_connected_layer: all 7 checks passed.")


def test_an_error_in_the_students_code_is_shown_with_its_line_and_is_no_error_of_the_check(said):
    assert said["on one that raises"]["error"] is None
    shown = text(said["on one that raises"])
    assert "Your code stopped with an error. Found ValueError" in shown
    assert "h = tf.matmul(W, x) + b" in shown


def test_an_unknown_name_is_a_sentence(said):
    assert "There is no check called 'something_else'" in said["unknown"]["error"]
    assert said["unknown"]["shown"] == []


def test_the_folder_of_checks_is_found_above_and_missed_with_a_sentence(said):
    assert text(said["elsewhere"]) == text(said["on one that raises"])
    assert "folder 'checks'" in said["no folder"]["error"]


def test_nothing_is_left_in_the_default_graph_and_nothing_else_is_printed(said):
    assert text(said["default graph"]) == "0"
    assert "test session starts" not in said["process"]["output"]


def test_no_traceback_is_ever_printed(said):
    assert "Traceback" not in said["process"]["output"]


def answer() -> Answer:
    return Answer(
        "train",
        (
            CheckResult("t.py::a", "It <b>trains</b>", Visibility.PUBLIC, Outcome.PASSED, 1, 1),
            CheckResult(
                "t.py::b", "It shuffles", Visibility.PUBLIC, Outcome.FAILED, 0, 1, (), "Found <script>.", "Why."
            ),
        ),
    )


def test_html_says_the_same_as_the_text_in_words_and_not_in_colour_alone():
    page = answer()._repr_html_()
    assert "train: 1 of 2 checks passed." in page
    assert "passed" in page
    assert "not yet" in page
    assert "Why." in page


def test_html_holds_nothing_that_a_student_wrote_as_markup():
    page = answer()._repr_html_()
    assert "<script>" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page


def contrast(one: str, other: str) -> float:
    """How far two colours lie apart, by WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_verdicts_are_legible_whatever_theme_is_behind_them():
    page = answer()._repr_html_()
    marks = re.findall(r'<span style="background:(#\w{6});color:#fff;', page)
    assert len(marks) == len(re.findall("<li", page)) == 2
    assert (
        re.findall(r"[^-d]color:#(?!fff)", page) == []
    )  # letters have a colour of their own on their own ground alone
    assert [colour for colour in COLOURS.values() if contrast(colour, "#ffffff") < 4.5] == []
