"""The class report: who is looked at and why, what could not be graded, and the CSV beside it."""

import csv
import io
import re
import shlex
from dataclasses import replace

import pytest

from netgrader.faults import speaking_of
from netgrader.pages.checks_table import checks_csv
from netgrader.pages.feedback_verdicts import by_hand
from netgrader.pages.graded import CellMark, Graded, Marks
from netgrader.pages.report_page import build_report, class_csv, render_report
from netgrader.pages.report_view import ClassView, Column, NotebookColumns, without_names
from netgrader.pages.tidy import tidy_csv
from netgrader.results import Observed, Status
from netgrader.which_course import find_course
from tests.feedback import examples as notebooks
from tests.report import examples as ex


def table(view):
    return list(csv.DictReader(io.StringIO(class_csv(view))))


def one(graded, name="Ada", **more):
    return ClassView("digits", (ex.COLUMNS,), (ex.student(name, graded, **more),))


def judged(report):
    return {concern.student.name: concern.reasons for concern in report.to_judge}


def test_the_table_has_a_line_for_everybody_those_who_handed_in_nothing_included():
    report = build_report(ex.eight_students())
    assert len(report.rows) == 8
    assert {row.student.name: row.state for row in report.rows}["Hana"] == "absent"
    assert report.absent == ("Hana",)


def test_an_accuracy_out_of_the_ordinary_is_for_a_person_to_judge_and_an_ordinary_one_is_not():
    found = judged(build_report(ex.eight_students()))
    assert "out of the ordinary" in found["Femi"][0]
    assert "Ada Lovelace" not in found


def test_facts_about_answers_that_were_looked_up_come_first():
    looked_up = notebooks.failed("test_l", "It was learned", notebooks.fault("answers-looked-up"))
    graded = Graded(notebooks.result(notebooks.cell("train", 3, looked_up)))
    view = ClassView("digits", (ex.COLUMNS,), (ex.student("Zed", graded), ex.student("Gil", ex.broken())))
    assert [concern.student.name for concern in build_report(view).to_judge] == ["Zed", "Gil"]


def test_whose_every_notebook_could_not_be_graded_is_not_counted_as_graded():
    view = ClassView("digits", (ex.COLUMNS,), (ex.student("Ada", ex.right()), ex.student("Gil", ex.broken())))
    assert build_report(view).facts[0] == "2 students, 2 with a submission, 1 graded."


FATAL = "1_one_layer, train does not work: The training loop feeds the same minibatch in every step."


def test_what_does_not_work_comes_first_whatever_the_points_say():
    high = ex.wrong()
    high = replace(high, marks=Marks({"check_train": CellMark(2.9, None, 3)}))
    students = (ex.student("Ada", ex.one_mistake()), ex.student("Zoe", high))
    helped = build_report(ClassView("digits", (ex.COLUMNS,), students)).to_help
    assert [concern.student.name for concern in helped] == ["Zoe", "Ada"]
    assert helped[0].reasons[0] == FATAL


@pytest.mark.parametrize(("others", "told"), [(1, False), (2, True)])
def test_who_is_far_behind_half_of_the_class_is_named_where_there_is_a_class(others, told):
    behind = replace(ex.right(), marks=Marks({"check_train": CellMark(1.0, None, 3)}))
    students = [ex.student("Zoe", behind)]
    students += [
        ex.student(f"Ada {number}", replace(ex.right(), marks=Marks({"check_train": CellMark(9.0, None, 9)})))
        for number in range(others)
    ]
    helped = build_report(ClassView("digits", (ex.COLUMNS,), tuple(students))).to_help
    reasons = {concern.student.name: " ".join(concern.reasons) for concern in helped}
    assert ("less than half of the median" in reasons.get("Zoe", "")) is told
    assert not any("median" in reasons.get(f"Ada {number}", "") for number in range(others))


