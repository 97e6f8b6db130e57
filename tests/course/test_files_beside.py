"""Files that notebooks read themselves: released, available in the sandbox, hashed with a run, and reported if missing."""

import pytest

from netgrader.checks.exercises import BadExerciseError, load_exercises
from netgrader.commands.release import generate
from netgrader.errors import NetgraderError
from netgrader.grading import stages
from netgrader.grading.grade_submission import grade

NAMED = '[files]\nnames = ["squares.csv"]\n'
READS = "with open('squares.csv') as file:\n    squares = [int(cell) for cell in file.read().split(',')]"
HELD = ",".join(str(k * k) for k in range(10))


@pytest.fixture
def reads(tiny):
    """A course whose notebook reads a file, and the notebook of a student who does."""
    tiny.write("source/numbers/checks/exercises.toml", NAMED)
    tiny.write("source/numbers/squares.csv", HELD)
    return tiny, tiny.submit("ada", squares=READS)


def test_a_release_holds_it_and_nothing_else_that_lies_there(reads, tmp_path):
    tiny, _ = reads
    tiny.write("source/numbers/notes.txt", "for me")
    generate(tiny.assignment, tmp_path / "made", ["1_sums"], save=False)
    names = {path.name for path in (tmp_path / "made").iterdir()}
    assert (tmp_path / "made" / "squares.csv").read_text() == HELD
    assert "notes.txt" not in names


@pytest.mark.slow
def test_a_notebook_has_it_in_the_cage_whatever_lies_beside_it(reads):
    tiny, path = reads
    (path.parent / "squares.csv").write_text("1,2,3")
    (result,) = grade(path, course=tiny.course).notebooks
    squares = next(cell for cell in result.cells if cell.cell == "check_squares")
    assert squares.points == squares.max_points
    tiny.write("source/numbers/checks/exercises.toml", "")
    (without,) = grade(path, course=tiny.course).notebooks
    assert next(cell for cell in without.cells if cell.cell == "check_squares").points == 0


def test_a_run_depends_on_what_it_holds(reads, uncaged, monkeypatch):
    tiny, path = reads
    monkeypatch.chdir(tiny.root / "source" / "numbers")
    for changed, runs in ((HELD, 1), (HELD, 1), (f"{HELD},100", 2)):
        tiny.write("source/numbers/squares.csv", changed)
        grade(path, course=tiny.course)
        assert len(uncaged) == runs


def test_one_that_is_missing_is_told_to_the_instructor_at_release_and_at_grading(reads, tmp_path, uncaged):
    tiny, path = reads
    (tiny.root / "source" / "numbers" / "squares.csv").unlink()
    for call in (
        lambda: generate(tiny.assignment, tmp_path / "made", ["1_sums"], save=False),
        lambda: grade(path, course=tiny.course),
    ):
        with pytest.raises(NetgraderError, match=r"squares\.csv.*\[files\].*No such file.*Put it there"):
            call()
    assert not uncaged


def test_too_large_ones_are_refused_with_the_limit(reads, tmp_path, monkeypatch):
    tiny, _ = reads
    monkeypatch.setattr(stages, "LARGEST_BESIDE", 5)
    with pytest.raises(NetgraderError, match="25 bytes together; at most 5"):
        generate(tiny.assignment, tmp_path / "made", ["1_sums"], save=False)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("names = []", "names must be a list of up to 50 names of files"),
        ('names = ["../secret"]', "names must be a list of up to 50 names of files"),
        ('name = ["a.csv"]', r"has no parameter name; the nearest is names"),
        ('names = ["a.csv", "a.csv"]', "names must name each file once"),
        ('names = ["helper.py"]', r"names must leave out helper\.py, which netgrader release brings"),
    ],
)
def test_a_table_that_makes_no_sense_is_told(tmp_path, table, told):
    (tmp_path / "exercises.toml").write_text(f"[files]\n{table}\n")
    with pytest.raises(BadExerciseError, match=rf"\[files\] {told}"):
        load_exercises(tmp_path)
