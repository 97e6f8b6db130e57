"""Assignments without our checks next to one with them: nbgrader's steps, marks and pages."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from nbgrader.api import Gradebook

from netgrader.errors import NetgraderError
from netgrader.nbgrader_plugin.converters import autograde_one, generate_assignment
from tests.commands.test_new import shape
from tests.conftest import CONFIG as OURS
from tests.conftest import build
from tests.nbgrader.plain_course import CONFIG, PLAIN, add_plain, hand_in

ROOT = Path(__file__).resolve().parents[2]
NETGRADER = Path(sys.executable).with_name("netgrader")
SETTINGS = CONFIG.partition("\n")[2]


def graded(root, nbgrader):
    """Release, hand in and grade the plain assignments with nbgrader's own commands."""
    nbgrader(root, *(f"generate_assignment {name} --force" for name in PLAIN))
    hand_in(root)
    nbgrader(root, *(f"autograde {name}" for name in PLAIN), *(f"generate_feedback {name}" for name in PLAIN))


def everything(root):
    """All that the gradebook says of what was handed in."""
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        return {
            (name, submission.student_id, notebook.name, grade.name): (
                grade.auto_score,
                grade.manual_score,
                grade.max_score,
                grade.needs_manual_grade,
                {one.name: one.auto_comment for one in notebook.comments},
            )
            for name in PLAIN
            for submission in gradebook.assignment_submissions(name)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


@pytest.fixture(scope="module")
def nbgraders_own(tmp_path_factory, nbgrader):
    """What nbgrader says of them in a course that is none of ours."""
    root = tmp_path_factory.mktemp("nbgraders") / "course"
    root.mkdir()
    (root / "nbgrader_config.py").write_text(CONFIG)
    add_plain(root)
    graded(root, nbgrader)
    return everything(root)


@pytest.fixture(scope="module")
def ours(tmp_path_factory, nbgrader):
    """A course of ours that has these assignments beside one with checks, graded by nbgrader's commands."""
    course = build(tmp_path_factory.mktemp("ours") / "course")
    course.write("nbgrader_config.py", OURS + SETTINGS)
    add_plain(course.root)
    graded(course.root, nbgrader)
    return course


@pytest.mark.slow
def test_marks_of_nbgraders_own_assignments_are_nbgraders(nbgraders_own, ours):
    assert len(nbgraders_own) == 3 * 13
    assert everything(ours.root) == nbgraders_own
    scores = {key: value[0] for key, value in nbgraders_own.items()}
    assert scores["ps1", "ada", "problem1", "partial"] == 4.0
    assert scores["ps1", "bob", "problem1", "correct_squares"] == 0.0  # the hidden test
    assert scores["ps2", "ada", "files", "total_is_right"] == 2.0  # with the course's data
    assert scores["ps2", "bob", "files", "helper"] == 0.0


@pytest.mark.slow
def test_our_commands_say_who_grades_them_and_what_to_type(ours, run):
    said = {
        command: " ".join((done := run(ours.root, NETGRADER, *command.split())).stdout.split() + done.stderr.split())
        for command in ("autograde ps1", "feedback ps1", "report ps1", "release --assignment ps1", "doctor")
    }
    assert "Type nbgrader autograde ps1" in said["autograde ps1"]
    assert "Type nbgrader generate_feedback ps1" in said["feedback ps1"]
    assert "Type nbgrader export" in said["report ps1"]
    assert "Type nbgrader generate_assignment ps1" in said["release --assignment ps1"]
    assert "assignment numbers: checks of ours; its notebooks run in the cage (bubblewrap)" in said["doctor"]
    assert "graded by nbgrader autograde ps1; its notebooks run WITHOUT a cage" in said["doctor"]


@pytest.mark.slow
def test_what_the_guide_types_brings_netgrader_into_a_course_and_leaves_the_others_their_marks(
    nbgraders_own, tmp_path, run, nbgrader
):
    guide = (ROOT / "docs" / "guides" / "a-course-that-you-have.md").read_text(encoding="utf-8")
    new, doctor, *grading = re.findall(r"(?m)^\$ (n\w+ .*)$", guide)
    root = tmp_path / "course"
    root.mkdir()
    (root / "nbgrader_config.py").write_text(CONFIG)
    add_plain(root)
    graded(root, nbgrader)
    before = {path: path.read_bytes() for path in sorted((root / "source").rglob("*")) if path.is_file()}
    rng = np.random.default_rng(7)
    labels = rng.integers(0, 3, 2500)
    np.savez(root / "flowers.npz", x=np.stack([shape(kind, rng) for kind in labels]), y=labels)
    lacking = run(root, NETGRADER, *shlex.split(new)[1:])
    assert "Add this at the end of" in lacking.stderr
    line = lacking.stderr.strip().splitlines()[-1].strip()
    (root / "nbgrader_config.py").write_text(f"{CONFIG}\n{line}\n")
    assert run(root, NETGRADER, *shlex.split(new)[1:]).returncode == 0
    assert (root / "nbgrader_config.py").read_text().startswith(CONFIG.rstrip())
    assert {path: path.read_bytes() for path in before} == before
    said = run(root, *shlex.split(doctor)).stdout
    assert "assignment flowers: checks of ours" in said
    assert "graded by nbgrader autograde ps1" in said
    for command in grading:
        process = run(root, *shlex.split(command))
        assert process.returncode == 0, process.stderr[-3000:]
    assert everything(root) == nbgraders_own
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        assert gradebook.find_submission("flowers", "right").score == 12
        assert gradebook.find_submission("flowers", "wrong").score < 12


@pytest.mark.slow
def test_what_a_course_is_not_set_up_for_is_missing_to_doctor(ours, run):
    config = ours.root / "nbgrader_config.py"
    before = config.read_text()
    try:
        config.write_text(CONFIG)
        unset = run(ours.root, NETGRADER, "doctor")
    finally:
        config.write_text(before)
    assert unset.returncode == 1
    assert "MISSING configuration: Nothing is graded" in unset.stdout
    assert "MISSING assignment numbers" in unset.stdout
    assert "configure(c, Path(__file__).parent)" in unset.stdout
    assert "warning assignment ps1" in unset.stdout


@pytest.mark.filterwarnings("ignore")  # nbgrader's own, in this process
def test_without_its_source_nobody_says_whose_an_assignment_is(booked):
    add_plain(booked.root)
    generate_assignment(booked.course, "ps3", release_directory=str(booked.root / "release"))
    (released,) = (booked.root / "release").rglob("loops.ipynb")
    (booked.root / "submitted" / "ada" / "ps3").mkdir(parents=True)
    shutil.copy(released, booked.root / "submitted" / "ada" / "ps3")
    autograde_one(booked.course, "ps3", "ada")
    with Gradebook(booked.course.db_url) as gradebook:
        assert gradebook.find_submission("ps3", "ada").score == 0
    shutil.rmtree(booked.root / "source" / "ps3")
    unknown = r"There is no assignment .ps3. in|it is not known whether ps3 is graded by netgrader"
    with pytest.raises(NetgraderError, match=unknown):
        autograde_one(booked.course, "ps3", "ada")


def test_an_assignment_is_ours_by_its_folder_of_checks(booked):
    add_plain(booked.root)
    kinds = {name: booked.course.assignment(name).is_ours for name in booked.course.assignments}
    assert kinds == {"numbers": True, "ps1": False, "ps2": False, "ps3": False}
    booked.write("source/ps2/checks/exercises.toml", "")
    assert booked.course.assignment("ps2").is_ours
    assert [one.name for one in booked.course.own_assignments] == ["numbers", "ps2"]
