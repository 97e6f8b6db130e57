"""A course adds codes to the catalogue of faults and rewords ours, in a file of its own."""

import pytest

from netgrader.checks.exercises import BadExerciseError, load_exercises
from netgrader.errors import NetgraderError
from netgrader.faults import CATALOGUE, Severity, course_kinds
from netgrader.grading.grade_submission import grade

OWN = """
    [squares-off-by-one]
    sentence = "The squares begin with that of one."
    why = "Counting begins with 0 here."
    where = "Now squares"
    severity = "slight"

    [not-done]
    sentence = "Still to be done."
"""
TEST = '''
    """What students may run themselves."""

    from netgrader.checks import fail, grades


    @grades("check_squares", faults=("squares-off-by-one",))
    def test_squares_begin_with_zero(cell_evidence):
        """The squares begin with that of zero"""
        if cell_evidence.array("squares")[0] == 1:
            fail("squares-off-by-one", found="1", expected="0")
'''


def test_a_code_of_the_course_is_graded_with_its_sentence_and_severity(tiny, uncaged):
    tiny.write("source/numbers/checks/faults.toml", OWN)
    tiny.write("grader_tests/test_sums_of_ours.py", TEST)
    path = tiny.submit("ada", squares="squares = [k * k for k in range(1, 11)]")
    (result,) = grade(path, course=tiny.course).notebooks
    check = next(check for cell in result.cells for check in cell.checks if "squares-off-by-one" in check.faults)
    assert str(check.message).startswith("The squares begin with that of one. Found 1; expected 0.")
    assert check.severity["squares-off-by-one"] is Severity.SLIGHT
    assert "Counting begins with 0 here." in str(check.hint)
    assert "squares-off-by-one" not in CATALOGUE


def test_a_sentence_of_the_catalogue_is_replaced_and_the_rest_of_its_code_stays(tiny):
    tiny.write("source/numbers/checks/faults.toml", OWN)
    before = CATALOGUE["not-done"]
    texts = tiny.assignment.texts
    kind = texts.kind("not-done")
    assert (str(kind.sentence), kind.why, kind.severity) == ("Still to be done.", before.why, before.severity)
    assert texts.kinds.keys() == CATALOGUE.keys() | {"squares-off-by-one"}
    assert CATALOGUE["not-done"] == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[not-done]\nsentense = 'x'", r"\[not-done\] .*sentense"),
        ("[not-done]\nbrings = ['wrong-return']", r"\[not-done\] .*brings"),
        ("[new-code]\nsentence = 'x'", r"\[new-code\] is a new code and needs a sentence and a severity"),
        ("[New]\nsentence = 'x'\nseverity = 'slight'", r"\[New\] is not a code"),
        ("[new-code]\nsentence = 'x'\nseverity = 'grave'", r"\[new-code\] .*grave"),
        ("[not-done]\nsentence = 'a {thing}'", r"\[not-done\] has a place in braces that nothing fills"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_table(tiny, text, told):
    with pytest.raises(ValueError, match=told):
        course_kinds(text)
    tiny.write("source/numbers/checks/faults.toml", text)
    with pytest.raises(BadExerciseError, match=told):
        _ = load_exercises(tiny.assignment.checks).texts
    with pytest.raises(NetgraderError, match=told):
        grade(tiny.submit("ada"), course=tiny.course)
