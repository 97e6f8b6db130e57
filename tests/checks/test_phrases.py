"""Texts that are put together while something is judged, in another language: looked up whole, as gettext does."""

from __future__ import annotations

import time
import tomllib

import pytest

from netgrader.checks import wording
from netgrader.checks.wording import plain
from netgrader.commands import phrases as listing
from netgrader.grading.execution_link import Ended, Reply
from netgrader.grading.execution_problems import ended_early
from netgrader.grading.execution_types import ExecutionLimits
from netgrader.phrases import read_phrases
from netgrader.student import estimate
from netgrader.student.answer import Answer

GERMAN = read_phrases(
    {
        "one step an epoch": "ein Schritt je Epoche",
        "{1} train steps on {2} images at once": "{2} Bilder auf einmal in {1} Trainingsschritten",
        "{1} outputs": "{1} Ausgänge",
        "{1} of {2}": "{1} von {2}",
        "logits of shape {1}": "Logits der Form {1}",
        "{name}: {passed} of {count} checks passed.": "{name}: {passed} von {count} Prüfungen bestanden.",
        "the weights of {1}": "",
        "the bias of {1}": "der Bias von {2}",
        "the width of {1}": "die Breite von {1",
    }
)


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("one step an epoch", "ein Schritt je Epoche"),
        ("3 train steps on 60,000 images at once", "60,000 Bilder auf einmal in 3 Trainingsschritten"),
        ("12 outputs of logits of shape (3,)", "12 Ausgänge von Logits der Form (3,)"),
        ("train: 3 of 7 checks passed.", "train: 3 von 7 Prüfungen bestanden."),
        ("the weights of W", "the weights of W"),  # not translated yet
        ("the bias of b", "the bias of b"),  # names a place that there is not
        ("the width of W", "the width of W"),  # a brace is missing
        ("nothing of the kind", "nothing of the kind"),
        ("", ""),
    ],
)
def test_a_text_is_said_as_it_was_translated_with_what_was_put_in(english: str, german: str) -> None:
    assert GERMAN.say(english) == german


def test_what_a_student_chose_is_no_pattern_and_makes_nothing_slow() -> None:
    assert GERMAN.say("{1} outputs") == "{1} Ausgänge"
    assert GERMAN.say(r"\1.* outputs") == r"\1.* Ausgänge"
    vague = read_phrases({f"{{1}} of {{2}}{end}": f"{{1}} von {{2}}{end}" for end in ("", *"abcdefghijk")})
    many = read_phrases({" ".join(f"{{{number}}}" for number in range(9)) + " end": "x {8}"})
    start = time.perf_counter()
    assert many.say("a " * 100_000) == "a " * 100_000
    assert vague.say("a of " * 80) == "a of " * 80
    assert time.perf_counter() - start < 1


def test_without_a_translation_everything_is_said_as_it_stands() -> None:
    assert read_phrases({}).say("one step an epoch") == "one step an epoch"


def test_texts_are_listed_with_numbered_places_and_without_documentation() -> None:
    source = '''
"""A module that says this and that."""
WAITS = "This waits for {what} to pass."
def judge(found, n):
    """Judge what was found."""
    word = f"{found:,.3g} of {n} {'left out' if n else 'fed twice'}"
    fail("no-shuffling", found=word, expected="once", place=f"row {n}")
    return "plain"
'''
    assert set(listing.texts(source)) == {
        "This waits for {what} to pass.",
        "{1} of {2} {3}",
        "once",
        "row {1}",
        "left out",
        "fed twice",
    }
    assert "plain" in set(listing.texts(source, words=True))


def test_the_list_is_toml_and_keeps_what_is_translated() -> None:
    programs = listing.programs()
    first = tomllib.loads(listing.written(programs, {}))
    assert len(first) > 300
    assert set(first.values()) == {""}
    again = tomllib.loads(listing.written(programs, {"one bias for all neurons": "ein Bias", "long gone": "vergangen"}))
    assert set(again) == set(first)
    assert again["one bias for all neurons"] == "ein Bias"
    # One of each kind: around what was found, found, put together, of the training, said by check, drawn, of a run.
    assert {
        "Found {found}; expected {expected}.",
        "one step an epoch",
        "{1} outputs",
        "a new order in each epoch",
        "{name}: not done yet. Fill in the cell above, run it, then run this one again.",
        "Layer {1}: {2}, {3}",
        "Images",
        "passed",
        "The run ended in {1}: by then the notebook had sent more than {2} of output. {3} Print less there.",
    } <= set(first)


def test_what_is_said_in_the_end_is_found_in_the_list() -> None:
    listed = tomllib.loads(listing.written(listing.programs(), {}))
    marked = read_phrases({text: f"«{text}»" for text in listed})
    fine = estimate.FINE.format(
        total="2 minutes", cores=2, longest="90 seconds", cell="10 minutes", notebook="20 minutes"
    )
    said = [
        fine,
        estimate.CLOSE.format(fine=fine, advice=estimate.ADVICE),
        estimate.TOO_LONG.format(fine=fine, advice=estimate.ADVICE),
        ended_early(
            Reply(Ended.INTERRUPTED), "the cell deep_training", ExecutionLimits(cell_seconds=25), whole_notebook=False
        ),
        str(Answer("train", waits_for=("prepare_data",))),
        plain("3 train steps on 60,000 images at once"),
        wording.NOT_HANDED_OVER.format(name="x_train"),
    ]
    for text in said:
        assert marked.say(text).startswith("«"), text
    close = marked.say(said[1])  # with the sentence before it and the advice after it, each by itself
    assert close.startswith("««Grading")
    assert close.endswith(f"«{estimate.ADVICE}»»")


def test_no_word_of_a_hidden_test_is_listed_for_it_would_travel_to_students() -> None:
    assert [path for path in listing.programs() if "grader_tests" in path.parts or path.name.startswith("test_")] == []
