"""``netgrader feedback`` and ``netgrader report`` on a small course, from submissions to files."""

import pytest

from netgrader.commands.feedback import feedback_of_class
from netgrader.commands.report import report_on_class
from netgrader.commands.show import console
from netgrader.errors import UsageError
from netgrader.grading.kept import Kept, keep, kept_path
from netgrader.results import CellResult, NotebookResult, Status


def test_feedback_before_grading_is_a_sentence_that_says_what_to_type(tiny):
    tiny.submit("ada")
    with pytest.raises(UsageError, match="Type netgrader autograde numbers first"):
        feedback_of_class(tiny.assignment, (), console())


def test_a_report_before_anything_was_handed_in_makes_no_gradebook(tiny):
    page = report_on_class(tiny.assignment)
    assert "Nobody has handed in anything" in page.read_text(encoding="utf-8")
    assert page.with_suffix(".csv").is_file()
    assert not (tiny.root / "gradebook.db").exists()


def test_a_report_may_be_written_elsewhere_and_links_to_the_csv_beside_it(tiny, tmp_path):
    page = report_on_class(tiny.assignment, tmp_path / "out" / "class 1.html")
    assert page.is_file()
    assert (tmp_path / "out" / "class 1.csv").is_file()


def test_what_grading_kept_is_found_by_the_pages(tiny):
    from netgrader.pages.load import graded_notebook

    class Nothing:
        def find_submission_notebook(self, *_):
            from nbgrader.api import MissingEntry

            raise MissingEntry

    result = NotebookResult("1_sums.ipynb", 2.0, 2.0, (CellResult("check_add", 2.0, 2.0, False),), (), Status.GRADED)
    keep(kept_path(tiny.assignment, "ada", "1_sums"), Kept(result))
    graded = graded_notebook(Nothing(), tiny.assignment, "ada", "1_sums")
    assert graded.result == result
    assert graded_notebook(Nothing(), tiny.assignment, "bob", "1_sums").result is None
