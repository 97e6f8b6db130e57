"""The class report: work left for a person, pass rates of each check, and the table next to it."""

import csv
import io
import re
import shlex
from dataclasses import replace

import pytest

from netgrader.pages import report_page
from netgrader.pages.checks_table import report_csv
from netgrader.pages.graded import CellMark, Graded, Marks
from netgrader.pages.report_page import render_report
from netgrader.pages.report_view import ClassView, Column, NotebookColumns
from netgrader.results import Observed, Status
from tests.feedback import examples as notebooks
from tests.report import examples as ex
from tests.texts import english


def build_report(view):
    """Return the report on a class, in English."""
    return english(report_page.build_report(view))


def table(view):
    return list(csv.DictReader(io.StringIO(report_csv(view))))


def one(graded, name="Ada", **more):
    return ClassView("digits", (ex.COLUMNS,), (ex.student(name, graded, **more),))


def score(view):
    return sum(float(row["points"] or 0) for row in table(view))


def mistakes(report):
    return {mistake.code: mistake for check in report.checks for mistake in check.mistakes}


def judged(report):
    return {concern.student.name: concern.reasons for concern in report.to_judge}


def test_the_table_has_a_line_for_everybody_those_who_handed_in_nothing_included():
    notes = {row.student.name: row.notes for row in build_report(ex.eight_students()).rows}
    assert len(notes) == 8
    assert notes["Hana"] == ("not handed in",)


def test_an_accuracy_out_of_the_ordinary_is_for_a_person_to_judge_and_an_ordinary_one_is_not():
    found = judged(build_report(ex.eight_students()))
    assert "99.1 % is unusual" in found["Femi"][0]
    assert "Ada Lovelace" not in found


def test_test_images_that_may_have_been_trained_on_are_for_a_person_to_judge():
    clean = ex.right()
    seen = Graded(replace(clean.result, measured={**clean.result.measured, "test_images_seen": "9,800 of them."}))
    assert judged(build_report(one(clean))) == {}
    assert judged(build_report(one(seen))) == {
        "Ada": ("1_one_layer: it may have been trained on test images. Found 9,800 of them.",)
    }


def test_one_fact_of_several_cells_and_the_reason_that_it_is_are_told_once():
    seen = "The grader could not decide what the loss computes."
    facts = tuple(Observed(cell, seen) for cell in ("check_train", "check_accuracy"))
    unclear = replace(ex.wrong().result, integrity=facts, status=Status.PARTLY, problem=seen)
    (concern,) = build_report(one(Graded(unclear))).to_judge
    assert concern.reasons == (f"1_one_layer: train, accuracy: {seen}",)
    assert concern.command.endswith("--only ungradable")


def test_whose_every_notebook_could_not_be_graded_is_not_counted_as_graded():
    view = ClassView("digits", (ex.COLUMNS,), (ex.student("Ada", ex.right()), ex.student("Gil", ex.broken())))
    assert build_report(view).facts[0] == "2 students, 2 with a submission, 1 graded."


def test_a_mistake_is_listed_under_its_check_with_how_grave_it_is_and_who_made_it():
    found = mistakes(build_report(ex.eight_students()))
    assert found["same-batch-always"].severity == "fatal"
    assert found["softmax-before-loss"].severity == "serious"
    assert [one.student for one in found["softmax-before-loss"].students] == ["esra", "chloe", "david"]


def test_what_was_noticed_while_a_notebook_ran_stands_under_its_students_name():
    noticed = "1_one_layer: train: the kernel read a file named weights.npz that was not handed in."
    assert judged(build_report(one(ex.one_mistake())))["Ada"][0] == noticed


def test_what_could_not_be_graded_says_how_to_go_on_in_words_that_a_shell_reads():
    (concern,) = build_report(one(ex.broken(), name="O'Hara; rm", ident="o'hara; rm -rf")).to_judge
    assert "it is not JSON" in concern.reasons[0]
    command = ["netgrader", "autograde", "digits", "--student", "o'hara; rm -rf", "--only", "ungradable"]
    assert shlex.split(concern.command) == command


