"""Files next to a notebook, and hostile file names: the whole class is graded, and no text of a student passes for ours."""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING

import pytest
from nbgrader.api import Gradebook
from rich.console import Console

from netgrader.commands.autograde import tasks_of
from netgrader.commands.progress import Journal, Progress, log_path
from netgrader.commands.saving import Saver
from netgrader.commands.show import class_table
from netgrader.grading.pool import grade_task
from netgrader.grading.stages import Options
from netgrader.nbgrader_plugin.handing_in import NO_TIME

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import TinyCourse

pytestmark = [
    pytest.mark.usefixtures("uncaged"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]
CLASS = ("anna", "bob", "zoe")
TERMINAL = "\x1b]0;mine\x07\x1b[31m"
TIMES = {
    "a timestamp named like a database error": b"OperationalError",
    "a timestamp that claims a locked gradebook": b"database-is-locked\nOperationalError: database is locked",
    "a timestamp with terminal escape codes": TERMINAL.encode(),
    "a timestamp that is not text": b"\xff\xfe\x80",
    "a timestamp with an impossible time zone": b"0001-01-01 00:00:00 999999999999999",
    "a timestamp of a thousand digits": b"9" * 1000,
}
NAMES = {
    "a file name that is not text": b"\xff\xfe.ipynb",
    "a file name with terminal escape codes": f"{TERMINAL}red.ipynb".encode(),
    "a file name of several lines": "x\u2028[1] zoe 1_sums: 0 of 5\n[2].ipynb".encode(),
    "a file where the course has a folder": b"checks",
    "a folder where the course has a file": b"checks/exercises.toml/x",
    "a folder named like a notebook": b"2_words.ipynb/x",
}


def with_time(folder: Path, text: bytes) -> None:
    (folder / "timestamp.txt").write_bytes(text)


def with_name(folder: Path, name: bytes) -> None:
    path = os.path.join(os.fsencode(folder), name)  # noqa: PTH118  (bytes)
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(b"{}")


def told_of_class(course: TinyCourse) -> tuple[dict[str, str], str]:
    """Grade and save the class as the command does, in this process; whose marks were not saved, and all that was told."""
    assignment = course.assignment
    tasks, unread = tasks_of(assignment, CLASS)
    out = Console(file=io.StringIO(), width=140)
    saver, journal = Saver(assignment, tasks, Options()), Journal(assignment, tasks, "here")
    rows = []
    with Progress(out, tasks) as progress:
        for task in tasks:
            done = grade_task(task, Options())
            rows.append((task.student, done.result, done.error))
            for watcher in (progress, journal, saver):
                watcher.begin(task)
                watcher.end(done)
        saver.finish()
    journal.close("finished")
    failed = {**unread, **saver.failed}
    class_table(out, [*rows, *((student, None, said) for student, said in failed.items())])
    log = log_path(assignment).read_text(encoding="utf-8")
    graded = [raw for raw in map(json.loads, log.splitlines()) if raw["event"] == "graded"]
    assert len(graded) == len(tasks)
    log_path(assignment).unlink()
    return failed, out.file.getvalue() + log  # type: ignore[attr-defined]


def saved(course: TinyCourse) -> dict[str, float]:
    """Points by student, of those who have them in the gradebook and a page."""
    with Gradebook(course.course.db_url) as gradebook:
        scores = {one.student_id: one.score for one in gradebook.assignment_submissions("numbers")}
    pages = {path.parts[-3] for path in course.root.glob("autograded/*/numbers/1_sums.ipynb")}
    return {student: score for student, score in scores.items() if student in pages}


@pytest.fixture
def handed_in(booked: TinyCourse) -> TinyCourse:
    for student in CLASS:
        booked.submit(student)
    return booked


def folder_of(course: TinyCourse, student: str) -> Path:
    return course.course.folder("submitted", student, "numbers")


@pytest.mark.parametrize("text", TIMES.values(), ids=TIMES)
def test_a_time_that_is_none_costs_nobody_else_anything(handed_in: TinyCourse, text: bytes) -> None:
    with_time(folder_of(handed_in, "bob"), text)
    failed, told = told_of_class(handed_in)
    assert failed == {"bob": NO_TIME}
    assert saved(handed_in) == {"anna": 5.0, "zoe": 5.0}
    assert "\x1b" not in told


@pytest.mark.parametrize("text", TIMES.values(), ids=TIMES)
def test_nor_does_it_once_all_are_saved(handed_in: TinyCourse, text: bytes) -> None:
    assert told_of_class(handed_in)[0] == {}
    with_time(folder_of(handed_in, "bob"), text)
    handed_in.submit("zoe", squares="squares = []")
    assert told_of_class(handed_in)[0] == {"bob": NO_TIME}
    assert saved(handed_in) == {"anna": 5.0, "bob": 5.0, "zoe": 2.0}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_of_files_cost_nobody_anything_and_say_nothing(handed_in: TinyCourse, name: bytes) -> None:
    with_name(folder_of(handed_in, "bob"), name)
    failed, told = told_of_class(handed_in)
    assert failed == {}
    assert saved(handed_in) == {"anna": 5.0, "bob": 5.0, "zoe": 5.0}
    assert not {"\x1b", "\x07", "\u2028"} & set(told)
    assert not any(line.startswith("[1] zoe") for line in told.splitlines())
    told.encode()  # none of it is without a character


def a_chain(path: Path) -> None:
    os.mkfifo(path.with_name("b.ipynb"))
    path.with_name("a.ipynb").symlink_to("b.ipynb")
    path.symlink_to("a.ipynb")


# Each is called as the notebook, which lies beside it under another name. A late submission is left to nbgrader's converter.
NO_NOTEBOOKS: dict[str, Callable[[Path], None]] = {
    "a pipe named like a notebook": os.mkfifo,
    "a link to an endless device, named like a notebook": lambda path: path.symlink_to("/dev/zero"),
    "a link to another student's notebook": lambda path: path.symlink_to("../../zoe/numbers/1_sums.ipynb"),
    "a chain of links to a pipe": a_chain,
}


@pytest.mark.parametrize("make", NO_NOTEBOOKS.values(), ids=NO_NOTEBOOKS)
def test_what_is_only_called_as_a_notebook_is_opened_by_nobody(
    handed_in: TinyCourse, make: Callable[[Path], None]
) -> None:
    with Gradebook(handed_in.course.db_url) as gradebook:
        gradebook.update_or_create_assignment("numbers", duedate="2026-01-01 00:00:00 UTC")
    handed_in.submit("zoe", squares="squares = []")
    folder = folder_of(handed_in, "bob")
    with_time(folder, b"2026-01-02 00:00:00 UTC")
    (folder / "1_sums.ipynb").rename(folder / "mine.ipynb")
    make(folder / "1_sums.ipynb")
    failed, _ = told_of_class(handed_in)
    assert failed == {}
    assert saved(handed_in) == {"anna": 5.0, "bob": 5.0, "zoe": 2.0}


def test_names_are_printed_unchanged_without_the_check(handed_in: TinyCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netgrader.grading.jobs.stem_of", lambda path: path.stem)
    for name in ("a file name that is not text", "a file name with terminal escape codes"):
        with_name(folder_of(handed_in, "bob"), NAMES[name])
    _, told = told_of_class(handed_in)
    assert "\x1b[31m" in told
    with pytest.raises(UnicodeEncodeError):
        told.encode()
