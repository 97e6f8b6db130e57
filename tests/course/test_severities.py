"""A course's own severities change marks without a rerun; a mistake in them is reported."""

from __future__ import annotations

import pytest

from netgrader.commands.release import release
from netgrader.errors import UsageError
from netgrader.results import Outcome

pytestmark = pytest.mark.usefixtures("uncaged")

CODED = '''

@grades("check_squares", credit=9)
def test_there_are_ten(cell_evidence):
    """There are ten"""


@grades("check_squares", faults=("no-shuffling",))
def test_order(cell_evidence):
    """They are in order"""
    fail("no-shuffling", found="disorder")


@grades("check_squares", credit=90)
def test_more(cell_evidence):
    """More of them"""
    fail("no-shuffling", found="disorder")


@grades("check_add", credit=6)
def test_remarked(cell_evidence, remark):
    """It is tidy"""
    remark("built-twice")
'''


@pytest.fixture
def course(tiny):
    """The tiny course with a serious fault and a remark in everybody's notebook."""
    path = tiny.root / "grader_tests" / "test_sums.py"
    path.write_text(path.read_text() + CODED)
    tiny.submit("ada")
    return tiny


def graded(course, **said):
    """Ada's notebook, graded by a course that says this of severities."""
    text = "".join(f'{code.replace("_", "-")} = "{word}"\n' for code, word in said.items())
    (course.root / "grader_tests" / "severity.toml").write_text(text)
    return course.grade()


def points(found, cell="check_squares"):
    return next(one.points for one in found.result.cells if one.cell == cell)


def test_another_severity_changes_the_marks_and_runs_nothing_again(course, uncaged):
    first = graded(course)
    assert points(first) == 1.8  # serious: six tenths of three, and what follows costs nothing more
    digests = {first.digest}
    for word, expected in (("fatal", 0.9), ("slight", 2.7), ("remark", 3.0), ("serious", 1.8)):
        again = graded(course, no_shuffling=word)
        assert (points(again), again.made) == (expected, frozenset())
        digests.add(again.digest)
    assert len(uncaged) == 1
    assert len(digests) == 4  # by which a class sees whose marks are to be saved again


def test_a_finding_is_as_grave_as_its_test_says_where_the_course_only_names_the_section_of_its_code(course):
    tests = course.root / "grader_tests" / "test_sums.py"
    tests.write_text(tests.read_text().replace('found="disorder")', 'found="disorder", severity=Severity.FATAL)'))
    tests.write_text("from netgrader.faults import Severity\n" + tests.read_text())
    faults = course.root / "source" / "numbers" / "checks" / "faults.toml"
    faults.write_text('[no-shuffling]\nwhere = "Notebook 1, Sums"\n')
    assert points(graded(course)) == 0.9  # fatal: three tenths of three
    assert points(graded(course, no_shuffling="slight")) == 2.7  # the instructor's word goes before the test's
    faults.write_text('[no-shuffling]\nseverity = "slight"\n')
    assert points(graded(course)) == 2.7


def test_each_fault_is_handed_on_with_its_severity(course):
    found = graded(course, no_shuffling="fatal")
    (order,) = [check for cell in found.result.cells for check in cell.checks if check.check.endswith("::test_order")]
    assert order.severity == {"no-shuffling": "fatal"}
    assert "no-shuffling" in found.result.faults


def test_what_a_course_takes_for_a_remark_has_passed_and_what_it_does_not_costs(course):
    remark = graded(course, no_shuffling="remark")
    assert "no-shuffling" not in remark.result.faults
    outcomes = {check.check: check.outcome for cell in remark.result.cells for check in cell.checks}
    assert outcomes["test_sums.py::test_order"] is Outcome.PASSED
    assert points(remark, "check_add") == 2
    charged = graded(course, built_twice="slight")
    assert points(charged, "check_add") == 1.8
    assert "built-twice" in charged.result.faults


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('no-shufling = "slight"', "no-shufling is not a code of the catalogue of faults; is it no-shuffling?"),
        ('no-shuffling = "grave"', "no-shuffling must be one of fatal, serious, slight, measured, remark, in quotes"),
        ("no-shuffling = 3", "in quotes, such as no-shuffling = "),
        ("no-shuffling = ", "cannot be read"),
    ],
)
def test_a_slip_is_said_before_anything_is_run_or_released(course, uncaged, line, said):
    (course.root / "grader_tests" / "severity.toml").write_text(line)
    with pytest.raises(UsageError, match=r"severity\.toml") as raised:
        course.grade()
    assert said in str(raised.value)
    with pytest.raises(UsageError, match=r"severity\.toml"):
        release(course.assignment)
    assert uncaged == []
