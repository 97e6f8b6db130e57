"""nbgrader's own autograde with our steps plugged in, in this process, for the tiny course."""

import json
import shutil
import sqlite3
import sys
import threading

import nbformat
import pytest
from nbgrader.api import Gradebook

from netgrader.errors import NetgraderError
from netgrader.grading.graded_notebook import load_last_result
from netgrader.nbgrader_plugin.converters import GradebookError, autograde_one, generate_assignment, nbgraders_ways
from netgrader.nbgrader_plugin.gradebook import is_up_to_date, opened, require_writable, sync_cells

pytestmark = [
    pytest.mark.usefixtures("uncaged"),
    # nbgrader's own: it adds objects to sessions twice and leaves connections to the garbage collector.
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]


@pytest.fixture
def graded(booked):
    """Autograde a student's submission; gives grades by cell."""

    def run(student):
        autograde_one(booked.course, "numbers", student)
        return grades(booked, student)

    return run


def grades(tiny, student, notebook="1_sums"):
    with Gradebook(tiny.course.db_url) as gradebook:
        found = gradebook.find_submission_notebook(notebook, "numbers", student)
        return {
            grade.name: (grade.auto_score, grade.manual_score, bool(grade.needs_manual_grade)) for grade in found.grades
        }


def by_hand(tiny, student, cell, points):
    with Gradebook(tiny.course.db_url) as gradebook:
        grade = gradebook.find_grade(cell, "1_sums", "numbers", student)
        grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()


def autograded(tiny, student, notebook="1_sums"):
    return nbformat.read(tiny.root / "autograded" / student / "numbers" / f"{notebook}.ipynb", as_version=4)


def cell_of(notebook, name):
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name)


def test_verdicts_become_grades_and_written_answers_wait_for_a_person(booked, graded):
    booked.submit("ada", add="def add(a, b):\n    return a - b")
    assert graded("ada") == {
        "check_add": (0.0, None, False),
        "check_squares": (3.0, None, False),
        "why": (None, None, True),
    }


def test_a_check_cell_shows_its_verdict_in_place_of_outputs(booked, graded):
    booked.submit("ada", add="def add(a, b):\n    return a - b")
    graded("ada")
    (output,) = cell_of(autograded(booked, "ada"), "check_add").outputs
    assert output.data["text/plain"].startswith("check_add: 0 of 2 points\n")
    assert "✗ failed: All sums are right (hidden) — A sum of larger numbers is wrong." in output.data["text/plain"]
    assert "<p>✗ failed" in output.data["text/html"]
    assert "def test_" not in json.dumps(output)


def test_a_file_that_is_no_notebook_gets_zero_a_sentence_and_a_persons_look(booked, graded):
    booked.submit("hana", content=b"{ not json")
    assert graded("hana") == {
        "check_add": (0.0, None, True),
        "check_squares": (0.0, None, True),
        "why": (0.0, None, False),
    }
    first = autograded(booked, "hana").cells[0]
    assert first.source.startswith("**Not graded.** The file is not a notebook")


def test_a_mark_given_by_hand_survives_grading_again(booked, graded):
    booked.submit("ada", add="def add(a, b):\n    return a - b")
    graded("ada")
    by_hand(booked, "ada", "why", 1.5)
    by_hand(booked, "ada", "check_add", 1.0)
    assert graded("ada") == {
        "check_add": (0.0, 1.0, False),
        "check_squares": (3.0, None, False),
        "why": (None, 1.5, False),
    }


def test_a_mark_given_by_hand_is_flagged_when_what_it_judged_has_changed(booked, graded):
    booked.submit("ada", add="def add(a, b):\n    return a - b")
    graded("ada")
    by_hand(booked, "ada", "why", 1.5)
    by_hand(booked, "ada", "check_add", 1.0)
    booked.submit("ada", why="Something else.")
    again = graded("ada")
    assert again["why"] == (None, 1.5, True)
    assert again["check_add"] == (2.0, 1.0, True)


def test_an_unanswered_question_is_zero_and_nobody_has_to_read_it(booked, graded):
    booked.submit("ada", why="YOUR ANSWER HERE")
    assert graded("ada")["why"] == (0.0, None, False)


def test_a_notebook_in_another_ones_place_is_said_to_be_so(booked, graded):
    sync_cells(booked.assignment, {"2_words"})
    booked.submit("ada", "1_sums", content=booked.filled("2_words"))
    assert graded("ada")["check_add"] == (0.0, None, True)
    assert "holds the notebook 2\\_words" in autograded(booked, "ada").cells[0].source
    assert grades(booked, "ada", "2_words")["check_greet"] == (4.0, None, False)


def test_a_student_whose_name_looks_like_a_pattern_is_graded_alone(booked, graded):
    booked.submit("a[b]")
    booked.submit("ab", squares="squares = [0] * 10")
    assert graded("a[b]")["check_squares"] == (3.0, None, False)
    with Gradebook(booked.course.db_url) as gradebook:
        assert [student.id for student in gradebook.students] == ["a[b]"]