def test_what_a_person_gave_all_points_for_is_no_reason_for_help():
    forgiven = replace(ex.wrong(), marks=Marks({"check_train": CellMark(1.0, 3.0, 3)}))
    reasons = [reason for concern in build_report(one(forgiven)).to_help for reason in concern.reasons]
    assert FATAL not in reasons


def test_a_mistake_is_listed_with_how_grave_it_is():
    faults = {fault.code: fault.severity for fault in build_report(one(ex.wrong())).faults}
    assert faults["same-batch-always"] == "fatal"
    assert faults["softmax-before-loss"] == "serious"


def test_one_mistake_that_costs_much_is_worth_a_word_and_a_few_are_not():
    helped = {concern.student.name: concern.reasons for concern in build_report(one(ex.one_mistake())).to_help}
    assert "all of the 3 points lost in it go back to one mistake" in helped["Ada"][0]
    graded = ex.wrong()
    few = replace(graded, result=replace(graded.result, faults=graded.result.faults[:3]))
    assert [concern.reasons for concern in build_report(one(few)).to_help] == [(FATAL,)]
    assert build_report(one(graded)).to_help[0].reasons[1].startswith("Made 4 different mistakes")


def test_no_points_at_all_stand_out_however_the_class_did():
    nothing = notebooks.failed("test_l", "It trains", notebooks.fault("train-op-not-run"))
    blank = notebooks.failed("test_l", "It trains", notebooks.fault("not-done"))
    poor, empty = (Graded(notebooks.result(notebooks.cell("train", 3, check))) for check in (nothing, blank))
    students = (ex.student("Ada", poor), ex.student("Bo", poor), ex.student("Cy", empty), ex.student("Di", ex.right()))
    helped = {
        one.student.name: one.reasons for one in build_report(ClassView("digits", (ex.COLUMNS,), students)).to_help
    }
    assert set(helped) == {"Ada", "Bo", "Cy"}
    assert helped["Ada"] == (
        "1_one_layer, train does not work: The training operation is never run on this network.",
        "1_one_layer: no points of 3.",
    )
    assert helped["Cy"] == ("1_one_layer was handed in blank: nothing in it has been filled in.",)


def test_who_made_many_different_mistakes_may_need_a_talk():
    graded = ex.wrong()
    more = notebooks.cell("more", 1, notebooks.failed("test_m", "It is built once", notebooks.fault("graph-grows")))
    codes = (*graded.result.faults, "graph-grows")
    assert len(codes) == 5
    many = replace(graded, result=replace(graded.result, cells=(*graded.result.cells, more), faults=codes))
    helped = {concern.student.name: concern.reasons for concern in build_report(one(many)).to_help}
    assert helped["Ada"][1] == "Made 5 different mistakes: a talk may help more than the page."


def test_of_who_needs_help_the_costliest_mistakes_are_told_with_what_they_cost():
    graded = ex.wrong()
    many = replace(graded, result=replace(graded.result, faults=(*graded.result.faults, "graph-grows")))
    (concern,) = build_report(one(many)).to_help
    told = concern.reasons[2:]
    assert told[0].startswith("1_one_layer, train, 1.09 lost: The accuracy reported")
    # Two serious mistakes in one cell take as much as one another, whatever the credit of the checks that found them.
    points = [float(reason.partition(" lost:")[0].rpartition(" ")[2]) for reason in told]
    assert points == [1.09, 0.75, 0.75]
    assert any("one_layer_network, 0.75 lost: The softmax is applied twice" in reason for reason in told)


def test_what_was_noticed_is_a_click_away_from_whom_it_was_noticed_of():
    html = render_report(build_report(one(ex.one_mistake())))
    assert html.count('<a href="#integrity">') == 1
    assert 'id="integrity"' in html
    assert '<a href="#integrity">' not in render_report(build_report(one(ex.wrong())))


