"""Processing of a notebook's outputs on our side: for any output, marks are saved and pages open."""

from __future__ import annotations

import base64
import io
import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import nh3
import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader import handlers
from PIL import Image
from traitlets.config import Config

from netgrader.formgrader.handlers import WithinLimits
from netgrader.grading import stages
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import jobs_of
from netgrader.grading.restore import restore
from netgrader.grading.submission import SubmittedCell, SubmittedNotebook
from netgrader.limited import ExceededError, within_limits
from netgrader.nbgrader_plugin.converters import autograde_one, generate_feedback
from netgrader.nbgrader_plugin.formgrader_page import safe_outputs
from netgrader.pages import words
from netgrader.pages.feedback_page import build_page
from netgrader.pages.graded import Graded
from netgrader.pages.markdown import highlight, render_markdown
from tests.attacks.test_beside import CLASS, handed_in, saved, told_of_class
from tests.browser.test_hostile_formgrader import RESOURCES
from tests.conftest import RIGHT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import TinyCourse

__all__ = ["handed_in"]

pytestmark = [
    pytest.mark.usefixtures("uncaged"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]
# Each takes a parser or a regular expression the square of its length, or more, if nobody cuts it.
HTML = {
    "half a million unclosed img tags": "<img " * 560_000,
    "nested div tags": "<div>" * 300_000,
    "nested lists": "<ul><li>" * 200_000,
    "two million bare ampersands": "&" * 2_000_000,
    "a tag with a million attributes": "<p " + "".join(f"a{n}=1 " for n in range(1_000_000)) + ">",
}
MARKDOWN = {
    "unclosed brackets": "[" * 3_000_000,
    "ambiguous asterisks": "*a " * 1_000_000,
    "a heading full of spaces": "# a" + " " * 3_000_000 + "b",
    "lists nested by indentation": "".join(" " * n + "- a\n" for n in range(2_000)),
    "backtick runs of every length": "".join("`" * n + " " for n in range(1, 2_000)),
    "unclosed formulas": r"\begin{a}" * 300_000,
    "a formula of open brackets": "$" + "(" * 90_000 + "$",
}
CODE = {
    "a four-megabyte line": "x" * 4_000_000,
    "open brackets in code": "(" * 4_000_000,
    "lines of spaces": "a" + "  \n" * 1_300_000 + "b",
    "repeated from keywords": "from " * 800_000,
}
CELLS = {
    "a cell of one letter, repeated": "x" * 4_000,
    "cells that repeat a definition": "def add(a, b):\n    return a\n" * 100,
}
LARGEST = 2_000_000  # characters that are made of one of them


def picture_bomb() -> str:
    stream = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


IDS = {
    "a heading with a cell's id": '<h2 id="check_add">x</h2>',
    "a heading named like a cell": "## check add",
    "a list item with a comment's id": '<ul><li id="why-comment">x</li></ul>',
}


def display(html: str) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {"text/html": html}}


@pytest.mark.parametrize("html", HTML.values(), ids=HTML)
def test_html_is_cut_to_what_a_page_takes(html: str) -> None:
    assert len(str(within_limits(safe_outputs, [display(html)]))) < LARGEST
    (shown,) = safe_outputs([display(html[:100_000])])
    frame = r'<iframe class="rich-output" sandbox loading="lazy" [^<>]* srcdoc="[^"<>]*"></iframe>'
    assert re.fullmatch(frame, shown["data"]["text/html"])


def test_a_picture_of_a_few_bytes_takes_no_gigabytes_of_a_browser() -> None:
    bomb = picture_bomb()
    assert len(bomb) < 200_000
    shown = safe_outputs([{"output_type": "display_data", "data": {"image/png": bomb}}])
    assert bomb[:100] not in str(shown)


def parts_of(cells: list[dict[str, Any]]) -> int:
    """How many parts the page of a notebook of these cells has."""
    return len(build_page(cells, Graded(None), assignment="a", notebook="b", student="c").parts)


