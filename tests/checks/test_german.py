"""A course with `language = "de"` appears in German: all our texts are translated, and verdicts do not depend on language."""

from __future__ import annotations

import io
import re
import shutil
import string
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from graphread.text import WORDS, Text
from netgrader.catalogue import LANGUAGES, CourseTexts
from netgrader.checks.exercises import BadExerciseError, load_exercises, load_texts
from netgrader.faults import fault
from netgrader.own_files import PACKAGE
from netgrader.pages import words
from netgrader.pages.feedback_figures import PageData
from netgrader.pages.feedback_page import build_page, render_page
from netgrader.pages.graded import Graded
from netgrader.results import CheckResult, NotebookResult, Outcome, Visibility
from netgrader.student.answer import NOT_DONE, STOPPED, Answer
from netgrader.wheels import student_files
from scripts import messages
from tests.feedback import examples as ex

ROOT = Path(__file__).parents[2]
CHECKS = ROOT / "source" / "digits" / "checks"
FILES = [
    pytest.param(file, said, id=file.relative_to(ROOT).as_posix()) for file, said in messages.catalogues("de").items()
]


def in_file(file: Path):
    """Return the messages in a ``.po`` file, those with a context left out."""
    return [one for one in read_po(io.BytesIO(file.read_bytes()), "de") if one.id and not one.context]


def forms(message):
    """Yield each form of a message with its translation."""
    pair = isinstance(message.id, tuple)
    yield from zip(message.id, message.string, strict=True) if pair else [(message.id, message.string)]


def places(text):
    """The names of places for values in a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def has_words(text):
    """Whether a template says something beside its values, names and code."""
    bare = re.sub(r"\{[^}]*\}", "", text)
    code = re.search(r"tf\.|net\.|feed_dict|^minimize\(|\bop\b|\b[MG]B\b|None", bare)
    return bool(re.search(r"[A-Za-z]{2,}", bare)) and not code


@pytest.fixture
def german(tmp_path):
    """The folder of checks of the course on digits, which says that it speaks German."""
    folder = Path(shutil.copytree(CHECKS, tmp_path / "checks", ignore=shutil.ignore_patterns("__pycache__")))
    exercises = folder / "exercises.toml"
    exercises.write_text(f'[texts]\nlanguage = "de"\n\n{exercises.read_text(encoding="utf-8")}', encoding="utf-8")
    return folder


@pytest.fixture
def texts(german):
    return load_texts(german, ROOT / "grader_tests" / "hidden.toml")


# ---- Everything is translated --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "said"), FILES)
def test_every_text_of_ours_is_in_the_catalogue_translated_with_places_that_it_has(file, said):
    found = in_file(file)
    assert {one.id for one in found} == {*said}
    pairs = [pair for one in found for pair in forms(one)]
    assert [text for text, german in pairs if not german and has_words(text)] == []
    odd = {text: german for text, german in pairs if german and places(german) - places(text) - WORDS.keys()}
    assert odd == {}


@pytest.mark.parametrize(("file", "said"), FILES)
def test_the_compiled_catalogue_is_that_of_the_file(file, said):
    made = messages.written(said, messages.catalogue_in(file, "de"), "de")
    assert file.read_bytes() == messages.as_text(made)
    assert file.with_suffix(".mo").read_bytes() == messages.compiled(made)


# ---- It is shown ---------------------------------------------------------------------------------------------------------


def english_in(text):
    """Sentences of ours in English, of 12 letters or more, that stand in a text."""
    found = [pair for file, _ in (one.values for one in FILES) for one in in_file(file) for pair in forms(one)]
    pieces = {max(re.split(r"\{[^}]*\}", said), key=len).strip() for said, _ in found}
    german = " ".join(said or "" for _, said in found)
    return sorted(one for one in pieces if len(one) >= 12 and " " in one and one in text and one not in german)


def without_code(html):
    return re.sub(r"<style.*?</style>|<script.*?</script>", "", html, flags=re.DOTALL)


def graded_as(result: NotebookResult, texts: CourseTexts) -> Graded:
    return Graded(result.rendered(texts))


def judged(*checks) -> NotebookResult:
    return ex.result(ex.cell("train", 10, *checks))


def found(code, *more):
    """A verdict as it is kept: with texts, in no language."""
    one = fault(code, *more)
    return CheckResult(
        check=code,
        sentence="The network is a single layer of ten neurons",
        visibility=Visibility.PUBLIC,
        outcome=Outcome.FAILED,
        credit=0.0,
        max_credit=1.0,
        faults=(code,),
        message=one.said,
        hint=CourseTexts().hint([code]),
        findings=(one,),
    )


KEPT = judged(
    found("softmax-before-loss", Text("layer {number} of {count}", number=2, count=3), Text("softmax")),
    found("wrong-width", "", Text("{outputs} outputs", outputs=12), "10"),
    found(
        "no-shuffling",
        "",
        Text("the same order in all epochs, reversed in some or started elsewhere"),
        Text("a new order in each epoch"),
    ),
)


def page(result, texts):
    """A page of a notebook with given text, code of the student's and a verdict, as HTML."""
    text = {"cell_type": "markdown", "metadata": {}, "source": "# One layer\n\nAll that was given."}
    cells = [text, ex.code("x = 1", "train", solution=True), ex.check_cell("train", 10)]
    about = {
        "assignment": "digits",
        "notebook": "1",
        "student": "Ada",
        "data": PageData(texts=texts),
        "released": {text["source"]},
    }
    return render_page(build_page(cells, graded_as(result, texts), **about), texts)