def marked(mark):
    return one(replace(ex.right(), marks=Marks({"what_w1_shows": mark})))


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        (CellMark(None, -1.0, 2), "lies outside 0 to 2"),
        (CellMark(None, None, 2, left_out="inf"), "inf, is no number of points"),
    ],
)
def test_a_mark_that_cannot_be_right_is_to_be_mended_and_said_at_the_top(mark, said):
    report = build_report(marked(mark))
    assert any(said in reason for reason in judged(report)["Ada"])
    assert "1 mark given by hand cannot be right: see below." in report.facts


def test_extra_credit_is_said_at_the_top():
    report = build_report(marked(CellMark(None, 2.0, 2, extra=3.0)))
    assert any("Extra credit is counted in for 1 student" in fact for fact in report.facts)
    assert report.to_judge == ()


def test_more_than_all_points_have_a_place_of_their_own_in_the_distribution():
    body = build_report(marked(CellMark(None, 20.0, 2))).distribution.body
    assert "1 student with more than 10 points" in body
    assert "0 students with 9 to 10 points" in body
    assert "more than" not in build_report(marked(CellMark(None, 2.0, 2))).distribution.body


def test_what_could_not_be_graded_says_how_to_go_on_in_words_that_a_shell_reads():
    report = build_report(one(ex.broken(), name="O'Hara; rm", ident="o'hara; rm -rf"))
    (trouble,) = report.troubles
    assert "it is not JSON" in trouble.problems[0][1]
    assert "a new copy goes into submitted/o'hara; rm -rf/digits/" in trouble.remedy
    assert shlex.split(trouble.command) == ["netgrader", "autograde", "digits", "--student", "o'hara; rm -rf"]


def test_what_was_tried_and_failed_is_tried_again_only_if_asked_for():
    _, graded = notebooks.wrong_student()
    (trouble,) = build_report(one(graded)).troubles
    assert trouble.command == "netgrader autograde digits --student ada --only ungradable"


def test_what_met_a_limit_would_meet_it_again_so_the_remedy_is_another_one():
    _, graded = notebooks.wrong_student()
    seen = (Observed("train", "The cell went on for longer than its time.", "time"), Observed("x", "Seen.", None))
    (trouble,) = build_report(one(replace(graded, result=replace(graded.result, integrity=seen)))).troubles
    assert "would meet the same limit (time)" in trouble.remedy
    assert "a notebook handed in that takes less" in trouble.remedy
    assert "(cell_seconds, notebook_seconds under [limits] in source/digits/checks/exercises.toml)" in trouble.remedy
    assert trouble.command == "netgrader autograde digits --student ada"


def test_a_limit_that_was_met_and_cost_nothing_needs_no_remedy():
    graded = ex.right()
    seen = (Observed("a cell of one's own", "The cell went on for longer than its time.", "time"),)
    assert build_report(one(replace(graded, result=replace(graded.result, integrity=seen)))).troubles == ()


def test_who_could_not_be_graded_is_not_said_to_need_help():
    names = {concern.student.name for concern in build_report(ex.eight_students()).to_help}
    assert "Goran" not in names


def test_notebooks_that_nobody_handed_in_are_no_points_lost():
    columns = (ex.COLUMNS, NotebookColumns("2_two_layers", (Column("check_x", "x", 30),)))
    report = build_report(replace(ex.eight_students(), notebooks=columns))
    assert report.rows[0].max_points == 10
    assert any("Nobody has handed in 2_two_layers yet" in fact for fact in report.facts)


def test_the_csv_is_out_of_what_the_page_is_out_of():
    view = ClassView(
        "digits",
        (ex.COLUMNS, NotebookColumns("2_two_layers", (Column("check_x", "x", 30),))),
        ex.eight_students().students,
    )
    assert {row["max_score"] for row in table(view)} == {"10"}
    assert build_report(view).rows[0].max_points == 10
    assert not any("check_x" in name for name in table(view)[0])