@pytest.mark.parametrize("source", MARKDOWN.values(), ids=MARKDOWN)
def test_text_is_made_a_page_of_within_the_limit(source: str) -> None:
    shown = within_limits(partial(render_markdown, prefix="m-"), source)
    assert len(shown) < LARGEST
    cells = [{"cell_type": "markdown", "source": source, "metadata": {}, "id": "a"}]
    assert within_limits(parts_of, cells) <= 1


@pytest.mark.parametrize("source", CODE.values(), ids=CODE)
def test_code_is_shown_within_the_limit(source: str) -> None:
    assert len(within_limits(highlight, source)) < 2 * LARGEST


@pytest.mark.parametrize("source", CELLS.values(), ids=CELLS)
def test_cells_that_lost_their_ids_are_told_apart_within_the_limit(tiny: TinyCourse, source: str) -> None:
    cells = tuple(SubmittedCell("code", f"{source}{number}") for number in range(4_900))
    restored = within_limits(restore, SubmittedNotebook(cells), tiny.assignment.skeleton("1_sums"))
    assert len(restored.cells) >= len(cells)


@pytest.mark.parametrize("text", IDS.values(), ids=IDS)
def test_no_id_in_a_text_is_one_of_formgraders(booked: TinyCourse, text: str) -> None:
    booked.submit("bob", why=text)
    autograde_one(booked.course, "numbers", "bob")
    page = formgraders(booked, "bob")
    for grade_id in ("check_add", "check_squares", "why", "why-comment"):
        assert len(re.findall(rf'\bid="{grade_id}"', page)) == 1, grade_id
    assert not re.findall(r'\bid="([^"]+)"', str(safe_outputs([display(text)])))


def test_lines_of_nothing_without_end_keep_nobody_from_the_code(booked: TinyCourse) -> None:
    booked.submit("bob", add="def add(a, b):" + 20_000 * "\n" + "    return a + b")
    autograde_one(booked.course, "numbers", "bob")
    page = formgraders(booked, "bob")
    assert "is not shown" not in page
    assert '<span class="k">return</span>' in page


def test_nobody_else_reads_formulas_out_of_what_stands_on_formgraders_page(booked: TinyCourse) -> None:
    r"""By MathJax what a student puts out could be drawn anywhere there: ``\smash{\raise 20em{\bbox[white]{…}}}``."""
    booked.submit("bob", why=r"\$\smash{\raise 20em{\bbox[white]{\text{5 of 5 points}}}}\$ and $a^2$")
    autograde_one(booked.course, "numbers", "bob")
    page = formgraders(booked, "bob")
    assert "MathJax" not in page
    assert "<math" in page


def test_a_heading_without_a_prefix_collides_with_an_id_of_formgrader() -> None:
    found = [re.findall(r'\bid="([^"]+)"', render_markdown(text, prefix="")) for text in IDS.values()]
    assert found == [["check_add"], ["check-add"], []]


def formgraders(course: TinyCourse, student: str) -> str:
    """Formgrader's page of a submission, as its server makes it."""
    config = Config(course.course.config)
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    path = course.root / "autograded" / student / "numbers" / "1_sums.ipynb"
    return WithinLimits(HTMLExporter(config=config)).from_filename(str(path), RESOURCES)[0]


