"""Submissions are saved in one transaction, and end as nbgrader's own conversion leaves them: rows, files, pages."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import replace

import nbformat
import pytest
import sqlalchemy
from nbgrader.api import Gradebook
from nbgrader.preprocessors import CheckCellMetadata

from netgrader.commands.saving import Saver
from netgrader.errors import NetgraderError
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.graded_notebook import load_last_result
from netgrader.grading.jobs import jobs_of
from netgrader.grading.pool import Done, Task
from netgrader.grading.stages import Options
from netgrader.nbgrader_plugin.conversion import Conversion, is_ours_alone
from netgrader.nbgrader_plugin.converters import autograde_one, generate_feedback
from netgrader.nbgrader_plugin.gradebook import is_up_to_date, opened, sync_cells
from tests.conftest import TinyCourse, stand_in

pytestmark = [
    pytest.mark.usefixtures("uncaged"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]
WRONG = "def add(a, b):\n    return a - b"
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
TABLES = ("student", "submitted_assignment", "submitted_notebook", "grade", "comment")


def doubled(course):
    content = course.filled()
    content["cells"].append(next(cell for cell in content["cells"] if cell["source"] == 'check("add")'))
    return content


def with_files(course, student):
    folder = course.submit(student, add=WRONG).parent
    (folder / "notes").mkdir()
    (folder / "notes" / "mine.txt").write_text("mine")
    (folder / "peek.py").symlink_to(course.root / "grader_tests" / "test_sums.py")
    (folder / "checks").mkdir()
    (folder / "checks" / "test_sums_public.py").write_text("mine too")


def misnamed(course, student):
    path = course.submit(student)
    path.rename(path.with_name("1_sums (1).ipynb"))


def stamped(course, student, stamp="2026-11-01 12:00:00.000000 UTC"):
    course.submit(student).with_name("timestamp.txt").write_text(stamp)


def twice(course, student):
    """Marks were given by hand, then something else was handed in."""
    course.submit(student, add=WRONG)
    autograde_one(course.course, "numbers", student)
    with Gradebook(course.course.db_url) as gradebook:
        for cell in ("why", "check_add"):
            grade = gradebook.find_grade(cell, "1_sums", "numbers", student)
            grade.manual_score, grade.needs_manual_grade = 1.0, False
        gradebook.db.commit()
    course.submit(student, why="Something else.")


def forgiven(course, student):
    """What was handed in first was late, and cost points; what came then is not."""
    course.submit(student)
    autograde_one(course.course, "numbers", student)
    with Gradebook(course.course.db_url) as gradebook:
        gradebook.find_submission_notebook("1_sums", "numbers", student).late_submission_penalty = 2.0
        gradebook.db.commit()
    course.submit(student, add=WRONG)


HANDED_IN = {
    "right": lambda course, student: course.submit(student),
    "wrong": lambda course, student: course.submit(student, add=WRONG, squares="squares = 1 / 0"),
    "no notebook": lambda course, student: course.submit(student, content=b"{ not json"),
    "a doubled cell": lambda course, student: course.submit(student, content=doubled(course)),
    "nothing filled in": lambda course, student: course.submit(student, add=STUB, why="YOUR ANSWER HERE"),
    "a long output": lambda course, student: course.submit(student, squares="print('x\\n' * 3000)\nsquares = []"),
    "files beside it": with_files,
    "another name": misnamed,
    "another's place": lambda course, student: course.submit(student, content=course.filled("2_words")),
    "a time": stamped,
    "an empty time": lambda course, student: stamped(course, student, ""),
    "again after marks by hand": twice,
    "again, and no longer late": forgiven,
}


@pytest.fixture
def two(tmp_path, monkeypatch, with_gradebook):
    """Twice the same course, whose gradebook knows both notebooks."""

    def course(name):
        shutil.copytree(with_gradebook, tmp_path / name)
        made = TinyCourse(tmp_path / name)
        with contextlib.chdir(made.root):
            sync_cells(made.assignment, {"1_sums", "2_words"})
        return made

    theirs, ours = course("theirs"), course("ours")
    stand_in(theirs, monkeypatch)
    return theirs, ours


def save(course, student):
    with opened(course.course) as gradebook:
        return Conversion(course.assignment, Options()).save(gradebook, student)


def rows(course, student):
    """What the gradebook holds of a student, and how many rows there are."""
    with Gradebook(course.course.db_url) as gradebook:
        counts = {
            table: gradebook.db.execute(sqlalchemy.text(f"SELECT count(*) FROM {table}")).scalar()  # noqa: S608
            for table in TABLES
        }
        submission = gradebook.find_submission("numbers", student)
        about = (submission.timestamp, submission.extension, submission.total_seconds_late)
        notebooks = {
            notebook.name: (
                notebook.late_submission_penalty,
                sorted(
                    (one.name, one.auto_score, one.manual_score, one.extra_credit, one.needs_manual_grade)
                    for one in notebook.grades
                ),
                sorted((one.name, one.auto_comment, one.manual_comment) for one in notebook.comments),
            )
            for notebook in submission.notebooks
        }
    return counts, about, notebooks


def files(course, folder):
    """All files of a folder with their modes."""
    root = course.root / folder
    return {
        path.relative_to(root).as_posix(): (path.stat().st_mode & 0o777, path.read_bytes())
        for path in root.rglob("*")
        if path.is_file()
    }


def results(course, student):
    """What is kept of each notebook, but for how long it took."""
    found = [load_last_result(course.assignment, student, name) for name in ("1_sums", "2_words")]
    return [one and replace(one, result=replace(one.result, seconds={})) for one in found]


@pytest.mark.parametrize(("student", "handed_in"), [("a[b]", "right"), *(("ada", what) for what in HANDED_IN)])
def test_what_it_leaves_is_what_nbgrader_leaves(two, student, handed_in):
    theirs, ours = two
    for course in two:
        HANDED_IN[handed_in](course, student)
    autograde_one(theirs.course, "numbers", student)
    assert save(ours, student)
    assert rows(ours, student) == rows(theirs, student)
    left, expected = files(ours, "autograded"), files(theirs, "autograded")
    assert sorted(left) == sorted(expected)
    assert left == expected
    assert results(ours, student) == results(theirs, student)
    # And again, over what is there.
    assert save(ours, student)
    assert rows(ours, student) == rows(theirs, student)
    assert files(ours, "autograded") == expected


def test_pages_are_valid_for_jupyter_and_for_nbgrader(two):
    _, ours = two
    ours.submit("ada", squares="1 / 0")
    assert save(ours, "ada")
    page = nbformat.read(ours.root / "autograded/ada/numbers/1_sums.ipynb", as_version=4)
    nbformat.validate(page)
    CheckCellMetadata().preprocess(page, {})


def test_feedback_is_the_same(two):
    for course in two:
        course.submit("ada", add=WRONG)
    theirs, ours = two
    autograde_one(theirs.course, "numbers", "ada")
    save(ours, "ada")
    for course in two:
        generate_feedback(course.course, "numbers", "ada")
    ours, theirs = files(ours, "feedback"), files(theirs, "feedback")
    # Made from the course's own secret, since nothing came through the exchange.
    assert ours.pop("ada/numbers/submission_secret.txt") != theirs.pop("ada/numbers/submission_secret.txt")
    assert ours == theirs


def test_the_gradebook_sees_one_transaction(two):
    _, ours = two
    ours.submit("ada")
    with opened(ours.course) as gradebook:
        commits = []
        sqlalchemy.event.listen(gradebook.engine, "commit", commits.append)
        assert Conversion(ours.assignment, Options()).save(gradebook, "ada")
    assert len(commits) == 1


def test_a_late_submission_is_left_to_nbgrader(two):
    _, ours = two
    with Gradebook(ours.course.db_url) as gradebook:
        gradebook.update_or_create_assignment("numbers", duedate="2026-10-01 12:00:00.0 UTC")
    stamped(ours, "ada")
    assert not save(ours, "ada")
    with Gradebook(ours.course.db_url) as gradebook:
        assert [student.id for student in gradebook.students] == []


def test_points_that_the_gradebook_does_not_have_yet_change_nothing(two):
    _, ours = two
    ours.submit("ada")
    assert save(ours, "ada")
    before = rows(ours, "ada")
    path = ours.root / "source" / "numbers" / "1_sums.ipynb"
    path.write_text(path.read_text().replace('"points": 3', '"points": 5'))
    with pytest.raises(NetgraderError, match="worth 5 points in the source and 3 in the gradebook"):
        save(ours, "ada")
    assert rows(ours, "ada") == before


def test_a_disk_that_is_full_after_the_marks_leaves_them_to_be_saved_again(two, monkeypatch):
    _, ours = two
    ours.submit("ada")

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Conversion, "_write", full)
        with pytest.raises(OSError, match="No space left"):
            save(ours, "ada")
    digest = results(ours, "ada")[0].digest
    assert not is_up_to_date(ours.assignment, "ada", {"1_sums": digest})
    assert save(ours, "ada")
    assert is_up_to_date(ours.assignment, "ada", {"1_sums": digest})


def test_what_breaks_at_one_student_is_told_and_the_others_are_saved(two, monkeypatch):
    _, ours = two
    write = Conversion._write

    def breaks_at_ada(self, target, *rest):
        if target.parent.name == "ada":
            raise OSError(5, "Input/output error")
        write(self, target, *rest)

    monkeypatch.setattr(Conversion, "_write", breaks_at_ada)
    for student in ("ada", "bela"):
        ours.submit(student)
    tasks = [Task(student, *jobs_of(ours.assignment, student)) for student in ("ada", "bela")]
    saver = Saver(ours.assignment, tasks, Options(), force=True)
    for task in tasks:
        graded = grade_job(task.job)
        saver.end(Done(task, graded.result, digest=graded.digest))
    saver.finish()
    assert saver.failed.keys() == {"ada"}
    assert "Input/output error" in saver.failed["ada"]
    assert (ours.root / "autograded" / "bela" / "numbers" / "1_sums.ipynb").is_file()


@pytest.mark.parametrize(
    ("line", "ours"),
    [
        ("c.CourseDirectory.course_id = 'other'", True),
        ("c.LimitOutput.max_lines = 10", True),
        ("c.AssignLatePenalties.plugin_class = 'late.HalfOff'", True),
        ("c.Autograde.post_convert_hook = print", False),
        ("c.Autograde.autograde_preprocessors = c.Autograde.autograde_preprocessors[1:]", False),
        ("c.BaseConverter.permissions = 664", False),
        ("c.CourseDirectory.groupshared = True", False),
    ],
)
def test_what_a_course_adds_to_the_steps_is_left_to_nbgrader(tiny, line, ours):
    config = tiny.root / "nbgrader_config.py"
    config.write_text(f"{config.read_text()}\n{line}\n")
    assert is_ours_alone(tiny.course.config) is ours


def test_files_beside_the_notebooks_that_are_too_large_together_stay_where_they_are(booked):
    folder = booked.submit("ada").parent
    (folder / "notes.txt").write_text("mine")
    with (folder / "gaps.bin").open("wb") as file:
        file.truncate(10**12)  # takes nothing where it lies, and a terabyte where it is copied to
    conversion = Conversion(booked.assignment, Options())
    with opened(booked.course) as gradebook:
        assert conversion.save(gradebook, "ada")
    saved = booked.root / "autograded" / "ada" / "numbers"
    assert sorted(path.name for path in saved.glob("*.*")) == ["1_sums.ipynb", "notes.txt"]
    assert conversion.warnings == [
        f"ada: 1 of the files beside the notebooks are left in {folder}, since together they are too large."
    ]
