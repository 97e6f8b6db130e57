"""Formgrader's lists of a class: what nbgrader answers, from fewer questions, whatever a student's files hold."""

from __future__ import annotations

import os
import shutil

import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import event
from sqlalchemy.engine import Engine
from traitlets.config import Config

from netgrader.formgrader.handlers import ClassLists
from tests.nbgrader.classes import ASSIGNMENT, NOTEBOOKS, WAYS, make_class

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")
STUDENTS = 3 * WAYS


def interface(kind, root, **options):
    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.course_id = "course"
    config.Exchange.root = str(root / "exchange")
    for name, value in options.items():
        config.CourseDirectory[name] = value
    return kind(CourseDirectory(config=config), config=config)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    make_class(folder, f"sqlite:///{folder}/gradebook.db", STUDENTS)
    return folder


@pytest.fixture
def root(made, tmp_path):
    shutil.copytree(made, tmp_path / "course")
    (tmp_path / "course" / "exchange").mkdir()
    (tmp_path / "course" / "exchange").chmod(0o777)
    return tmp_path / "course"


@pytest.fixture
def both(root):
    return interface(ClassLists, root), interface(NbGraderAPI, root)


def test_a_class_has_the_submissions_that_nbgrader_lists(both):
    ours, nbgraders = (api.get_submissions(ASSIGNMENT) for api in both)
    assert len(ours) == STUDENTS
    assert ours == nbgraders
    assert [one["autograded"] for one in ours[:WAYS]] == [True, True, True, False, False, True, True, False]


@pytest.mark.parametrize("number", range(WAYS))
def test_a_single_submission_is_the_one_that_nbgrader_shows(both, number):
    ours, nbgraders = (api.get_submission(ASSIGNMENT, f"s{number:05}") for api in both)
    assert ours == nbgraders
    assert ours["student"] == f"s{number:05}"


def test_a_notebook_has_the_submissions_that_nbgrader_lists(both):
    ours, nbgraders = (api.get_notebook_submissions(ASSIGNMENT, NOTEBOOKS[1]) for api in both)
    assert len(ours) == STUDENTS * 6 // WAYS
    assert ours == nbgraders


def test_the_way_from_one_submission_to_the_next_is_nbgraders(both):
    ours, nbgraders = (api.get_notebook_submission_indices(ASSIGNMENT, NOTEBOOKS[0]) for api in both)
    assert ours == nbgraders


def test_where_the_exchange_takes_whole_submissions_only_places_are_nbgraders_too(root):
    ours, nbgraders = interface(ClassLists, root), interface(NbGraderAPI, root)
    for api in (ours, nbgraders):
        api.config.ExchangeSubmit.strict = True
        assert api.exchange_is_functional
    found = ours.get_notebook_submission_indices(ASSIGNMENT, NOTEBOOKS[0])
    assert found == nbgraders.get_notebook_submission_indices(ASSIGNMENT, NOTEBOOKS[0])
    assert len(found) == STUDENTS * 7 // WAYS  # those whose folder is gone are among them


def test_an_assignment_that_nobody_knows_has_no_submissions(both):
    for api in both:
        assert api.get_submissions("nothing") == []
        assert api.get_notebook_submissions(ASSIGNMENT, "nothing") == []


def test_folders_may_be_laid_out_otherwise(root):
    (root / "work").mkdir()
    for step in ("submitted", "autograded"):
        for folder in (root / step).iterdir():
            folder.rename(root / "work" / f"{folder.name} {step}")
    form = "work/{student_id} {nbgrader_step}/{assignment_id}"
    ours, nbgraders = (
        interface(kind, root, directory_structure=form).get_submissions(ASSIGNMENT)
        for kind in (ClassLists, NbGraderAPI)
    )
    assert ours == nbgraders
    assert sum(one["autograded"] for one in ours) == STUDENTS * 5 // WAYS


@pytest.mark.parametrize("text", [b"yesterday", b"\xff\xfe", b"9" * 100_000])
@pytest.mark.parametrize("number", [2, 5], ids=["graded without a time", "graded with one"])
def test_a_time_that_nobody_can_read_is_not_the_end_of_the_list(root, number, text):
    (root / "submitted" / f"s0000{number}" / ASSIGNMENT / "timestamp.txt").write_bytes(text)
    listed = interface(ClassLists, root).get_submissions(ASSIGNMENT)
    assert len(listed) == STUDENTS
    here = listed[number]
    assert here | {"autograded": False, "timestamp": None, "first_name": f"First <b>s0000{number}</b>"} == here


@pytest.mark.parametrize("name", ["week (1", "week [1]"])
def test_the_name_of_an_assignment_or_of_a_folder_is_no_pattern(root, name):
    for folder in (root / "submitted").iterdir():
        (folder / ASSIGNMENT).rename(folder / name)
    listed = interface(ClassLists, root.rename(root.with_name("course [2026]"))).get_submissions(name)
    assert [one["student"] for one in listed] == [f"s{number:05}" for number in range(STUDENTS)]


def test_a_larger_class_asks_the_gradebook_no_more_often(root, tmp_path):
    larger = tmp_path / "larger"
    larger.mkdir()
    make_class(larger, f"sqlite:///{larger}/gradebook.db", 2 * STUDENTS)
    few, many = (statements(interface(ClassLists, one)) for one in (root, larger))
    assert 0 < len(many) <= len(few)


def statements(api):
    """What the lists of a class ask the database."""
    asked = []

    def note(_connection, _cursor, statement, *_):
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        api.get_submissions(ASSIGNMENT)
        api.get_notebook_submissions(ASSIGNMENT, NOTEBOOKS[0])
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return asked


def test_a_folder_that_may_not_be_read_is_a_time_that_nobody_can_read(root, monkeypatch):
    really = os.lstat

    def refused(path, **options):
        if str(path).endswith("timestamp.txt"):
            raise PermissionError(path)
        return really(path, **options)

    monkeypatch.setattr(os, "lstat", refused)
    listed = interface(ClassLists, root).get_submissions(ASSIGNMENT)
    assert {(one["autograded"], one["timestamp"]) for one in listed} == {(False, None)}
