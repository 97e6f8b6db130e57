"""The content of a feedback page, from results, observations and manual grading."""

import re
from dataclasses import replace

import pytest

from graphread.text import Text
from netgrader.pages.feedback_figures import PageData
from netgrader.pages.feedback_page import build_page, render_page
from netgrader.pages.graded import CellMark, Graded, Marks
from netgrader.results import Status
from tests.datasets import EXERCISES
from tests.feedback import examples as ex
from tests.texts import english

DIGITS = PageData(texts=EXERCISES.texts)
"""The course's own texts say where to read."""


def page_of(cells, graded, **more):
    about = {"assignment": "digits", "notebook": ex.NOTEBOOK, "student": "Ada", "data": DIGITS, **more}
    return english(build_page(cells, graded, **about))


def rendered(page):
    return render_page(page, EXERCISES.texts)


def said(code):
    """Return the sentence of a code, of digits."""
    return EXERCISES.texts.say(Text(EXERCISES.texts.kind(code).sentence))


def verdicts(page):
    return {block.verdict.name: block.verdict for part in page.parts for block in part.blocks if block.verdict}


def test_points_are_added_up_and_what_waits_is_told_apart():
    page = page_of(*ex.wrong_student())
    assert (page.points, page.max_points, page.waiting, page.late_penalty) == (3.0, 8, 2, 0.5)


def test_what_to_do_next_names_causes_and_leaves_out_what_follows_from_another_check():
    follows = ex.failed("test_w", "It works", message="It follows.", faults=(), hint=None, follows=("missing-bias",))
    cause = ex.failed("test_c", "The bias is there", ex.fault("missing-bias"))
    result = ex.result(ex.cell("train", 3, follows, cause))
    page = page_of([ex.check_cell("train", 3)], Graded(result))
    assert [step.sentence for step in page.steps] == [said("missing-bias")]


def test_what_to_do_next_says_that_more_mistakes_cost_points_in_a_cell():
    first = ex.failed("test_a", "The bias is there", ex.fault("missing-bias"))
    again = ex.failed("test_b", "Every bias is there", ex.fault("missing-bias"))
    other = ex.failed("test_c", "The optimizer is Adam", ex.fault("wrong-optimizer"))
    for checks, more in (((first, again, other), True), ((first, again), False)):
        result = ex.result(ex.cell("train", 3, *checks))
        (step,) = page_of([ex.check_cell("train", 3)], Graded(result)).steps
        assert str(step.sentence).endswith("This cell has one more mistake.") is more


def test_what_follows_from_another_check_is_folded_under_a_line_that_counts_it():
    follows = [
        ex.failed(
            f"test_{number}", f"It works {number}", message="So.", faults=(), hint=None, follows=("missing-bias",)
        )
        for number in range(3)
    ]
    cause = ex.failed("test_c", "The bias is there", ex.fault("missing-bias"))
    page = page_of([ex.check_cell("train", 3)], Graded(ex.result(ex.cell("train", 3, *follows, cause))))
    box = verdicts(page)["train"]
    assert [str(check.sentence) for check in box.to_read] == ["The bias is there"]
    assert len(box.following) == 3
    assert "3 checks failed because of this and cost nothing more" in rendered(page)


def test_an_answer_that_was_never_written_is_a_thing_to_do():
    cells, graded = ex.right_student()
    page = page_of(cells, replace(graded, marks=Marks(cells={"what_w1_shows": CellMark(0.0, None)})))
    assert [(step.name, step.points) for step in page.steps] == [("what_w1_shows", 2)]
    assert "Write your answer" in str(page.steps[0].sentence)


def test_a_mistake_that_no_section_explains_leads_to_the_text_of_its_exercise():
    check = ex.failed("test_r", "It returns two lists", ex.fault("wrong-return", "None"))
    text = ex.markdown("## Training\n\n### Exercise 4: train it\n\nWrite it.")
    page = page_of([text, ex.check_cell("train", 3)], Graded(ex.result(ex.cell("train", 3, check))))
    reason = verdicts(page)["train"].checks[0].reasons[0]
    assert (str(reason.where), reason.link) == ("Exercise 4: train it", "m0-exercise-4-train-it")
    assert f'id="{reason.link}"' in rendered(page)


def test_what_went_wrong_stands_before_what_went_right_and_why_it_matters_is_said_once():
    again = ex.failed("test_d", "Every neuron has one", ex.fault("missing-bias", "none", "ten"))
    checks = ex.passed("test_a", "It runs"), ex.failed("test_c", "The bias is there", ex.fault("missing-bias")), again
    box = verdicts(page_of([ex.check_cell("train", 3)], Graded(ex.result(ex.cell("train", 3, *checks)))))["train"]
    assert [str(check.sentence) for check in box.checks] == ["The bias is there", "Every neuron has one", "It runs"]
    assert [len(check.reasons) for check in box.checks] == [1, 0, 0]
    assert "expected ten" in str(box.checks[1].found)