def test_a_chart_of_one_rate_still_says_which():
    students = tuple(ex.student(name, ex.right(0.92, 0.003)) for name in ("Ada", "Bo"))
    chart = next(
        chart
        for chart in build_report(ClassView("digits", (ex.COLUMNS,), students)).charts
        if chart.caption.startswith("Test accuracy over the learning rate")
    )
    assert chart.body.count('class="tick"') >= 2
    assert chart.numbers.rows == (("0.003", "92\u00a0%", "Ada"), ("0.003", "92\u00a0%", "Bo"))


def test_each_notebook_of_a_student_has_its_page_a_click_away():
    html = render_report(build_report(ex.large()))
    assert '<span class="sr">3_deep_network</span><span aria-hidden="true">3</span>' in html
    assert "the numbers after it to that of each notebook" in html
    assert "the numbers after it" not in render_report(build_report(ex.eight_students()))


def test_a_notebook_that_was_handed_in_and_never_graded_is_trouble_and_not_a_zero():
    report = build_report(one(Graded(None)))
    assert report.troubles[0].problems == (("1_one_layer", "It was handed in and is not graded yet."),)
    assert report.troubles[0].command == "netgrader autograde digits --student ada"
    assert "1 notebook is not graded yet: type netgrader autograde digits." in report.facts
    assert (report.rows[0].student.total, report.rows[0].word) == (None, "not graded yet")
    html = render_report(report)
    assert "could not be graded" not in re.sub(r"<form.*?</form>|<p class=.key.*?</p>", "", html, flags=re.DOTALL)
    assert "Nobody is graded yet." in html


def test_a_file_of_unknown_name_that_waits_for_grading_is_not_said_to_have_lost_points():
    report = build_report(ClassView("digits", (ex.COLUMNS,), (ex.student("Ada"),)))
    assert report.rows[0].state == "ungraded"
    assert report.troubles[0].problems[0][1].startswith("What was handed in is not graded yet")


def test_a_remark_is_counted_apart_from_mistakes():
    remark = notebooks.passed("test_r", "Built once", faults=("built-twice",))
    graded = Graded(notebooks.result(notebooks.cell("train", 3, remark)))
    (fault,) = build_report(one(graded)).faults
    assert (fault.code, fault.free, len(fault.students)) == ("built-twice", True, 1)
    assert table(one(graded))[0]["faults"] == ""


def test_faults_are_ordered_by_how_many_have_them():
    counts = [len(fault.students) for fault in build_report(ex.eight_students()).faults]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == 3


def test_points_are_the_persons_where_a_person_gave_them():
    graded = replace(ex.wrong(), marks=Marks({"check_train": CellMark(0.0, 2.0, 3)}))
    assert table(one(graded))[0]["1_one_layer/check_train"] == "2"


def test_the_share_of_points_counts_marks_by_hand_as_they_are():
    students = [
        ex.student(f"Ada {points}", replace(ex.right(), marks=Marks({"what_w1_shows": CellMark(None, points, 2)})))
        for points in (2.0, 1.0, 0.5)
    ]
    view = ClassView("digits", (ex.COLUMNS,), (*students, ex.student("Zed", replace(ex.right(), marks=Marks()))))
    shares = next(chart for chart in build_report(view).charts if chart.kind == "shares").body
    assert re.search(r"what_w1_shows\D+58.?%", re.sub(r"<[^>]*>", " ", str(shares)))


def overruled(manual):
    """A fatal mistake in `train`, which a person gave these points of 3."""
    return one(replace(ex.wrong(), marks=Marks({"check_train": CellMark(0.9, manual, 3)})))


@pytest.mark.parametrize("manual", [1.5, 3.0])
def test_what_a_person_decided_is_no_longer_told_as_what_checks_found(manual):
    found, after = build_report(one(ex.wrong())), build_report(overruled(manual))
    assert "same-batch-always" in {fault.code for fault in found.faults}
    assert "same-batch-always" not in {fault.code for fault in after.faults}
    assert FATAL in [reason for concern in found.to_help for reason in concern.reasons]
    assert not any("train" in reason for concern in after.to_help for reason in concern.reasons)
    assert not any(share.cell == "train" for share in after.shares)
    assert "same-batch-always" not in table(overruled(manual))[0]["faults"]
    train = next(
        score for score, column in zip(after.rows[0].scores, ex.COLUMNS.columns, strict=True) if column.name == "train"
    )
    assert (train.points, train.word) == (manual, "marked by a person")


