"""Settings that would bypass the sandbox: even if nbgrader's steps are replaced, no student code runs outside it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from nbgrader.api import Gradebook

from tests.attacks.table import piece, rows, seen
from tests.conftest import CONFIG, TinyCourse

if TYPE_CHECKING:
    from collections.abc import Iterable

LINE = "Write at the end of nbgrader_config.py there: from pathlib import Path; from netgrader"
ROWS = {row["name"]: row for row in rows("settings")}
SETTINGS = [name for name, row in ROWS.items() if "protection" in row]
HARMLESS = [name for name in ROWS if name not in SETTINGS]
# Each is a fork of one process that has imported nbgrader, since each start of it costs seconds.
DRIVER = """
import json, os, sys, traceback
import netgrader.cli, netgrader.commands.autograde, netgrader.nbgrader_plugin.hooks, nbgrader.converters
from nbgrader.apps import NbGraderApp
for folder, home, said, arguments in json.loads(sys.argv[1]):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        continue
    for end in (1, 2):
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND), end)
    os.chdir(folder)
    os.environ["JUPYTER_CONFIG_DIR"] = home
    sys.argv = arguments
    if "unlooked" in folder:
        exporter = netgrader.nbgrader_plugin.hooks.SubmissionExporter
        exporter.from_filename = exporter.__mro__[1].from_filename
    try:
        NbGraderApp.launch_instance() if arguments[0] == "nbgrader" else netgrader.cli.main()
    except BaseException:
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)
"""
MINUTES = 10 * 60


@dataclass
class Left:
    """A course that was graded by nbgrader's command and by ours."""

    course: TinyCourse
    ran: Path
    home: Path
    said: dict[str, str] = field(default_factory=dict)
    points: dict[str, float | None] = field(default_factory=dict)


def outside(ran: Path) -> str:
    """A cell of a student's that leaves a file where no cage lets it, and prints what nbgrader would read as a mark."""
    return f"try:\n    open({str(ran)!r}, 'w')\nexcept OSError:\n    pass\nsquares = [0] * 10\n5"


def points_of(course: TinyCourse) -> float | None:
    with Gradebook(
        course.course.root.joinpath("gradebook.db").as_uri().replace("file:///", "sqlite:////")
    ) as gradebook:
        found = [one.score for one in gradebook.assignment_submissions("numbers")]
    return found[0] if found else None


def set_up(root: Path, template: Path, names: Iterable[str]) -> dict[str, Left]:
    """Courses in `root`, made of `template`, in which eve has handed in."""
    found = {}
    for number, name in enumerate(names):
        row = {
            key: piece("settings", text) if text in ("NBGRADERS", "UNCONFIGURED") else text
            for key, text in ROWS[name].items()
            if key != "json"
        }
        folder, home = root / f"course{number}", root / f"home{number}"
        shutil.copytree(template, folder)
        found[name] = one = Left(TinyCourse(folder), root / f"ran{number}", home)
        one.course.submit("eve", squares=outside(one.ran))
        ours = CONFIG.replace("configure(c,", f"{row.get('above', '')}\nconfigure(c,")
        (folder / "nbgrader_config.py").write_text(row.get("config", f"{ours}\n{row.get('below', '')}\n"))
        if "json" in ROWS[name]:
            (folder / "nbgrader_config.json").write_text(json.dumps(ROWS[name]["json"]))
        home.mkdir()
        (home / "nbgrader_config.py").write_text(f"c = get_config()\n{row['home']}\n" if "home" in row else "")
    return found


def grade(program: str, found: dict[str, Left]) -> None:
    """Grade each course with a program, as it is typed there."""
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("NETGRADER_", "PYTEST_", "JUPYTER"))
    }
    env |= {"PATH": os.pathsep.join([str(Path(sys.executable).parent), env["PATH"]]), "COLUMNS": "400"}
    env["NOTEBOOK_CAGE_COLD"] = (
        "1"  # the tiny course needs no TensorFlow, which a zygote would import for each command anew
    )
    orders = []
    for name, one in found.items():
        options = ROWS[name].get("options", ()) if program == "nbgrader" else ()
        typed = [program, "autograde", "numbers", *options]
        orders.append([str(one.course.root), str(one.home), str(one.home / program), typed])
    driver = [sys.executable, "-W", "ignore", "-c", DRIVER, json.dumps(orders)]
    subprocess.run(driver, env=env, timeout=2 * MINUTES, check=True)
    for one in found.values():
        one.said[program] = " ".join((one.home / program).read_text().split())
        one.points[program] = points_of(one.course)


@pytest.fixture(scope="module")
def left(tmp_path_factory, with_gradebook, asked) -> dict[str, Left]:
    """Each course, graded twice; `ran` is there if the student's cell ran without a cage."""
    found = set_up(tmp_path_factory.mktemp("left"), with_gradebook, asked("name"))
    grade("nbgrader", found)
    grade("netgrader", found)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_nothing_runs_outside_of_the_cage_and_the_line_to_add_is_said(left: dict[str, Left], name: str) -> None:
    one = left[name]
    assert not one.ran.exists(), one.said
    assert not one.points["nbgrader"], one.said["nbgrader"][-3000:]
    if "options" in ROWS[name]:  # our command has none of nbgrader's options
        assert LINE in one.said["nbgrader"]
        assert "2 / 5" in one.said["netgrader"]
        assert one.points["netgrader"] == 2.0
    else:
        assert ROWS[name].get("refused", LINE) in one.said["netgrader"]
        assert not one.points["netgrader"]


@pytest.mark.slow
@pytest.mark.parametrize("name", HARMLESS)
def test_settings_that_leave_our_steps_in_their_place_grade_in_the_cage(left: dict[str, Left], name: str) -> None:
    one = left[name]
    assert not one.ran.exists()
    assert one.points == {"nbgrader": 2.0, "netgrader": 2.0}, one.said
    assert "2 / 5" in one.said["netgrader"]


@pytest.mark.slow
def test_the_submission_runs_outside_the_cage_if_steps_are_not_checked(tmp_path: Path, with_gradebook: Path) -> None:
    found = set_up(tmp_path / "unlooked", with_gradebook, seen("steps"))
    grade("nbgrader", found)
    assert [name for name, one in found.items() if one.ran.exists()] == seen("steps")