def test_what_came_with_the_notebook_is_folded_and_what_the_student_wrote_or_changed_is_not():
    cells, graded = ex.right_student()
    demo = ex.code("print(x_train.shape)", outputs=[ex.stream("(60000, 784)\n")])
    changed, own = ex.code("print(x_train.max())"), ex.markdown("I tried a rate of 1 here.")
    released = [
        cell["source"] for cell in (*cells, demo) if cell["metadata"].get("nbgrader", {}).get("solution") is not True
    ]
    page = page_of([*cells, demo, changed, own], graded, released=released)
    folded = "".join(str(block.body) for part in page.parts if part.title for block in part.blocks)
    opened = "".join(str(block.body) for part in page.parts if not part.title for block in part.blocks)
    for text in ("grey levels from 0 to 255", "load_mnist", "shape<"):
        assert text in folded
    for text in ("AdamOptimizer", "max<", "I tried a rate of 1 here.", "strokes of a digit"):
        assert text in opened
    assert str(page.parts[0].title) == "A network with one layer · The data"


def test_a_page_takes_so_much_of_a_notebook_and_says_where_more_is_left_out():
    cells = [ex.code("x = 1\n" * 8_000), ex.markdown("why " * 12_000)] * 20
    *_, last = page_of(cells, Graded(ex.result())).parts
    shown = [str(block.body) for block in last.blocks]
    assert "…" not in shown[0] + shown[1]
    assert [re.sub(r"<[^>]*>", "", one).strip() for one in shown[-2:]] == ["…", "…"]


def one_cell(mark, *checks, comments=None, **about):
    """The page of a notebook of one cell worth 2 points, that the grader gave what its checks say."""
    result = ex.result(ex.cell("train", 2, *checks))
    marks = Marks({"check_train": mark}, comments or {})
    return page_of([ex.check_cell("train", 2)], Graded(result, marks=marks), **about)


ASK = "Your instructor gave this mark by hand: ask why."
READ = "Your instructor gave this mark by hand: read the comments in your notebook, and ask if they do not explain it."
NO_BIAS = ex.failed("test_c", "The bias is there", ex.fault("missing-bias"))


@pytest.mark.parametrize("check", [ex.passed("test_a", "It trains"), NO_BIAS])
@pytest.mark.parametrize("manual", [0.5, 1.0, 1.5])
@pytest.mark.parametrize(("comments", "said"), [({}, ASK), ({"train": "No bias."}, READ)])
def test_what_to_do_about_a_mark_by_hand_is_to_read_or_to_ask_whatever_checks_found(check, manual, comments, said):
    page = one_cell(CellMark(1.0, manual), check, comments=comments)
    assert [(step.sentence, step.points) for step in page.steps] == [(said, 2 - manual)]
    assert one_cell(CellMark(1.0, 2.0), check, comments=comments).steps == ()


@pytest.mark.parametrize("checks", [(), (NO_BIAS,)])
def test_an_objection_to_a_mark_by_hand_names_that_mark(checks):
    page = one_cell(CellMark(1.0, 1.0), *checks, student_id="ada")
    assert "result: 1 of 2\n" in page.verdicts[0].objection


FATAL = ex.failed("test_c", "It learns", ex.fault("same-batch-always"))
UNKNOWN = ex.ungradable("test_u", "The loss is right", "The grader could not decide what the loss computes.")


@pytest.mark.parametrize(("manual", "state"), [(0.0, "failed"), (0.5, "partial"), (2.0, "passed")])
def test_what_a_person_decided_comes_before_what_checks_found(manual, state):
    page = one_cell(CellMark(0.6, manual), FATAL, ex.passed("test_a", "It trains"))
    assert page.causes == ()
    (verdict,) = page.verdicts
    assert (verdict.state, verdict.word, verdict.points) == (state, "marked by a person", manual)
    html = rendered(page)
    assert "does not work" not in html
    assert "Fatal" not in html
    assert str(FATAL.message).partition(".")[0] in html  # what was found stands below
    assert ("What is right already" in html or "Nothing is left" in html) == (manual == 2.0)


@pytest.mark.parametrize("checks", [(UNKNOWN,), (UNKNOWN, ex.passed("test_a", "It trains")), ()])
def test_nothing_says_of_a_cell_that_a_person_marked_that_it_could_not_be_graded(checks):
    cell = ex.cell("train", 2, *checks)
    result = ex.result(cell, status=Status.PARTLY, problem=UNKNOWN.message)
    page = page_of([ex.check_cell("train", 2)], Graded(result, marks=Marks({"check_train": CellMark(1.0, 2.0)})))
    assert (page.notices, page.whole, page.steps) == ((), True, ())
    html = rendered(page)
    for said in (UNKNOWN.message, "could not be graded", "has not been graded"):
        assert said not in html
    waiting = page_of([ex.check_cell("train", 2)], Graded(result, marks=Marks({"check_train": CellMark(1.0, None)})))
    assert (len(waiting.notices), waiting.whole) == (1, False)


