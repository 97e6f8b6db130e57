"""Submitted configurations and modules: no command that is typed in their folder runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from netgrader import belonging
from netgrader.errors import UsageError
from netgrader.which_course import find_course

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import TinyCourse

STRANGER = 54_321  # an id that nobody has here
RUNS = "from pathlib import Path\nPath({ran!r}).touch()\nc = get_config()\n"
COMMANDS = (
    ("status",),
    ("doctor",),
    ("report", "numbers"),
    ("feedback", "numbers"),
    ("autograde", "numbers"),
    ("autograde", "mine"),
    ("release", "--check"),
    ("store",),
    ("store", "--why", "{other}"),
    ("grade", "{other}"),
    ("grade", "."),
)
MINUTES = 8 * 60


def bring_course(folder: Path) -> Path:
    """Put into a folder what makes it look like a course; the file that its configuration makes when it is run."""
    ran = folder.parent / f"{folder.name}-was-run"
    (folder / "grader_tests").mkdir(parents=True, exist_ok=True)
    (folder / "nbgrader_config.py").write_text(RUNS.format(ran=str(ran)))
    return ran


def in_step(step: str) -> Callable[[TinyCourse], Path]:
    return lambda tiny: tiny.root / step


def in_plain_course(tiny: TinyCourse) -> Path:
    """Below a course of nbgrader's alone, which calls its folders otherwise."""
    root = tiny.root.parent / "plain"
    (root / "source").mkdir(parents=True)
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.submitted_directory = 'inbox'\n")
    return root / "inbox" / "eve" / "ps1"


def in_course_of_jupyters(tiny: TinyCourse) -> Path:
    """Below a course whose configuration lies in Jupyter's folders."""
    root = tiny.root.parent / "configured-elsewhere"
    root.mkdir()
    (root / "gradebook.db").touch()
    return root / "inbox" / "eve"


def in_course_of_a_submission(tiny: TinyCourse) -> Path:
    """Below another one that was handed in with it."""
    outer = tiny.root / "inbox" / "eve"
    bring_course(outer)
    return outer / "deeper"


PLACES: dict[str, Callable[[TinyCourse], Path]] = {
    "in a submission": in_step("submitted/eve/numbers"),
    "in the folder of submissions": in_step("submitted"),
    "in an autograded submission": in_step("autograded/eve/numbers"),
    "in a downloaded submission": in_step("downloaded/numbers/extracted/eve"),
    "in a submissions folder with another name": in_step("inbox/eve/numbers"),
    "below a plain nbgrader course": in_plain_course,
    "below a course configured elsewhere": in_course_of_jupyters,
    "below a submitted course": in_course_of_a_submission,
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_what_was_handed_in_is_no_course(tiny: TinyCourse, monkeypatch: pytest.MonkeyPatch, place) -> None:
    folder = place(tiny)
    ran = bring_course(folder)
    monkeypatch.chdir(folder)
    for submission in (None, tiny.root.parent / "other.ipynb", folder / "mine.ipynb"):
        try:
            found = find_course(submission)
        except UsageError as error:
            assert "may have come with a submission" in str(error)  # noqa: PT017  (no course lies around it)
        else:
            assert found.root not in (folder, *folder.parents) or found.root == tiny.root
            assert found.config is not None
    assert not ran.exists()
    assert not list(tiny.root.rglob("*-was-run"))


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_submitted_configuration_runs_if_its_place_is_not_checked(
    tiny: TinyCourse, monkeypatch: pytest.MonkeyPatch, place
) -> None:
    monkeypatch.setattr("netgrader.which_course.lies_among_submissions", lambda _: False)
    folder = place(tiny)
    ran = bring_course(folder)
    monkeypatch.chdir(folder)
    assert find_course().config is not None
    assert ran.exists()


def of_another(*parts: str) -> Callable[[Path], None]:
    """Make a file of the course, or a folder, another owner's."""
    return lambda root: os.chown(root.joinpath(*parts), STRANGER, STRANGER)


def with_anothers_json(root: Path) -> None:
    (root / "nbgrader_config.json").write_text("{}")
    os.chown(root / "nbgrader_config.json", STRANGER, STRANGER)


def linked(root: Path, real: Path) -> Path:
    """Have the configuration be a link to `real`."""
    real.parent.mkdir(parents=True, exist_ok=True)
    (root / "nbgrader_config.py").rename(real)
    (root / "nbgrader_config.py").symlink_to(real)
    return root / "nbgrader_config.py"


OWNERS: dict[str, Callable[[Path], object]] = {
    "another owner's configuration": of_another("nbgrader_config.py"),
    "another owner's folder": of_another(),
    "another owner's JSON configuration": with_anothers_json,
    "another owner's test folder": of_another("grader_tests"),
    "another owner's test": of_another("grader_tests", "test_sums.py"),
    "another owner's link": lambda root: os.chown(
        linked(root, root / "real.py"), STRANGER, STRANGER, follow_symlinks=False
    ),
    "a link to another owner's file": lambda root: os.chown(linked(root, root.parent / "real.py"), STRANGER, STRANGER),
    "a link into a submission": lambda root: linked(root, root / "submitted" / "eve" / "numbers" / "x.py"),
}


@pytest.mark.parametrize("make", OWNERS.values(), ids=OWNERS)
def test_what_somebody_else_put_there_is_refused_with_how_to_go_on(
    tiny: TinyCourse, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object]
) -> None:
    make(tiny.root)
    with pytest.raises(UsageError, match="If you trust it, type: export NETGRADER_COURSE=") as refused:
        find_course()
    monkeypatch.setenv("NETGRADER_COURSE", str(refused.value).rpartition("=")[2])
    assert find_course().root == tiny.root


