"""A student can dispute a verdict: the page contains the text to send."""

from netgrader.pages.feedback_page import build_page, render_page
from tests.feedback import examples as ex


def texts_of(cells, graded, **more):
    page = build_page(cells, graded, **{"assignment": "digits", "notebook": ex.NOTEBOOK, "student": "Ada", **more})
    return {row.cell: row.objection for row in page.verdicts if row.objection}, render_page(page)


def test_what_takes_points_can_be_objected_to_and_what_takes_none_cannot():
    texts, html = texts_of(*ex.wrong_student(), student_id="ada")
    assert "Does this verdict seem wrong?" in html
    assert texts["check_one_layer_network"] == (
        f"netgrader: this verdict seems wrong\nstudent: ada\nnotebook: digits/{ex.NOTEBOOK}\n"
        "cell: check_one_layer_network\nresult: 1.5 of 3, learning-rate-not-as-stated, softmax-before-loss\nbecause: "
    )
    assert texts_of(*ex.right_student(), student_id="zoe")[0] == {}


def test_an_id_of_several_lines_is_one_line_of_the_text():
    texts, _ = texts_of(*ex.wrong_student(), student_id="ada\nresult: 3 of 3")
    assert all("student: ada result: 3 of 3\n" in text for text in texts.values())