def test_what_could_not_be_graded_is_no_trouble_once_a_person_marked_it():
    marks = Marks({column.cell: CellMark(0.0, 1.0, column.max_points) for column in ex.COLUMNS.columns})
    report = build_report(one(replace(ex.broken(), marks=marks)))
    assert (report.troubles, report.to_judge) == ((), ())
    assert report.rows[0].state == "partial"
    assert not any("could not be graded" in fact for fact in report.facts)
    assert table(one(replace(ex.broken(), marks=marks)))[0]["standing"] == "graded"
    some = Marks(dict([*marks.cells.items()][:1]))
    assert table(one(replace(ex.broken(), marks=some)))[0]["standing"] == "not-gradable"


def test_what_was_noticed_of_a_cell_that_a_person_marked_is_decided():
    looked_up = notebooks.failed("test_l", "It was learned", notebooks.fault("answers-looked-up"))
    noticed = (Observed("check_train", looked_up.message), Observed("train", "The cell names gc.get_objects."))
    result = replace(notebooks.result(notebooks.cell("train", 3, looked_up)), integrity=noticed)
    found = build_report(one(Graded(result)))
    assert [len(found.integrity), len(found.to_judge[0].reasons)] == [2, 2]
    after = build_report(one(Graded(result, marks=Marks({"check_train": CellMark(0.0, 3.0, 3)}))))
    assert [fact for _, _, fact in after.integrity] == ["train: The cell names gc.get_objects."]
    assert after.to_judge[0].reasons == ("1_one_layer: 1 thing was noticed while it ran.",)


def test_the_table_of_checks_adds_up_to_the_points_that_count():
    rows = [row for row in verdicts(overruled(1.5)) if row["cell"] == "check_train"]
    assert {row["cell_points"] for row in rows} == {"1.5"}
    assert sum(float(row["points"]) for row in rows) == pytest.approx(1.5)
    assert "failed" in {row["outcome"] for row in rows}


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\uff1d1+1"])
def test_a_name_that_a_spreadsheet_would_run_is_made_text(name):
    row = table(one(ex.right(), name=name, ident=name))[0]
    assert row["name"] == f"'{name}"
    assert row["student_id"] == f"'{name}"