def test_a_feedback_page_has_no_english_sentence_of_ours(texts):
    html = page(KEPT, texts)
    assert '<html lang="de">' in html
    assert "Was als Nächstes zu tun ist" in html
    assert "Epochen" in html
    assert english_in(without_code(html)) == []


def test_the_same_verdicts_are_equal_as_json_whatever_language_they_are_shown_in(texts):
    assert KEPT.as_json(texts) == KEPT.as_json(texts.in_english) == KEPT.rendered(texts.in_english).as_json(texts)
    assert "Found 12 outputs; expected 10." in KEPT.as_json(texts)["cells"][0]["checks"][1]["message"]


def test_english_text_of_a_notebook_on_a_german_page_says_that_it_is_english(texts):
    html = page(KEPT, texts)
    assert '<h1 lang="en">One layer</h1>' in html
    assert re.search(
        r'<div class="prose" lang="en"><h2 id="m0-one-layer">One layer</h2><p dir="auto">All that was given', html
    )
    assert '<pre class="source" lang="en"' in html
    assert '<p class="found" dir="auto">' in html  # which is German


def test_a_notebook_in_the_language_of_its_page_says_nothing_of_languages():
    assert 'lang="en"' not in page(KEPT, CourseTexts()).replace('<html lang="en">', "")
    assert 'lang="en"' not in page(KEPT, CourseTexts(language="de"))


def test_an_answer_of_check_has_no_english_sentence_of_ours(texts):
    right = CheckResult("a", "The optimizer is Adam", Visibility.PUBLIC, Outcome.PASSED, 1.0, 1.0)
    answers = [
        Answer("train", (right, KEPT.cells[0].checks[0]), texts=texts),
        Answer("train", (right,), beyond="whether train makes your own network as good as it says", texts=texts),
        Answer("train", problem=NOT_DONE.format(name="train"), texts=texts),
        Answer("train", problem=STOPPED.format(name="train"), texts=texts),
    ]
    for answer in answers:
        assert english_in(f"{answer} {answer._repr_html_()}") == []
    assert "Der Optimierer ist Adam" in str(answers[0])
    hint = texts.say(Text(texts.kind("softmax-before-loss").hint))
    assert f"Hinweis: {hint}" in str(answers[0])


def test_places_of_the_data_are_filled_in_german(texts):
    said = texts.say(Text(texts.kind("sigmoid-cross-entropy").why))
    assert "zehn" in said
    assert "Ziffer" in said
    assert "digit" not in said


def test_what_the_inputs_of_other_data_are_called_is_german(german):
    words = {name: str(word).replace("image", "row").replace("Image", "Row") for name, word in WORDS.items()}
    rows = CourseTexts(words, language="de", rows=True)
    assert rows.say(Text("all {n:,}", n=3)) == "alle 3"
    assert "Bild" not in rows.say(Text(rows.kind("part-of-data-only").why))
    assert "Trainingsbeispiele" in rows.say(Text("training {images} only"))


def test_a_plural_has_the_form_of_its_number(texts):
    one, many = (texts.say(words.STUDENTS.of(number)) for number in (1, 2))
    assert one.startswith("1 ")
    assert many.startswith("2 ")
    assert one[2:] != many[2:]
    assert many != str(words.STUDENTS.of(2))


# ---- What is missing is English ------------------------------------------------------------------------------------------


def test_what_a_language_lacks_is_said_in_english(texts):
    assert texts.say(Text("nothing of the {kind}", kind="kind")) == "nothing of the kind"
    assert CourseTexts(language="xx").say(words.LATE.format(penalty=1)) == str(words.LATE.format(penalty=1))


def test_a_catalogue_of_the_course_that_is_none_is_refused(german):
    (german / "messages.de.mo").write_bytes(b"no catalogue")
    with pytest.raises(BadExerciseError, match=r"messages\.de\.mo"):
        load_texts(german)


# ---- Where it is said, and who has it ------------------------------------------------------------------------------------


def test_a_language_that_there_is_not_is_refused(german):
    exercises = german / "exercises.toml"
    exercises.write_text(exercises.read_text(encoding="utf-8").replace('"de"', '"tlh"'), encoding="utf-8")
    with pytest.raises(BadExerciseError, match=f"one of {', '.join(LANGUAGES)}"):
        load_exercises(german)


def test_students_get_the_languages_and_nothing_of_the_hidden_tests():
    assert "netgrader/languages/de.mo" in student_files()
    hidden = {*messages.of_course(ROOT / "grader_tests")} - {*messages.of_netgrader()}
    assert hidden
    assert hidden.isdisjoint(messages.of_course(CHECKS))
    told = (PACKAGE / "languages" / "de.mo").read_bytes()
    assert [one for one in hidden if one.encode() in told] == []
