"""A course that says `language = "de"` speaks German: every text of ours is translated, and what does not fit is English."""

from __future__ import annotations

import re
import shutil
import string
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from netgrader import faults, languages
from netgrader.checks.exercises import BadExerciseError, load_exercises, load_texts
from netgrader.checks.wording import hint, message
from netgrader.fault_kinds import KINDS
from netgrader.faults import CATALOGUE, CourseTexts, fault, speaking_of
from netgrader.imports import PACKAGE
from netgrader.languages import LANGUAGES, read
from netgrader.pages import shell, words
from netgrader.pages.feedback_page import build_page, render_page
from netgrader.pages.graded import Graded
from netgrader.phrases import say
from netgrader.results import CheckResult, Outcome, Visibility
from netgrader.student.answer import Answer
from netgrader.wheel import student_files
from tests.feedback import examples as ex
from tests.guides import phrases as listing

CHECKS = PACKAGE.parent / "source" / "digits" / "checks"
FILES = [
    pytest.param(file, found, id=file.relative_to(PACKAGE.parent).as_posix())
    for file, found in listing.listed("de").items()
]


def of(file: Path):
    return tomllib.loads(file.read_text(encoding="utf-8"))


def places(text):
    """Places for values in a text, with how they are formatted; none in what is no form, such as a set written out."""
    try:
        return {tuple(place[1:]) for place in string.Formatter().parse(text) if place[1] is not None}
    except ValueError:
        return set()


def leaves(table, *at):
    """Yield each text of a table, with where it stands."""
    if isinstance(table, str):
        yield at, table
    elif isinstance(table, dict | list):
        for name, one in table.items() if isinstance(table, dict) else enumerate(table):
            yield from leaves(one, *at, name)


@pytest.fixture
def german(tmp_path):
    """The folder of checks of the course on digits, which says that it speaks German."""
    folder = Path(shutil.copytree(CHECKS, tmp_path / "checks", ignore=shutil.ignore_patterns("__pycache__")))
    exercises = folder / "exercises.toml"
    exercises.write_text(f'[texts]\nlanguage = "de"\n\n{exercises.read_text(encoding="utf-8")}', encoding="utf-8")
    return folder


@pytest.fixture
def _spoken(german):
    with speaking_of(load_texts(german, listing.COURSE / "grader_tests" / "hidden.toml")):
        yield


# ---- Everything is translated --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "found"), FILES)
def test_every_phrase_is_translated_with_the_same_places(file, found):
    translated = of(file)
    assert list(translated) == list(dict.fromkeys(text for _, said in found for text in said if text))
    assert [text for text, said in translated.items() if not said] == []
    assert {text: said for text, said in translated.items() if places(text) != places(said)} == {}


def test_every_word_of_the_pages_is_translated_with_the_same_places():
    english = dict(leaves(of(words.FILE)))
    german = dict(leaves(read("de", "words")))
    assert german.keys() == english.keys()
    assert {at: said for at, said in german.items() if places(said) != places(english[at])} == {}


def test_every_fault_is_translated_with_the_same_places():
    kinds = ("sentence", "why", "hint", "regression", "rows")
    english = dict(
        leaves({code: {of: getattr(kind, of) for of in kinds if getattr(kind, of)} for code, kind in KINDS.items()})
    )
    german = dict(leaves(read("de", "faults")))
    assert german.keys() == english.keys()
    assert {at: said for at, said in german.items() if not places(said) <= places(english[at])} == {}


# ---- It is said ----------------------------------------------------------------------------------------------------------


def english_in(text):
    """Sentences of ours in English, of 12 letters or more, that stand in a text."""
    ours = [said for _, said in leaves(of(words.FILE))]
    ours += [said for file, found in listing.listed("de").items() for _, texts in found for said in texts]
    ours += [said for kind in KINDS.values() for said in (kind.sentence, kind.why, kind.hint) if said]
    pieces = {max(re.split(r"\{[^}]*\}", said), key=len).strip() for said in ours}
    german = " ".join(said for table in (read("de", "words"), read("de", "phrases")) for _, said in leaves(table))
    return sorted(one for one in pieces if len(one) >= 12 and " " in one and one in text and one not in german)


