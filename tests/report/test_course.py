"""The class over all assignments: who handed in what, who passed, was late, is missing, and who falls behind."""

import csv
import io
import json
import os
import re
import shutil
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from netgrader.commands.pages import report_on_course, run_report
from netgrader.course import Course
from netgrader.errors import UsageError
from netgrader.pages.checks_table import COLUMNS as CHECKS
from netgrader.pages.course_page import COLUMNS, Due, course_table, falling_behind, load_course, render_course
from netgrader.pages.tidy import ColumnKind

NOW = datetime(2026, 11, 1)  # noqa: DTZ001  (nbgrader's times have no zone)
LABS = ("lab2", "lab10", "lab11")
ALL = {lab: Due() for lab in LABS}

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A gradebook of nobody: to make one nbgrader calls a program."""
    file = tmp_path_factory.mktemp("empty") / "gradebook.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        Gradebook(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def labs(tmp_path, monkeypatch, empty):
    """``labs({"ada": {"lab2": 8.0}}, due=…, …)``: a course of three labs of ten points, with these marks in its gradebook."""
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'networks'\n")
    (tmp_path / "grader_tests").mkdir()
    for lab in LABS:
        (tmp_path / "source" / lab).mkdir(parents=True)
        (tmp_path / "source" / lab / "1_a.ipynb").write_text(json.dumps({"cells": []}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NETGRADER_COURSE", raising=False)
    monkeypatch.delenv("NETGRADER_STORE", raising=False)

    def fill(marks, due=None, late=None, waiting=()):
        shutil.copy(empty, tmp_path)
        with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
            for lab in LABS:
                book.add_assignment(lab, duedate=(due or {}).get(lab))
                book.add_notebook("1_a", lab)
                book.add_grade_cell("check_a", "1_a", lab, max_score=10, cell_type="code")
            for student, own in marks.items():
                book.add_student(student, first_name=student.title(), last_name="of <b>Networks</b>")
                for lab, points in own.items():
                    handed_in = tmp_path / "submitted" / student / lab
                    handed_in.mkdir(parents=True)
                    (handed_in / "1_a.ipynb").write_text("{}")
                    if points is None:
                        continue
                    given = book.add_submission(lab, student)
                    given.timestamp = (due or {}).get(lab, NOW) + (late or {}).get((student, lab), timedelta())
                    grade = given.notebooks[0].grades[0]
                    grade.auto_score, grade.needs_manual_grade = points, (student, lab) in waiting
            book.db.commit()
        return Course(tmp_path)

    return fill


def rows(view):
    return {
        (row["student_id"], row["assignment"]): row for row in csv.DictReader(io.StringIO(course_table(view).csv()))
    }


def test_each_student_has_a_mark_for_each_assignment_in_the_order_in_which_people_count(labs, tmp_path):
    view = load_course(labs({"ada": {"lab2": 8, "lab10": 4, "lab11": None}, "bob": {"lab2": 5}}), ALL, tmp_path, NOW)
    assert [column.name for column in view.columns] == ["lab2", "lab10", "lab11"]
    found = rows(view)
    assert (found["ada", "lab2"]["points"], found["ada", "lab2"]["passed"]) == ("8", "yes")
    assert (found["ada", "lab10"]["state"], found["ada", "lab10"]["passed"]) == ("failed", "no")
    assert (found["ada", "lab11"]["state"], found["ada", "lab11"]["points"]) == ("ungraded", "")
    assert (found["bob", "lab2"]["state"], found["bob", "lab10"]["state"]) == ("passed", "missing")


def test_who_has_the_share_that_the_course_asks_for_has_passed(labs, tmp_path):
    course = labs({"ada": {"lab2": 6}, "bob": {"lab2": 5.9}})
    found = rows(load_course(course, ALL | {"lab2": Due(passing=0.6)}, tmp_path, NOW))
    assert [found[one, "lab2"]["state"] for one in ("ada", "bob")] == ["passed", "failed"]


def test_what_waits_for_a_person_is_not_failed_yet(labs, tmp_path):
    course = labs({"ada": {"lab2": 3}, "bob": {"lab2": 7}}, waiting={("ada", "lab2"), ("bob", "lab2")})
    found = rows(load_course(course, ALL, tmp_path, NOW))
    assert [found[one, "lab2"]["state"] for one in ("ada", "bob")] == ["waiting", "passed"]


def test_what_is_not_due_yet_is_not_missing_and_neither_is_it_for_whom_it_is_due_later(labs, tmp_path):
    before, after = NOW - timedelta(days=1), NOW + timedelta(days=1)
    course = labs({"ada": {"lab2": 9, "lab10": 9}, "bob": {}, "cleo": {}}, due={"lab2": before, "lab10": after})
    found = rows(load_course(course, ALL | {"lab2": Due(others={"cleo": after})}, tmp_path, NOW))
    assert [found[one, "lab2"]["state"] for one in ("bob", "cleo")] == ["missing", "open"]
    assert found["bob", "lab10"]["state"] == "open"


def test_without_dates_an_assignment_is_due_when_half_of_the_class_or_a_later_one_was_handed_in(labs, tmp_path):
    marks = {"ada": {"lab2": 9}, "bob": {"lab2": 9}, "cleo": {"lab2": 9, "lab10": 9}}
    assert rows(load_course(labs(marks), ALL, tmp_path, NOW))["ada", "lab10"]["state"] == "open"


def test_who_was_late_is_told_by_how_much(labs, tmp_path):
    due = {"lab2": NOW - timedelta(days=9)}
    course = labs({"ada": {"lab2": 9}, "bob": {"lab2": 9}}, due=due, late={("ada", "lab2"): timedelta(hours=2)})
    view = load_course(course, ALL, tmp_path, NOW)
    assert [rows(view)[one, "lab2"]["seconds_late"] for one in ("ada", "bob")] == ["7200", "0"]
    assert render_course(view, "x.csv").count('<span class="late">late</span>') == 1


def test_who_was_late_by_the_platform_is_told_where_there_is_no_deadline(labs, tmp_path):
    due = {"lab2": NOW - timedelta(days=9)}
    course = labs({"ada": {"lab2": 9, "lab10": 9}, "bob": {"lab10": 9}}, due=due)
    said = {lab: Due(late=frozenset({"ada"})) for lab in LABS}
    found = rows(load_course(course, said, tmp_path, NOW))
    late = {key: row["late"] for key, row in found.items() if row["state"] == "passed"}
    assert late == {("ada", "lab2"): "no", ("ada", "lab10"): "yes", ("bob", "lab10"): "no"}
    assert found["ada", "lab10"]["seconds_late"] == "0"


def behind(view):
    return {one.student.student: one.reasons for one in falling_behind(view)}


def test_two_missing_in_a_row_and_a_sharp_drop_against_the_class_are_falling_behind(labs, tmp_path):
    full = dict.fromkeys(LABS, 9.0)
    marks = {
        **{f"s{number}": dict(full) for number in range(6)},
        "gone": {"lab2": 9},
        "drops": full | {"lab11": 3},
        "back": {"lab11": 9},
        "low": dict.fromkeys(LABS, 3.0),
        "never": {},
    }
    view = load_course(labs(marks), ALL, tmp_path, NOW)
    found = behind(view)
    assert "Nothing handed in: <bdi>Never of" in render_course(view, "x.csv")
    assert found.keys() == {"gone", "drops"}
    assert found["gone"] == ("Missing, 2 in a row: lab10, lab11.",)
    assert found["drops"][0].startswith("lab11: 30\u00a0% of the points, after 90\u00a0% on average before")


def test_an_assignment_that_was_hard_for_everybody_is_nobodys_drop(labs, tmp_path):
    marks = {f"s{number}": {"lab2": 9, "lab10": 9, "lab11": 4} for number in range(5)}
    assert behind(load_course(labs(marks), ALL, tmp_path, NOW)) == {}


def test_the_page_says_how_each_assignment_went_and_a_name_is_no_html(labs, tmp_path):
    page = render_course(load_course(labs({"ada": {"lab2": 8}, "bob": {"lab2": 4}}), ALL, tmp_path, NOW), "x.csv")
    assert "6 / 10" in page
    assert "1 of 2 (50\u00a0%)" in page
    assert "Nobody has handed in lab10, lab11 yet" in page
    assert "Ada of &lt;b&gt;Networks" in page


def test_a_page_for_the_class_holds_nobodys_name(labs):
    page = report_on_course(labs({"ada": {"lab2": 8}, "bob": {"lab2": 4}}), for_class=True)
    text = page.read_text(encoding="utf-8")
    assert (page.name, "6 / 10" in text) == ("all-assignments-for-class.html", True)
    assert not any(name in text.casefold() for name in ("ada of", "bob of", ">bob<"))
    assert [one.name for one in page.parent.iterdir()] == [page.name]


def test_the_command_without_an_assignment_writes_page_and_table(labs, tmp_path, capsys):
    (tmp_path / "passing.toml").write_text("lab2 = 0.9\n")
    labs({"ada": {"lab2": 8}})
    assert run_report(None) == 0
    assert "all-assignments.html" in capsys.readouterr().out.replace("\n", "")
    text = (tmp_path / "reports" / "all-assignments.csv").read_text(encoding="utf-8")
    assert next(csv.DictReader(io.StringIO(text)))["state"] == "failed"


@pytest.mark.parametrize("text", ["lab2 = 60", "lab3 = 0.5", "lab2 = 'x'", "lab2"])
def test_what_says_no_share_is_told_with_what_to_write(labs, tmp_path, text):
    (tmp_path / "passing.toml").write_text(text)
    with pytest.raises(UsageError, match=r"a line for each: lab10 = 0\.6\. There is: lab10, lab11, lab2\."):
        run_report(None)


def test_a_course_of_which_nobody_has_handed_in_anything_makes_no_gradebook(labs, tmp_path):
    page = report_on_course(Course(tmp_path))
    assert "Nobody has handed in anything yet." in page.read_text(encoding="utf-8")
    assert not (tmp_path / "gradebook.db").exists()


@pytest.mark.parametrize(
    ("heading", "columns"), [("Every check", CHECKS), ("All assignments", COLUMNS)], ids=["checks", "assignments"]
)
def test_the_reference_has_each_column_with_its_type(heading, columns):
    words = {ColumnKind.TEXT: "text", ColumnKind.TEXTS: "texts", ColumnKind.TRUTH: "truth", ColumnKind.NUMBER: "number"}
    page = Path(__file__).parents[2] / "docs" / "reference" / "tables.md"
    part = page.read_text(encoding="utf-8").partition(f"## {heading}")[2].partition("\n## ")[0]
    told = re.findall(r"(?m)^\| `(\w+)` \| (\w+) \|", part)
    assert told == [(name, words[kind]) for name, kind in columns.items()]
