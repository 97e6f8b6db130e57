"""`predict("…", …)`: a question of the course, told at once and worth nothing; a release says no answer to who has given none."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nbformat
import numpy as np
import pytest

from netgrader.commands.release import generate
from netgrader.errors import NetgraderError
from netgrader.questions import RELEASED, load_questions, said_to
from netgrader.student import predict

ROOT = Path(__file__).parents[2]
CHECKS = ROOT / "source" / "digits" / "checks"
WRITTEN = tomllib.loads((CHECKS / "questions.toml").read_text(encoding="utf-8"))
RELEASE = ROOT / "release" / "digits"

OWN = """
["the sum"]
answer = 0.125
why = "It is an eighth."
otherwise = "What is half of a quarter?"
digits = 3

["the sum".wrong]
"8" = "That is how many there are."

["the shape"]
answer = [2, 3]
why = "Rows, then columns."
otherwise = "How many rows are there?"
"""


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr("IPython.display.display", lambda content, **_: found.append(content))
    return found


@pytest.fixture
def course(tmp_path, monkeypatch):
    (tmp_path / "exercises.toml").write_text("")
    (tmp_path / "questions.toml").write_text(OWN)
    monkeypatch.setenv("NETGRADER_CHECKS", str(tmp_path))
    return tmp_path


def told(shown, name, *answer):
    predict(name, *answer)
    return shown.pop()["text/plain"]


@pytest.mark.usefixtures("course")
@pytest.mark.parametrize("answer", [0.125, "0.125", np.float32(0.12501), np.array(0.125)])
def test_a_right_answer_unfolds_the_reason_however_the_number_is_written(shown, answer):
    predict("the sum", answer)
    assert shown[0]["text/plain"] == "Right. It is an eighth."
    assert shown[0]["text/markdown"].startswith("<details open>")


@pytest.mark.usefixtures("course")
def test_a_wrong_answer_leads_on_and_one_that_is_expected_is_told_by_itself(shown):
    assert told(shown, "the sum", 8) == "Not quite. That is how many there are."
    for answer in (0.5, "a lot", [0.125, 0], float("nan"), 10**400):
        assert told(shown, "the sum", answer) == "Not quite. What is half of a quarter?"
    assert told(shown, "the shape", 2, None).startswith("Found an object of the kind NoneType")
    for answer in (None, object()):
        assert told(shown, "the sum", answer).startswith(
            f"Found an object of the kind {type(answer).__name__}; expected"
        )


@pytest.mark.usefixtures("course")
@pytest.mark.parametrize("answer", [((2, 3),), (2, 3), ([2, 3],), (np.array([2, 3]),), ("(2, 3)",)])
def test_a_shape_may_be_written_as_one_thinks_of_it(shown, answer):
    assert told(shown, "the shape", *answer) == "Right. Rows, then columns."
    assert told(shown, "the shape", 3, 2).startswith("Not quite.")


@pytest.mark.usefixtures("course")
@pytest.mark.parametrize("answer", [(0, 125), ("0,125",)])
def test_a_right_number_with_a_decimal_comma_is_right_and_the_point_is_told(shown, answer):
    assert told(shown, "the sum", *answer) == "Right. It is an eighth. In Python a decimal number has a point: 0.125."
    assert told(shown, "the sum", 0, 25).startswith("Not quite.")


@pytest.mark.usefixtures("course")
def test_what_is_not_answered_yet_or_not_known_is_a_sentence(shown):
    assert told(shown, "the sum", ...) == told(shown, "the sum")
    assert "in place of the dots" in told(shown, "the sum", ...)
    assert told(shown, "the summ", 1) == "There is no question called “the summ”. Was its name changed?"


@pytest.mark.parametrize("content", [None, '["the sum"]\nanswer = 1\n', "no toml"])
def test_without_questions_or_with_damaged_ones_nothing_is_shown_and_no_notebook_stops(course, shown, content):
    (course / "questions.toml").unlink()
    (course / RELEASED).write_text(content or "{}")
    predict("the sum", 1)
    assert shown == []


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_asked_in_the_notebooks_is_told_from_the_release(name):
    question, written = load_questions(RELEASE / "checks")[name], WRITTEN[name]
    assert said_to(name, question, written["answer"]) == (True, written["why"])
    for answer, text in written["wrong"].items():
        assert said_to(name, question, answer) == (False, text)
    assert said_to(name, question, "nothing of the kind") == (False, written["otherwise"])


def test_nothing_in_a_release_says_an_answer_before_it_was_given():
    texts = [text for one in WRITTEN.values() for text in (one["why"], *one["wrong"].values())]
    for path in sorted(path for path in RELEASE.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert [
            text for text in texts if text[:40].encode() in content or text[:40].encode("unicode-escape") in content
        ] == []
    lengths = {name: {len(one) for one in found.sealed} for name, found in load_questions(RELEASE / "checks").items()}
    assert {name for name, found in lengths.items() if len(found) > 1} == set()


def test_notebooks_ask_questions_and_they_wait_for_an_answer():
    asked = {}
    for path in sorted(RELEASE.glob("*.ipynb")):
        source = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
        asked[path.stem] = re.findall(r'^predict\("(.+)", \.\.\.\)$', source, re.MULTILINE)
    assert {notebook: len(names) for notebook, names in asked.items()} == {
        "1_one_layer": 3,
        "2_two_layers": 3,
        "3_deep_network": 2,
    }
    assert {name for names in asked.values() for name in names} == {
        name for name, one in WRITTEN.items() if "asks" not in one
    }


@pytest.mark.parametrize(
    ("questions", "says"),
    [
        (
            OWN.replace("the sum", "the some"),
            r"asks the question “the sum”, which is not in .*questions\.toml; is it the some\?",
        ),
        ("", "asks the question “the sum”"),
        (OWN.replace("why =", "because ="), r'makes no sense: \["the sum"\]'),
        (OWN.replace('"8" =', '"0.1250" ='), "calls its answer wrong"),
    ],
)
def test_a_release_whose_questions_do_not_fit_is_refused(tiny, tmp_path, questions, says):
    ask(tiny)
    tiny.write("source/numbers/checks/questions.toml", questions)
    with pytest.raises(NetgraderError, match=says):
        generate(tiny.assignment, tmp_path / "out", tiny.assignment.notebooks, save=False)


def test_a_course_of_ones_own_has_its_questions_released_sealed(tiny, tmp_path):
    ask(tiny)
    tiny.write("source/numbers/checks/questions.toml", OWN)
    generate(tiny.assignment, tmp_path / "out", tiny.assignment.notebooks, save=False)
    checks = tmp_path / "out" / "checks"
    assert not (checks / "questions.toml").exists()
    assert "eighth" not in (checks / RELEASED).read_text()
    assert said_to("the sum", load_questions(checks)["the sum"], 0.125) == (True, "It is an eighth.")


def test_the_questions_of_the_guide_work_as_they_stand_there(tmp_path):
    guide = (ROOT / "docs" / "guides" / "write-an-exercise.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n# in questions\.toml\n(.*?)```", guide, re.DOTALL)
    assert len(blocks) == 2
    (tmp_path / "questions.toml").write_text("\n".join(blocks), encoding="utf-8")
    known = load_questions(tmp_path)
    assert said_to("accuracy", known["accuracy"], np.mean([True, True, True, False]))[0]
    assert not said_to("loss of a network that knows nothing", known["loss of a network that knows nothing"], 1)[0]


def ask(tiny):
    path = tiny.root / "source" / "numbers" / "1_sums.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell('predict("the sum", ...)'))
    nbformat.write(notebook, path)