@pytest.mark.usefixtures("_spoken")
def test_a_feedback_page_has_no_english_sentence_of_ours():
    found = [
        ("softmax-before-loss", say("softmax"), "", say("layer {number} of {count}", number=2, count=3)),
        ("wrong-width", say("{1} outputs", 12), "10", ""),
        ("no-shuffling", "each pass over the images feeds them in the same order", "a new order in each epoch", ""),
    ]
    checks = [
        ex.failed(
            f"test_{number}", say("The network is a single layer of ten neurons"), fault(*one[:1], one[3], *one[1:3])
        )
        for number, one in enumerate(found)
    ]
    graded = Graded(ex.result(ex.cell("train", 3, *checks, ex.passed("test_fine", say("The bias starts at zero")))))
    page = build_page([ex.check_cell("train", 3)], graded, assignment="digits", notebook="1", student="Ada")
    html = render_page(page)
    assert '<html lang="de">' in html
    assert "Was als Nächstes zu tun ist" in html
    assert english_in(re.sub(r"<style.*?</style>|<script.*?</script>", "", html, flags=re.DOTALL)) == []


def page():
    """A page of a notebook with given text, code of the student's and a verdict of 8.75 points of 10, as HTML."""
    text = {"cell_type": "markdown", "source": "# One layer\n\nAll that was given."}
    cells = [text, ex.solution("train", "x = 1"), ex.check_cell("train", 10)]
    checks = [ex.passed(f"test_{number}", "Fein") for number in range(7)]
    wrong = ex.failed("test_it", "Falsch", fault("no-shuffling"))
    graded = Graded(ex.result(ex.cell("train", 10, wrong, *checks)))
    return render_page(build_page(cells, graded, assignment="digits", notebook="1", student="Ada"))


@pytest.mark.usefixtures("_spoken")
def test_english_text_of_a_notebook_on_a_german_page_says_that_it_is_english():
    html = page()
    assert '<h1 lang="en">One layer</h1>' in html
    assert re.search(r'<div class="prose" lang="en">\s*<p dir="auto">All that was given', html)
    assert '<pre class="source" lang="en"' in html
    assert '<p class="found" dir="auto">' in html  # which is German


def test_a_notebook_in_the_language_of_its_page_says_nothing_of_languages():
    assert 'lang="en"' not in page().replace('<html lang="en">', "")
    with speaking_of(CourseTexts(language="de")):
        assert 'lang="en"' not in page()


@pytest.mark.usefixtures("_spoken")
def test_numbers_on_a_german_page_have_german_separators():
    assert "<b>8,75</b>" in page()
    assert (shell.number(12345.0), shell.number(0.003), shell.number(2.5e-5)) == ("12.345", "0,003", "2,5e-5")
    assert (shell.percent(0.9265), shell.points(0.333)) == (f"92,65{shell.NO_BREAK}%", "0,33")
    assert {len(words.DECIMAL), len(words.THOUSANDS)} == {1}


@pytest.mark.usefixtures("_spoken")
def test_an_answer_of_check_has_no_english_sentence_of_ours():
    wrong = fault("softmax-before-loss", "layer 2", "a tensor without the labels", "the logits")
    terms = {"visibility": Visibility.PUBLIC, "max_credit": 1.0}
    verdicts = (
        CheckResult(check="a", sentence=say("The optimizer is Adam"), outcome=Outcome.PASSED, credit=1.0, **terms),
        CheckResult(
            check="b",
            sentence=say("The loss is the softmax cross-entropy of the logits"),
            outcome=Outcome.FAILED,
            credit=0.0,
            faults=(wrong.code,),
            message=message([wrong]),
            hint=hint([wrong.code]),
            **terms,
        ),
    )
    answers = [
        Answer("train", verdicts),
        Answer("train", verdicts[:1], beyond="whether train makes your own network as good as it says"),
        Answer("train", waits_for=("train",)),
        Answer("train", stopped=""),
    ]
    for answer in answers:
        said = f"{answer} {answer._repr_html_()}"
        # Headings of the course's notebooks, which are given text, stay as they are.
        assert english_in(said.replace(CATALOGUE[wrong.code].where, "")) == []
    assert "Der Optimierer ist Adam" in str(answers[0])
    assert f"Hinweis: {CATALOGUE[wrong.code].hint}" in str(answers[0])


