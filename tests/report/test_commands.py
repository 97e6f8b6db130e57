"""``netgrader feedback`` and ``netgrader report`` on a small course, from submissions to files."""

import csv
import hashlib
import re
from urllib.parse import unquote

import pytest
from markupsafe import escape
from nbgrader.api import Gradebook

from netgrader.commands.pages import feedback_of_class, report_on_class, run_report
from netgrader.commands.show import console
from netgrader.errors import UsageError
from netgrader.grading.graded_notebook import load_last_result
from netgrader.nbgrader_plugin.converters import autograde_one


def test_feedback_before_grading_is_a_sentence_that_says_what_to_type(tiny):
    tiny.submit("ada")
    with pytest.raises(UsageError, match="Type netgrader autograde numbers first"):
        feedback_of_class(tiny.assignment, (), console())


@pytest.mark.parametrize("graded", [False, True])
def test_feedback_for_somebody_who_is_not_there_names_them(tiny, graded):
    for student in ("ada", "zoe-m"):
        tiny.submit(student)
        if graded:
            tiny.write(f"autograded/{student}/numbers/1_sums.ipynb", "{}")
    with pytest.raises(UsageError) as error:
        feedback_of_class(tiny.assignment, ("Ada",), console())
    assert str(error.value) == "There is no submission of Ada for 'numbers'."


def test_feedback_says_whose_is_missing_and_what_to_type(tiny, monkeypatch, capsys):
    made = []
    monkeypatch.setattr("netgrader.commands.pages.generate_feedback", lambda _c, _a, student: made.append(student))
    for student in ("ada", "bob", "eve"):
        tiny.submit(student)
    tiny.submit("bob", "2_words")
    (tiny.root / "submitted" / "mia" / "numbers").mkdir(parents=True)
    for student in ("ada", "bob"):
        tiny.write(f"autograded/{student}/numbers/1_sums.ipynb", "{}")
    assert feedback_of_class(tiny.assignment, (), console()) == 0
    assert made == ["ada", "bob"]
    first, *said = capsys.readouterr().out.splitlines()
    assert first.startswith("Feedback for 2 of 4 students")
    assert said == ["No page of eve, mia: nothing is graded. Type netgrader autograde numbers."]


def test_a_report_before_anything_was_handed_in_makes_no_gradebook(tiny):
    page = report_on_class(tiny.assignment)
    assert "Nobody has handed in anything" in page.read_text(encoding="utf-8")
    assert page.with_suffix(".csv").is_file()
    assert not (tiny.root / "gradebook.db").exists()


NAMES = {
    "zoë": ("Zoë", "Ångström-Núñez"),
    "محمد": ("محمد", "بن علي"),
    "<b>eve": ("<script>alert(1)</script>", 'O\'Hara & "co"'),
    "a b": ("", ""),
}