def test_where_a_semicolon_begins_a_cell_none_begins_as_a_formula():
    """As a spreadsheet reads it that is set to German: how a cell begins stands in the sentence on where a run ended."""
    begins = "A kernel died in code cell 3 (it begins with “;=cmd|' /C calc'!A1;  @SUM(A1)”)."
    died = replace(ex.right(), result=replace(ex.right().result, status=Status.PARTLY, problem=begins))
    text = class_csv(one(died, name="a;+1"))
    cells = [cell for row in csv.reader(io.StringIO(text), delimiter=";") for cell in row]
    assert any(cell.startswith("'=cmd") for cell in cells)
    assert [cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@"))] == []


def test_the_csv_says_what_stands_behind_the_numbers_of_each_student():
    standings = {row["student_id"]: (row["standing"], row["score"]) for row in table(ex.eight_students())}
    assert standings["ada"][0] == "graded"
    assert standings["goran"] == ("not-gradable", "0")
    assert standings["hana"] == ("nothing handed in", "")
    assert table(one(Graded(result=None)))[0]["standing"] == "not graded yet"


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
    median = [next(fact for fact in build_report(one).facts if "Half of them" in fact) for one in (view, without)]
    assert len(without.students) < len(view.students)
    assert median[0] == median[1]


def test_names_in_any_script_survive_in_the_csv():
    assert {row["name"] for row in table(ex.eight_students())} >= {"דוד לוי", "Béla Bartók", "<b>Esra</b> & co"}


@pytest.mark.parametrize("view", [ex.nobody(), ex.nobody_handed_in()])
def test_an_empty_class_makes_a_page_that_says_what_to_do(view):
    assert "Nobody has handed in anything for digits yet." in render_report(build_report(view))
    assert class_csv(view).startswith("student_id,")


def test_the_charts_of_a_whole_course_tell_notebooks_apart():
    report = build_report(ex.large())
    by_rate = next(chart for chart in report.charts if "over the learning rate" in chart.caption)
    assert by_rate.items == ("1_one_layer", "2_two_layers", "3_deep_network")
    assert any("sweeps" in chart.caption for chart in report.charts)


def test_the_report_is_the_same_each_time():
    assert render_report(build_report(ex.large())) == render_report(build_report(ex.large()))


def test_who_lacks_a_notebook_that_most_have_handed_in_is_named():
    view = ex.large(24)
    lacking = {student.name for student in view.students if "2_two_layers" not in student.notebooks}
    helped = {concern.student.name: concern.reasons for concern in build_report(view).to_help}
    assert lacking == {
        name for name, said in helped.items() if "Has not handed in 2_two_layers; most of the class have." in said
    }
    assert lacking


def test_what_a_person_should_judge_is_not_said_to_need_a_word_too():
    looked_up = notebooks.failed("test_l", "It was learned", notebooks.fault("answers-looked-up"))
    graded = Graded(notebooks.result(notebooks.cell("train", 3, looked_up)))
    report = build_report(one(graded))
    assert report.to_judge
    assert report.to_help == ()


def test_a_blank_answer_is_not_said_to_have_been_read():
    judged, blank = (CellMark(0.0, manual, 2.0) for manual in (0.0, None))
    assert [by_hand(0.0, 2.0, mark)[1] for mark in (judged, blank, None)] == [
        "marked by a person",
        "not answered",
        "not answered",
    ]
    assert by_hand(None, 2.0, None)[0] == "waiting"


def test_a_page_breaks_no_line_between_a_number_and_its_sign():
    html = render_report(build_report(ex.eight_students()))
    assert re.search(r"\d\u00a0%", html)
    assert not re.search(r"\d %(?!;)", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))


def verdicts(view):
    return list(csv.DictReader(io.StringIO(checks_csv(view))))


def test_each_verdict_on_each_student_is_a_line_of_a_tidy_table():
    view = ex.eight_students()
    rows = verdicts(view)
    graded = [check for student in view.students for _, _, cell in student.cells for check in cell.checks]
    assert len(rows) == len(graded)
    (mistake,) = [row for row in rows if row["student_id"] == "chloe" and row["outcome"] == "failed"]
    assert (mistake["cell"], mistake["faults"], mistake["visibility"]) == (
        "check_one_layer_network",
        "softmax-before-loss",
        "hidden",
    )
    assert all(0 <= float(row["credit"]) <= float(row["max_credit"]) for row in rows)
    assert (mistake["points"], mistake["max_points"]) == ("0", "3")
    cells = {(row["student_id"], row["cell"], row["cell_points"], row["cell_max_points"]) for row in rows}
    for student, cell, *whole in cells:
        own = [row for row in rows if (row["student_id"], row["cell"]) == (student, cell)]
        assert [sum(float(row[name]) for row in own) for name in ("points", "max_points")] == pytest.approx(
            [float(one) for one in whole]
        )


def test_large_numbers_stand_in_csv_with_all_digits():
    numbers = (1_234_567.0, 200_000, 0.5, 1 / 3, 0.0, -2.0)
    table = tidy_csv(["seconds_late"], [(number,) for number in numbers])
    assert table.split() == ["seconds_late", "1234567", "200000", "0.5", "0.333333", "0", "-2"]