@pytest.mark.usefixtures("_spoken")
def test_places_of_the_data_are_filled_in_german():
    assert "zehn" in CATALOGUE["sigmoid-cross-entropy"].why
    assert "Ziffer" in CATALOGUE["sigmoid-cross-entropy"].why
    assert "digit" not in CATALOGUE["sigmoid-cross-entropy"].why


def test_what_the_inputs_of_other_data_are_called_is_german(german):
    rows = replace(
        CourseTexts(language="de"), instead={"image": "row", "images": "rows", "pixel": "feature", "label": "target"}
    )
    with speaking_of(rows):
        assert say("all {1:,}", 3) == "alle 3"
        assert "Bild" not in CATALOGUE["part-of-data-only"].why
        assert "Trainingsbeispiele" in say("training images only")


# ---- What does not fit is English ----------------------------------------------------------------------------------------


WRONG = {
    "{1} of {2}": "{1} von {3}",
    "the rate of {1}": "die Rate von {1:d}",
    "the width of {1}": "die Breite von {1",
    "the bias of {1}": "",
    "an image": "ein Bild",
}


def test_a_translation_that_does_not_fit_or_is_missing_is_said_in_english(german):
    (german / "phrases.de.toml").write_text(
        "\n".join(f'"{text}" = "{said}"' for text, said in WRONG.items()), encoding="utf-8"
    )
    with speaking_of(load_texts(german)):
        assert say("{1} of {2}", 1, 2) == "1 of 2"
        assert say("the rate of {1}", "W") == "the rate of W"
        assert say("the width of {1}", "W") == "the width of W"
        assert say("the bias of {1}", "b") == "the bias of b"
        assert say("an image") == "ein Bild"
        assert say("nothing of the kind") == "nothing of the kind"


def test_what_a_language_lacks_is_said_in_english(tmp_path, monkeypatch):
    folder = tmp_path / "xx"
    folder.mkdir()
    (folder / "words.toml").write_text(
        'LANGUAGE = "xx"\nLATE = "{points} Punkte"\nSTUDENTS = ["eine"]\n', encoding="utf-8"
    )
    (folder / "faults.toml").write_text('[missing-bias]\nsentence = "Kein {bias}."\nwhy = "Darum."\n', encoding="utf-8")
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    for made in (read, words._said_in, faults._said_in):
        made.cache_clear()
    english = {"late": words.LATE, "students": words.STUDENTS, "sentence": CATALOGUE["missing-bias"].sentence}
    with speaking_of(CourseTexts(language="xx")):
        assert words.LANGUAGE == "xx"
        said = {"late": words.LATE, "students": words.STUDENTS, "sentence": CATALOGUE["missing-bias"].sentence}
        assert said == english
        assert CATALOGUE["missing-bias"].why == "Darum."
    for made in (read, words._said_in, faults._said_in):
        made.cache_clear()


# ---- Where it is said, and who has it ------------------------------------------------------------------------------------


def test_outside_of_the_course_everything_is_english():
    assert words.LANGUAGE == "en"
    assert load_exercises(CHECKS).language == "en"


def test_a_language_that_there_is_not_is_refused(german):
    exercises = german / "exercises.toml"
    exercises.write_text(exercises.read_text(encoding="utf-8").replace('"de"', '"tlh"'), encoding="utf-8")
    with pytest.raises(BadExerciseError, match=f"one of {', '.join(LANGUAGES)}"):
        load_exercises(german)


def test_what_the_guide_shows_stands_in_the_courses_file():
    guide = (listing.COURSE / "docs" / "guides" / "translate.md").read_text(encoding="utf-8")
    shown = tomllib.loads(guide.partition("# checks/phrases.de.toml\n")[2].partition("```")[0])
    assert shown.items() <= of(CHECKS / "phrases.de.toml").items()


def test_students_get_the_languages_and_nothing_of_the_hidden_tests():
    assert {"languages/de/faults.toml", "languages/de/phrases.toml", "languages/de/words.toml"} <= {*student_files()}
    released = of(CHECKS / "phrases.de.toml").keys() | read("de", "phrases").keys()
    hidden = [text for _, said in listing.of_checks(listing.COURSE / "grader_tests") for text in said]
    assert hidden
    assert [text for text in hidden if text in released] == []
