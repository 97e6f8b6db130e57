"""Texts about what was found, in another language: looked up where they are made, then filled in, as gettext does."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from netgrader.checks import wording
from netgrader.grading.execution import ExecutionLimits
from netgrader.grading.kernel_link import Ended, Reply
from netgrader.grading.run_report import ended_early
from netgrader.phrases import Speech, say, speaking
from netgrader.student import estimate
from netgrader.student.answer import Answer
from tests.guides import phrases as listing

if TYPE_CHECKING:
    from collections.abc import Iterator

GERMAN = {
    "one step an epoch": "ein Schritt je Epoche",
    "{1} train steps on {2:,} images at once": "{2:,} Bilder auf einmal in {1} Trainingsschritten",
    "{1} of {2}": "{1} von {2}",
    "{name}: {passed} of {count} checks passed.": "{name}: {passed} von {count} Prüfungen bestanden.",
}


@pytest.fixture
def _german() -> Iterator[None]:
    with speaking(Speech(language="de", said=GERMAN)):
        yield


@pytest.mark.usefixtures("_german")
@pytest.mark.parametrize(
    ("text", "values", "named", "said"),
    [
        ("one step an epoch", (), {}, "ein Schritt je Epoche"),
        (
            "{1} train steps on {2:,} images at once",
            (3, 60_000),
            {},
            "60000 Bilder auf einmal in 3 Trainingsschritten",
        ),
        ("{1} of {2}", ("one step an epoch", "W"), {}, "ein Schritt je Epoche von W"),
        (
            "{name}: {passed} of {count} checks passed.",
            (),
            {"name": "train", "passed": 3, "count": 7},
            "train: 3 von 7 Prüfungen bestanden.",
        ),
        ("the weights of {1}", ("W",), {}, "the weights of W"),  # not translated yet
        ("nothing of the kind", (), {}, "nothing of the kind"),
        ("", (), {}, ""),
    ],
)
def test_a_text_is_said_as_it_was_translated_with_what_was_put_in(
    text: str, values: tuple[object, ...], named: dict[str, object], said: str
) -> None:
    assert say(text, *values, **named) == said


@pytest.mark.usefixtures("_german")
def test_what_a_student_chose_is_put_in_as_it_is() -> None:
    assert say("{1} of {2}", "{1} of {2:,}", "{x!r}") == "{1} of {2:,} von {x!r}"
    assert say("{1} outputs") == "{1} outputs"


def test_without_a_translation_everything_is_said_as_it_stands() -> None:
    assert say("{1:.2f} of {2!r}", 0.125, "W") == "0.12 of 'W'"


def test_texts_are_listed_without_documentation() -> None:
    source = '''
"""A module that says this and that."""
WAITS = "This waits for {what} to pass."
def judge(found, n):
    """Judge what was found."""
    word = say("{1:,.3g} of {2} {3}", found, n, "left out" if n else "fed twice")
    fail("no-shuffling", found=word, expected="once", place=f"row {n} of it")
    return "plain"
'''
    assert set(listing.texts(source)) == {
        "This waits for {what} to pass.",
        "{1:,.3g} of {2} {3}",
        "once",
        "left out",
        "fed twice",
    }
    assert "plain" in set(listing.texts(source, words=True))


def test_the_list_is_toml_and_keeps_what_is_translated() -> None:
    first = tomllib.loads(listing.written(listing.of_netgrader(), {}))
    assert len(first) > 300
    assert set(first.values()) == {""}
    again = tomllib.loads(
        listing.written(listing.of_netgrader(), {"one bias for all neurons": "ein Bias", "long gone": "vergangen"})
    )
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


def test_what_is_said_is_found_in_the_list() -> None:
    listed = tomllib.loads(listing.written(listing.of_netgrader(), {}))
    with speaking(Speech(said={text: f"«{text}»" for text in listed})):
        fine = say(
            estimate.FINE, total="2 minutes", cores=2, longest="90 seconds", cell="10 minutes", notebook="20 minutes"
        )
        close = say(estimate.CLOSE, fine=fine, advice=estimate.ADVICE)
        said = [
            fine,
            close,
            ended_early(
                Reply(Ended.INTERRUPTED),
                "the cell deep_training",
                ExecutionLimits(cell_seconds=25),
                whole_notebook=False,
            ),
            Answer("train", waits_for=("prepare_data",)).headline,
            say(wording.NOT_HANDED_OVER, name="x_train"),
        ]
    assert [text for text in said if not text.startswith("«")] == []
    assert close.startswith("««Grading")  # with the sentence before it and the advice after it, each by itself
    assert close.endswith(f"«{estimate.ADVICE}»»")


def test_no_word_of_a_hidden_test_is_listed_for_it_would_travel_to_students() -> None:
    assert [path for path in listing.programs() if "grader_tests" in path.parts or path.name.startswith("test_")] == []