def test_who_handed_in_late_is_named_with_by_how_much_and_stands_in_the_table():
    view = ex.eight_students()
    late = {"ada": 200_000.0, "bela": 30.0}
    view = replace(view, students=tuple(replace(one, late=late.get(one.student, 0.0)) for one in view.students))
    html = render_report(build_report(view))
    assert "Handed in late: <bdi>Ada Lovelace</bdi> (2 days), <bdi>Béla Bartók</bdi> (1 minute)." in html
    assert {row["student_id"]: row["seconds_late"] for row in table(view)}["ada"] == "200000"
    assert "Handed in late" not in render_report(build_report(ex.eight_students()))


def test_who_was_late_by_the_platform_alone_is_named_so_unless_the_gradebook_knows_better():
    view = replace(ex.eight_students(), said_late=dict.fromkeys(("ada", "bela", "chloe", "hana"), "Canvas"))
    known = {"bela": 0.0, "chloe": 60.0}
    view = replace(view, students=tuple(replace(one, late=known.get(one.student)) for one in view.students))
    html = render_report(build_report(view))
    assert "Handed in late: <bdi>Ada Lovelace</bdi> (so Canvas says), <bdi>Chloë</bdi> (1 minute)." in html
    assert [row["student_id"] for row in table(view) if row["late"] == "yes"] == ["ada", "chloe"]
    assert "Handed in late" not in render_report(build_report(view, for_class=True))


def test_what_a_student_is_called_is_no_formula_in_the_table_of_checks_either():
    rows = verdicts(one(ex.right(), ident="=1+1"))
    assert {row["student_id"] for row in rows} == {"'=1+1"}


def test_the_check_that_the_fewest_passed_comes_first_and_says_of_how_many():
    view = ex.eight_students()
    shares = build_report(view).shares
    assert [share.passed / share.judged for share in shares] == sorted(share.passed / share.judged for share in shares)
    sentence = "The loss is the softmax cross-entropy of the logits"
    (loss,) = [share for share in shares if share.sentence == sentence]
    assert (loss.passed, loss.judged, loss.visibility, loss.notebook) == (3, 6, "hidden", "1_one_layer")


def test_what_was_not_run_or_could_not_be_graded_counts_for_no_check():
    following = notebooks.failed("test_later", "It follows", faults=(), message="So.", follows=("missing-bias",))
    unknown = notebooks.ungradable("test_x", "It runs", "The notebook is not JSON.")
    passed = notebooks.passed("test_scaled", "The images are scaled")
    result = notebooks.result(notebooks.cell("train", 3, following, unknown, passed))
    assert [share.sentence for share in build_report(one(Graded(result))).shares] == ["The images are scaled"]


def test_the_page_says_where_what_went_wrong_is_explained():
    with speaking_of(find_course().assignment("digits").texts):
        page = render_report(build_report(ex.eight_students()))
    assert "Explained in: Notebook 1" in page
    assert '<span class="share-count">3 of 6</span>' in page
    assert '<span class="share-count">5 of 5</span>' not in page


def test_what_a_class_is_shown_holds_nobodys_name_and_nothing_that_is_about_one():
    view = ex.eight_students()
    with speaking_of(find_course().assignment("digits").texts):
        page = render_report(build_report(view, for_class=True))
    about = [word for student in view.students for word in (student.name, student.shown, student.student)]
    text = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    assert [word for word in about if re.search(rf"\b{re.escape(word)}\b", text)] == []
    assert "What to teach again" in page
    assert "Mistakes by frequency" in page
    assert 'id="table"' not in page
    assert "What was noticed" not in page
    assert 'id="table"' in render_report(build_report(view))


def test_numbers_in_place_of_names_are_drawn_anew_each_time():
    view = ex.large()
    orders = {tuple(id(student.notebooks) for student in without_names(view).students) for _ in range(3)}
    assert len(orders) == 3
    assert {student.student for student in without_names(view).students} == {str(n) for n in range(1, 61)}