def test_notebooks_that_nobody_handed_in_are_no_points_lost():
    columns = (ex.COLUMNS, NotebookColumns("2_two_layers", (Column("check_x", "x", 30),)))
    report = build_report(replace(ex.eight_students(), notebooks=columns))
    assert report.max_points == 10


def test_a_notebook_that_was_handed_in_and_never_graded_waits_and_is_no_zero():
    report = build_report(one(Graded(None)))
    assert report.to_do == ("1 notebook is not graded yet: type netgrader autograde digits.",)
    assert report.rows[0].student.total is None
    assert {score.word for score in report.rows[0].scores} == {"not graded yet"}
    assert [(row["outcome"], row["points"]) for row in table(one(Graded(None)))] == [("not-graded", "")]
    html = render_report(report)
    assert "could not be graded" not in re.sub(r"<p class=.key.*?</p>|<form.*?</form>", "", html, flags=re.DOTALL)


def test_a_file_of_unknown_name_that_waits_for_grading_is_not_said_to_have_lost_points():
    report = build_report(ClassView("digits", (ex.COLUMNS,), (ex.student("Ada"),)))
    assert report.rows[0].notes == ("not graded yet",)
    assert judged(report)["Ada"][0].startswith("The submission is not graded yet, or holds none")


def test_points_are_the_persons_where_a_person_gave_them():
    graded = replace(ex.wrong(), marks=Marks({"check_train": CellMark(0.0, 2.0)}))
    (row,) = [row for row in table(one(graded)) if row["cell"] == "check_train"]
    assert (row["check"], row["points"], row["max_points"], row["by_hand"]) == ("", "2", "3", "yes")
    assert "yes" not in {row["by_hand"] for row in table(one(ex.wrong()))}


def overruled(manual):
    """A fatal mistake in `train`, which a person gave these points of 3."""
    return one(replace(ex.wrong(), marks=Marks({"check_train": CellMark(0.9, manual)})))


@pytest.mark.parametrize("manual", [1.5, 3.0])
def test_what_a_person_decided_is_no_longer_told_as_what_checks_found(manual):
    found, after = build_report(one(ex.wrong())), build_report(overruled(manual))
    assert "same-batch-always" in mistakes(found)
    assert "same-batch-always" not in mistakes(after)
    assert not any(check.cell == "train" for check in after.checks)
    assert "same-batch-always" not in {code for row in table(overruled(manual)) for code in row["faults"].split()}
    train = next(
        score for score, column in zip(after.rows[0].scores, ex.COLUMNS.columns, strict=True) if column.name == "train"
    )
    assert (train.points, train.word) == (manual, "marked by a person")


def test_what_could_not_be_graded_is_no_trouble_once_a_person_marked_it():
    marks = Marks({column.cell: CellMark(0.0, 1.0) for column in ex.COLUMNS.columns})
    assert build_report(one(replace(ex.broken(), marks=marks))).to_judge == ()
    some = Marks(dict([*marks.cells.items()][:1]))
    assert build_report(one(replace(ex.broken(), marks=some))).to_judge != ()


@pytest.mark.parametrize(
    ("marks", "added"),
    [
        (Marks(), {}),
        (Marks({"check_train": CellMark(0.9, 1.5)}), {("check_train", ""): 1.5}),
        (Marks({"check_prepare_data": CellMark(2.0, None, extra=1.0)}), {("check_prepare_data", ""): 1.0}),
        (Marks({"what_w1_shows": CellMark(None, 2.0)}, late_penalty=1.0), {("late_penalty", ""): -1.0}),
        (Marks(late_penalty=100.0), {}),
    ],
    ids=["as graded", "a mark by hand", "extra credit", "late", "later than all points"],
)
def test_the_rows_of_a_student_add_up_to_the_points_that_count(marks, added):
    view = one(replace(ex.wrong(), marks=marks))
    assert score(view) == pytest.approx(view.students[0].total)
    found = {(row["cell"], row["check"]): row["points"] for row in table(view)}
    assert {key: float(found[key]) for key in added} == added