@pytest.mark.parametrize("make", OWNERS.values(), ids=OWNERS)
def test_a_folder_of_another_owner_is_a_course_if_owners_are_ignored(
    tiny: TinyCourse, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object]
) -> None:
    monkeypatch.setattr("netgrader.which_course.require_own", lambda _: None)
    make(tiny.root)
    assert find_course().root == tiny.root


def test_files_of_whoever_types_and_of_root_are_run(tiny: TinyCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    of_another("nbgrader_config.py")(tiny.root)
    monkeypatch.setattr("os.geteuid", lambda: STRANGER)  # the folder is root's and the file their own
    assert find_course().root == tiny.root
    monkeypatch.setattr("os.geteuid", lambda: STRANGER + 1)
    with pytest.raises(UsageError, match=f"belongs to the user {STRANGER}"):
        find_course()


def test_behind_sudo_files_of_whoever_typed_it_are_run(tiny: TinyCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    of_another()(tiny.root)
    monkeypatch.setenv("SUDO_UID", str(STRANGER))
    assert find_course().root == tiny.root
    monkeypatch.setattr("os.geteuid", lambda: STRANGER + 1)  # without root's rights it is a word of anybody's
    with pytest.raises(UsageError, match="belongs to the user"):
        find_course()


def test_a_folder_that_is_none_of_a_course_hides_no_course(tiny: TinyCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tiny.root / "submitted" / "eve" / "numbers"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert find_course().root == tiny.root
    monkeypatch.setenv("NETGRADER_COURSE", str(inner))
    bring_course(inner)
    assert find_course().root == inner  # by name it is trusted


@pytest.fixture
def netgrader(tmp_path: Path):
    """Run a command in a folder as it is typed, where the promises of the cage have not been tried yet."""
    program = Path(sys.executable).with_name("netgrader")

    def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("NETGRADER_", "PYTEST_"))}
        return subprocess.run(
            [program, *arguments],
            cwd=folder,
            env=env
            | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1", "PATH": f".::{env['PATH']}"},
            capture_output=True,
            text=True,
            timeout=MINUTES,
            check=False,
        )

    return run


@pytest.mark.all
@pytest.mark.slow
def test_no_command_runs_what_lies_where_it_is_typed(booked: TinyCourse, netgrader) -> None:
    other = booked.submit("ada")
    folder = booked.submit("eve").parent
    ran = bring_course(folder)
    (folder / "source" / "mine").mkdir(parents=True)
    (folder / "source" / "mine" / "x.ipynb").write_text("{}")
    names = {
        *sys.stdlib_module_names,
        *packages_distributions(),
        "sitecustomize",
        "usercustomize",
        "conftest",
        "submitted",
    }
    for name in names:  # whatever a program of ours imports
        (folder / f"{name}.py").write_text(f"open({str(ran)!r} + '-by-{name}', 'w')\n")
    for name in ("bwrap", "taskset", "prlimit", "setpriv", "nsenter", "alembic", "rm", "git", "python3"):
        (folder / name).write_text(f"#!/bin/sh\ntouch {ran}-by-program-{name}\nexit 1\n")
        (folder / name).chmod(0o755)
    for name in ("pytest.ini", "setup.cfg", "tox.ini", "pyproject.toml", "matplotlibrc", "alembic.ini", ".env"):
        (folder / name).write_text("backend: module://evil\n[pytest]\naddopts = -p evil\n")
    (folder / "feedback").mkdir()
    (folder / "feedback" / "index.html.j2").write_text("{{ undefined.nothing }}")
    said = {}
    for command in COMMANDS:
        process = netgrader(folder, *(part.format(other=other) for part in command))
        said[command] = process.stdout + process.stderr
        made = sorted(path.name for path in folder.parent.glob("*was-run*"))
        assert made == [], (command, made, said[command])
    assert "10 / 10" not in said["autograde", "numbers"]
    assert "5 / 5" in said["autograde", "numbers"]
    assert "no assignment 'mine'" in said["autograde", "mine"]


def test_the_rule_knows_the_folders_that_nbgrader_uses() -> None:
    from nbgrader.apps.zipcollectapp import ZipCollectApp
    from nbgrader.coursedir import CourseDirectory

    course = CourseDirectory()
    handed_in = {course.submitted_directory, course.autograded_directory, course.feedback_directory}
    assert handed_in | {ZipCollectApp.downloaded_directory.default_value} == belonging.OF_STUDENTS