@pytest.mark.usefixtures("uncaged")
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")
def test_names_in_any_script_and_with_html_in_them_go_the_whole_way(booked):
    for student, (first, last) in NAMES.items():
        booked.submit(student)
        autograde_one(booked.course, "numbers", student)
        with Gradebook(booked.course.db_url) as gradebook:
            gradebook.update_or_create_student(student, first_name=first, last_name=last)
    assert feedback_of_class(booked.assignment, (), console()) == 0
    report = report_on_class(booked.assignment)

    html = report.read_text(encoding="utf-8")
    with report.with_suffix(".csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["student"]: row["name"] for row in csv.DictReader(stream)}
    links = {unquote(link) for link in re.findall(r'href="(\.\./[^"]+)"', html)}
    for student, (first, last) in NAMES.items():
        name = f"{first} {last}".strip() or student
        page = booked.root / "feedback" / student / "numbers" / "1_sums.html"
        assert f"<bdi>{escape(name)}</bdi>" in page.read_text(encoding="utf-8")
        assert f"<bdi>{escape(name)}</bdi>" in html
        assert rows[student] == name
        assert f"../feedback/{student}/numbers/1_sums.html" in links
    assert "<script>alert" not in html


@pytest.mark.usefixtures("uncaged")
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")
def test_marks_that_are_no_number_of_points_spoil_no_sum(booked):
    booked.submit("ada")
    autograde_one(booked.course, "numbers", "ada")
    for mark, score, waits in (
        (-1.0, "4", False),
        (7.5, "12.5", False),
        (float("inf"), "5", True),
        (float("-inf"), "5", True),
        (1e308, "5", True),
        (float("nan"), "5", True),  # which SQLite keeps as no mark at all
    ):
        with Gradebook(booked.course.db_url) as gradebook:
            grade = gradebook.find_grade("why", "1_sums", "numbers", "ada")
            grade.manual_score, grade.needs_manual_grade = mark, False
            gradebook.db.commit()
        feedback_of_class(booked.assignment, ("ada",), console())
        pages = (booked.root / "feedback" / "ada" / "numbers" / "1_sums.html").read_text(encoding="utf-8")
        report = report_on_class(booked.assignment)
        html = report.read_text(encoding="utf-8")
        assert ("1 answer waits" in html) is waits
        with report.with_suffix(".csv").open(encoding="utf-8", newline="") as stream:
            points = sum(float(row["points"] or 0) for row in csv.DictReader(stream))
        assert points == float(score)
        assert not re.search(r"\b(inf|nan) of\b", html + pages)


@pytest.mark.usefixtures("uncaged")
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")
def test_a_page_that_a_student_handed_in_is_neither_feedback_nor_linked_to(booked):
    page = "<script>document.write('5 of 5 points')</script>"
    for name in ("1_sums.html", "2_greetings.html", "mine.html", "data.txt", "timestamp.txt"):
        (booked.submit("eve").parent / name).write_text("" if name == "timestamp.txt" else page)
    autograde_one(booked.course, "numbers", "eve")
    for _ in range(2):  # once more over what is there
        assert feedback_of_class(booked.assignment, (), console()) == 0
    folder = booked.root / "feedback" / "eve" / "numbers"
    # nbgrader's own release of feedback asks for the secret beside the page.
    assert sorted(path.name for path in folder.iterdir()) == ["1_sums.html", "submission_secret.txt", "timestamp.txt"]
    assert page not in (folder / "1_sums.html").read_text(encoding="utf-8")
    html = report_on_class(booked.assignment).read_text(encoding="utf-8")
    assert "feedback/eve/numbers/1_sums.html" in html
    assert "2_greetings.html" not in html


@pytest.mark.usefixtures("uncaged")
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")
def test_what_was_seen_while_a_notebook_ran_goes_the_whole_way_to_the_report(booked):
    booked.submit("ada")
    table = hashlib.shake_256(b"a table").hexdigest(6_000)
    booked.submit("goran", add=f"TABLE = '{table}'\ndef add(a, b):\n    return a + b")
    for student in ("ada", "goran"):
        autograde_one(booked.course, "numbers", student)
    html = report_on_class(booked.assignment).read_text(encoding="utf-8")
    assert html.count("kB of code and data were written, compressed; a right notebook has 1.") == 1
    assert "1_sums: the notebook: " in html


@pytest.mark.usefixtures("uncaged")
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")
def test_the_command_writes_a_page_and_next_to_it_a_table_with_each_verdict(booked, monkeypatch, capsys):
    booked.submit("ada")
    autograde_one(booked.course, "numbers", "ada")
    monkeypatch.chdir(booked.root)
    assert run_report("numbers") == 0
    assert "numbers.html, and numbers.csv next to it" in " ".join(capsys.readouterr().out.split())
    with (booked.root / "reports" / "numbers.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    result = load_last_result(booked.assignment, "ada", "1_sums").result
    verdicts = [(cell.cell, check.check, str(check.outcome)) for cell in result.cells for check in cell.checks]
    assert [(row["cell"], row["check"], row["outcome"]) for row in rows if row["check"]] == verdicts != []
    assert [(row["cell"], row["outcome"], row["points"]) for row in rows if not row["check"]] == [
        ("why", "waiting", "")
    ]
    assert {(row["assignment"], row["student"]) for row in rows} == {("numbers", "ada")}
    for cell in result.cells:
        points = [float(row["points"]) for row in rows if row["cell"] == cell.cell and row["check"]]
        assert not cell.checks or sum(points) == pytest.approx(cell.points, abs=0.005)
    seconds = result.seconds["execute"] + result.seconds["verify"]
    assert {float(row["seconds"]) for row in rows} == {round(seconds, 1)}
    html = (booked.root / "reports" / "numbers.html").read_text(encoding="utf-8")
    assert 'href="numbers.csv"' in html
    assert "waits for a person" in html