def test_why_a_notebook_is_not_graded_in_full_is_what_nobody_has_marked_yet():
    other = ex.ungradable("test_o", "The rate is right", "The grader could not decide which rate is used.")
    result = ex.result(
        ex.cell("one", 2, UNKNOWN), ex.cell("two", 2, other), status=Status.PARTLY, problem=UNKNOWN.message
    )
    cells = [ex.check_cell("one", 2), ex.check_cell("two", 2)]
    page = page_of(cells, Graded(result, marks=Marks({"check_one": CellMark(0.0, 2.0)})))
    assert other.message in page.notices[0]
    assert UNKNOWN.message not in rendered(page)


def test_a_notebook_that_was_cut_short_is_graded_once_a_person_marked_what_lost_points():
    result = ex.result(ex.cell("one", 2, ex.passed("test_a", "It trains")), ex.cell("two", 2, NO_BIAS))
    result = replace(result, status=Status.PARTLY, problem="The notebook ran longer than its time limit.")
    cells = [ex.check_cell("one", 2), ex.check_cell("two", 2)]
    assert not page_of(cells, Graded(result, marks=Marks({"check_one": CellMark(2.0, 2.0)}))).whole
    assert page_of(cells, Graded(result, marks=Marks({"check_two": CellMark(0.0, 1.0)}))).whole


@pytest.mark.parametrize(("code", "told"), [("missing-bias", True), ("labels-off-by-one", False)])
def test_no_accuracy_is_reported_that_may_rest_on_wrong_labels(code, told):
    wrong = ex.failed("test_w", "It is right", ex.fault(code))
    result = ex.result(ex.cell("train", 3, wrong), test_accuracy=0.9, target_met="yes")
    assert bool(page_of([ex.check_cell("train", 3)], Graded(result)).facts) is told


def test_a_remark_costs_nothing_and_is_shown():
    remark = ex.passed("test_r", "The graph was built once", faults=("built-twice",), message="Two copies were found.")
    page = page_of([ex.check_cell("train", 3)], Graded(ex.result(ex.cell("train", 3, remark))))
    (check,) = verdicts(page)["train"].checks
    assert (check.state, str(check.found), page.points) == ("remark", "Two copies were found.", 3.0)
    assert not any(reason.hint for reason in check.reasons)
    assert page.steps == ()


def test_a_notebook_that_could_not_be_graded_says_why_and_claims_no_failure():
    result = ex.result(ex.cell("train", 3, ex.ungradable("test_x", "It trains", "The kernel died.")), status=Status.NOT)
    result = replace(result, problem="The kernel ran out of memory.")
    page = page_of([ex.check_cell("train", 3)], Graded(result))
    assert page.notices == ("This notebook could not be graded. The kernel ran out of memory.",)
    assert page.verdicts[0].word == "could not be graded"
    assert (page.parts, page.steps) == ((), ())
    html = rendered(page)
    assert "hand in your notebook again" in html
    assert "ran your notebook again" not in html


def test_a_notebook_that_was_never_graded_still_makes_a_page():
    html = rendered(page_of(ex.right_student()[0], Graded(None)))
    assert "This notebook could not be graded." in html


def test_notes_about_the_file_reach_the_student():
    cells, graded = ex.right_student()
    result = replace(graded.result, notes=("A cell was put back at its place.",))
    assert "A cell was put back at its place." in page_of(cells, replace(graded, result=result)).notices


def test_nothing_on_the_page_comes_from_elsewhere():
    html = rendered(page_of(*ex.right_student()))
    assert not any(f'{attribute}="http' in html for attribute in ("src", "srcset", "data", "poster"))
    assert "<script" not in html
    assert "<link" not in html


def test_what_does_not_work_is_said_before_any_points():
    page = page_of(*ex.wrong_student())
    assert [(cause.name, cause.severity) for cause in page.causes][:2] == [
        ("train", "fatal"),
        ("one_layer_network", "serious"),
    ]
    assert page.steps[0].name == "train"
    words_of = {row.name: (row.state, row.word) for row in page.verdicts}
    assert words_of["train"] == ("failed", "does not work")
    assert words_of["one_layer_network"] == ("partial", "has a mistake")
    html = rendered(page)
    assert html.index("does not work.</strong> The training loop feeds the same minibatch") < html.index('class="big"')