def test_trouble_of_ours_leaves_the_marks_that_were_there(booked, graded, monkeypatch):
    booked.submit("ada")
    before = graded("ada")

    def broken(*_):
        raise NetgraderError("The cage is gone.")

    monkeypatch.setattr("netgrader.grading.stages.run_request", broken)
    booked.submit("ada", add="def add(a, b):\n    return b + a")
    with pytest.raises(NetgraderError, match=r"The cage is gone\."):
        graded("ada")
    assert grades(booked, "ada") == before


def test_alembic_is_found_where_its_environment_takes_packages_from(tiny, tmp_path, monkeypatch):
    package = tmp_path / "other" / "lib" / "python3" / "site-packages"
    (package / "alembic-1.0.dist-info").mkdir(parents=True)
    (package / "alembic-1.0.dist-info" / "METADATA").write_text("Name: alembic\nVersion: 1.0\n")
    script = tmp_path / "other" / "bin" / "alembic"
    script.parent.mkdir()
    script.touch(0o755)
    monkeypatch.syspath_prepend(package)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    with nbgraders_ways(tiny.course):
        assert shutil.which("alembic") == str(script)


def test_a_cell_added_after_submissions_is_nbgraders_refusal_in_a_sentence(booked, graded):
    booked.submit("ada")
    graded("ada")
    path = booked.root / "source" / "numbers" / "1_sums.ipynb"
    path.write_text(path.read_text().replace('"setup"', '"new_setup"'))
    with pytest.raises(NetgraderError, match="Cannot add or remove cells"):
        sync_cells(booked.assignment, ())


def test_a_program_that_writes_for_longer_than_sqlite_waits_is_waited_for(booked, graded):
    booked.submit("ada")
    other = sqlite3.connect(booked.root / "gradebook.db", check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    done = threading.Timer(6.0, other.rollback)
    done.start()
    try:
        assert graded("ada")["check_add"][0] == 2.0
    finally:
        done.join()
        other.close()


def test_a_locked_gradebook_is_a_sentence(booked, graded, monkeypatch):
    monkeypatch.setattr("netgrader.nbgrader_plugin.converters.PATIENCE_SECONDS", 0.5)
    booked.submit("ada")
    graded("ada")
    other = sqlite3.connect(booked.root / "gradebook.db")
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(GradebookError, match="database is locked"):
            require_writable(booked.course.db_url)
        with pytest.raises(GradebookError, match="another program has it locked"):
            graded("ada")
    finally:
        other.close()
    assert graded("ada")["check_add"] == (2.0, None, False)


def test_the_gradebook_knows_when_nothing_has_changed(booked, graded):
    def knows(digests):
        with opened(booked.course) as gradebook:
            return is_up_to_date(booked.assignment, "ada", digests, gradebook)

    booked.submit("ada")
    assert not knows({"1_sums": "x"})
    graded("ada")
    digest = load_last_result(booked.assignment, "ada", "1_sums").digest
    assert knows({"1_sums": digest})
    assert not knows({"1_sums": digest, "2_words": digest})
    (booked.root / "submitted" / "ada" / "numbers" / "timestamp.txt").write_text("2026-11-01 12:00:00.0 UTC")
    assert not knows({"1_sums": digest})
    graded("ada")
    assert knows({"1_sums": digest})


def test_late_penalties_are_nbgraders_own(booked, graded):
    booked.write("late.py", """
        from nbgrader.plugins import LateSubmissionPlugin


        class HalfOff(LateSubmissionPlugin):
            def late_submission_penalty(self, student_id, score, total_seconds_late):
                return score / 2
        """)  # fmt: skip
    config = booked.root / "nbgrader_config.py"
    config.write_text(config.read_text() + 'c.AssignLatePenalties.plugin_class = "late.HalfOff"\n')
    booked.submit("ada")
    (booked.root / "submitted" / "ada" / "numbers" / "timestamp.txt").write_text("2026-11-02 12:00:00.0 UTC")
    with Gradebook(booked.course.db_url) as gradebook:
        gradebook.update_or_create_assignment("numbers", duedate="2026-11-01 12:00:00.0 UTC")
    graded("ada")
    with Gradebook(booked.course.db_url) as gradebook:
        assert gradebook.find_submission_notebook("1_sums", "numbers", "ada").late_submission_penalty == 2.5


def test_an_assignment_is_generated_with_the_gradebook_or_without(tiny, tmp_path):
    generate_assignment(tiny.course, "numbers", release_directory=str(tmp_path / "out"), save=False)
    assert not (tiny.root / "gradebook.db").exists()
    generate_assignment(tiny.course, "numbers", release_directory=str(tmp_path / "out"))
    with Gradebook(tiny.course.db_url) as gradebook:
        assert [one.name for one in gradebook.find_assignment("numbers").notebooks] == ["1_sums", "2_words"]