@pytest.fixture
def puts_out(uncaged: object, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What bob's notebook puts out beside what it prints."""
    outputs: list[dict[str, Any]] = []
    run = stages.run_request

    def also(request: Any, options: Any, folder: Path) -> None:
        run(request, options, folder)
        if any(cell.source.startswith("# bob") for cell in request.cells):
            result = folder / "execution.json"
            raw = json.loads(result.read_text())
            raw["cells"][1]["outputs"] += outputs
            result.write_text(json.dumps(raw))

    monkeypatch.setattr("netgrader.grading.stages.run_request", also)
    return outputs


@pytest.fixture
def with_bobs(handed_in: TinyCourse) -> TinyCourse:
    handed_in.submit("bob", add=f"# bob\n{RIGHT['add']}", why="\n\n".join(text[:300_000] for text in MARKDOWN.values()))
    return handed_in


ALL = {"anna": 5.0, "bob": 5.0, "zoe": 5.0}


@pytest.mark.slow
def test_whatever_a_notebook_puts_out_all_are_saved_and_pages_say_what_is_left_out(
    with_bobs: TinyCourse, puts_out: list[dict[str, Any]]
) -> None:
    puts_out += [display(html[:2_800_000]) for html in HTML.values()]
    failed, _ = told_of_class(with_bobs)
    assert (failed, saved(with_bobs)) == ({}, ALL)
    page = with_bobs.root / "autograded" / "bob" / "numbers" / "1_sums.ipynb"
    assert page.stat().st_size < 10 * LARGEST
    generate_feedback(with_bobs.course, "numbers", "bob")
    feedback = (with_bobs.root / "feedback" / "bob" / "numbers" / "1_sums.html").read_text()
    for made in (page.read_text(), formgraders(with_bobs, "bob"), feedback):
        assert str(words.SHORTENED) in made
        assert "not shown here" not in made
        assert str(words.NOT_MADE) not in made


def first_meets_the_limit(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Have the first work of a module meet the limit, whatever it is, and no other."""
    works = iter([ExceededError("took more than 30 seconds")])

    def met(function: Any, *arguments: Any) -> Any:
        for error in works:
            raise error
        return within_limits(function, *arguments)

    monkeypatch.setattr(f"{where}.within_limits", met)


def test_where_a_page_takes_too_long_marks_are_saved_and_the_pages_say_so(
    with_bobs: TinyCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for student in ("anna", "zoe"):
        (with_bobs.root / "submitted" / student / "numbers" / "1_sums.ipynb").unlink()
    first_meets_the_limit(monkeypatch, "netgrader.nbgrader_plugin.formgrader_page")
    autograde_one(with_bobs.course, "numbers", "bob")
    assert saved(with_bobs) == {"bob": 5.0}
    assert "making a page of it took more than 30 seconds" in formgraders(with_bobs, "bob")
    first_meets_the_limit(monkeypatch, "netgrader.pages.feedback_export")
    generate_feedback(with_bobs.course, "numbers", "bob")
    feedback = (with_bobs.root / "feedback" / "bob" / "numbers" / "1_sums.html").read_text()
    assert str(words.NOT_MADE) in feedback
    assert "All sums are right" in feedback
    first_meets_the_limit(monkeypatch, "netgrader.formgrader.handlers")
    page = formgraders(with_bobs, "bob")
    assert "not shown: making a page of the notebook took more than 30 seconds" in page
    assert {"check_add", "check_squares", "why"} <= set(re.findall(r'<input class="score tabbable" id="(\w+)"', page))


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("netgrader.grading.submission", "Reading the notebook took more than 30 seconds"),
        (
            "netgrader.grading.grade_submission",
            "Restoring the course's cells in the notebook took more than 30",
        ),
    ],
)
def test_what_takes_too_long_to_read_or_restore_is_not_gradable_and_the_next_is_graded(
    handed_in: TinyCourse, monkeypatch: pytest.MonkeyPatch, where: str, said: str
) -> None:
    first_meets_the_limit(monkeypatch, where)
    results = [grade_job(job) for student in CLASS[:2] for job in jobs_of(handed_in.assignment, student)]
    assert [one.result.score for one in results] == [0.0, 5.0]
    assert said in (str(results[0].result.problem or ""))


@pytest.mark.parametrize("name", ["nested div tags", "nested lists", "two million bare ampersands"])
def test_a_sanitizer_exceeds_the_limit_on_hostile_html(name: str) -> None:
    with pytest.raises(ExceededError):
        within_limits(nh3.clean, HTML[name], seconds=5)