BLANK = "\x01 "


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\uff1d1+1", f"{BLANK}=1+1"])
def test_a_name_that_a_spreadsheet_would_run_is_made_text(name):
    row = table(one(ex.right(), name=name, ident=name))[0]
    assert row["name"] == f"'{name.strip(BLANK)}"
    assert row["student"] == f"'{name.strip(BLANK)}"


def test_where_a_semicolon_begins_a_cell_none_begins_as_a_formula():
    """As a spreadsheet reads it that is set to German."""
    text = report_csv(one(ex.right(), name="a;+1;=cmd|' /C calc'!A1;  @SUM(A1)"))
    cells = [cell for row in csv.reader(io.StringIO(text), delimiter=";") for cell in row]
    assert any(cell.startswith("'=cmd") for cell in cells)
    assert [cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@"))] == []


def test_who_could_not_be_graded_counts_for_nothing_in_the_median():
    view = ex.eight_students()
    without = replace(
        view,
        students=tuple(
            student
            for student in view.students
            if not student.notebooks
            or any(graded.result.status is not Status.NOT for graded in student.notebooks.values())
        ),
    )
    median = [next(fact for fact in build_report(one).facts if "The median is" in fact) for one in (view, without)]
    assert len(without.students) < len(view.students)
    assert median[0] == median[1]


@pytest.mark.parametrize("view", [ex.nobody(), ex.nobody_handed_in()])
def test_an_empty_class_makes_a_page_that_says_what_to_do(view):
    assert "Nobody has handed in anything for digits yet." in render_report(build_report(view))
    assert report_csv(view).startswith("assignment,student,name,")


def test_each_verdict_on_each_student_is_a_row_of_the_table():
    view = ex.eight_students()
    rows = [row for row in table(view) if row["check"]]
    assert len(rows) == len([check for student in view.students for _, cell in student.cells for check in cell.checks])
    (mistake,) = [row for row in rows if row["student"] == "chloe" and row["outcome"] == "failed"]
    assert (mistake["cell"], mistake["faults"]) == ("check_one_layer_network", "softmax-before-loss")
    assert (mistake["points"], mistake["max_points"]) == ("0", "3")


def test_who_handed_in_late_is_named_with_by_how_much_and_stands_in_the_table():
    view = ex.eight_students()
    late = {"ada": 200_000.0, "bela": 30.0}
    view = replace(view, students=tuple(replace(one, late=late.get(one.student, 0.0)) for one in view.students))
    assert [row.notes for row in build_report(view).rows if row.student.late] == [
        ("late: 2 days",),
        ("late: 1 minute",),
    ]
    assert {row["student"] for row in table(view) if row["late"] == "yes"} == {"ada", "bela"}
    assert "late: " not in render_report(build_report(ex.eight_students()))


def test_the_check_that_the_fewest_passed_comes_first_and_says_of_how_many():
    view = ex.eight_students()
    shares = build_report(view).checks
    assert [share.passed / share.judged for share in shares] == sorted(share.passed / share.judged for share in shares)
    sentence = "The loss is the softmax cross-entropy of the logits"
    (loss,) = [share for share in shares if share.sentence == sentence]
    assert (loss.passed, loss.judged, loss.hidden, loss.notebook) == (3, 6, True, "1_one_layer")


def test_what_was_not_run_or_could_not_be_graded_counts_for_no_check():
    following = notebooks.failed("test_later", "It follows", faults=(), message="So.", follows=("missing-bias",))
    unknown = notebooks.ungradable("test_x", "It runs", "The notebook is not JSON.")
    passed = notebooks.passed("test_scaled", "The images are scaled")
    result = notebooks.result(notebooks.cell("train", 3, following, unknown, passed))
    assert [str(share.sentence) for share in build_report(one(Graded(result))).checks] == ["The images are scaled"]
