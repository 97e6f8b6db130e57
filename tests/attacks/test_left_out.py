"""The cage left out by settings: whatever makes nbgrader's steps other ones, nothing of a student's runs outside of it."""

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

from tests.conftest import CONFIG, TinyCourse

if TYPE_CHECKING:
    from collections.abc import Iterable

NBGRADERS = """
c.Autograde.sanitize_preprocessors = [f"nbgrader.preprocessors.{name}" for name in (
    "ClearOutput", "DeduplicateIds", "OverwriteKernelspec", "OverwriteCells", "CheckCellMetadata")]
c.Autograde.autograde_preprocessors = [f"nbgrader.preprocessors.{name}" for name in (
    "Execute", "IgnorePattern", "LimitOutput", "SaveAutoGrades", "AssignLatePenalties", "CheckCellMetadata")]
"""
OURS = (
    '["netgrader.nbgrader_plugin.preprocessors.CagedExecute", "netgrader.nbgrader_plugin.preprocessors.SaveVerdicts"]'
)
UNCONFIGURED = "c = get_config()\nc.CourseDirectory.course_id = 'tiny'\n"
LINE = "Write at the end of nbgrader_config.py there: from pathlib import Path; from netgrader"


@dataclass(frozen=True)
class Setting:
    """How a course is set up.

    Attributes
    ----------
    config
        Its ``nbgrader_config.py``.
    json
        Its ``nbgrader_config.json``, if it has one.
    home
        What stands in the instructor's own ``~/.jupyter/nbgrader_config.py``.
    options
        What is typed behind ``nbgrader autograde numbers``.
    refused
        What both commands say; or only nbgrader's, if `options` are what is wrong.
    """

    config: str
    json: dict[str, object] | None = None
    home: str = ""
    options: tuple[str, ...] = ()
    refused: str = LINE


SETTINGS = {
    "configure is not called": Setting(UNCONFIGURED),
    "steps are nbgrader's again below it": Setting(CONFIG + NBGRADERS),
    "nbgrader's executor comes before ours": Setting(
        CONFIG + "c.Autograde.autograde_preprocessors.insert(0, 'nbgrader.preprocessors.Execute')\n"
    ),
    "nbgrader's executor comes after ours": Setting(
        CONFIG + "c.Autograde.autograde_preprocessors.append('nbgrader.preprocessors.Execute')\n"
    ),
    "nbconvert's executor is among the steps that make ready": Setting(
        CONFIG
        + "c.Autograde.sanitize_preprocessors.append('nbconvert.preprocessors.ExecutePreprocessor')\n"
        + "c.ExecutePreprocessor.enabled = True\n"
    ),
    "marks are read off what is printed": Setting(
        CONFIG + "c.Autograde.autograde_preprocessors.append('nbgrader.preprocessors.SaveAutoGrades')\n"
    ),
    "our executor is switched off": Setting(CONFIG + "c.CagedExecute.enabled = False\n"),
    "verdicts are saved before there are any": Setting(
        CONFIG + f"c.Autograde.autograde_preprocessors = list(reversed({OURS}))\n"
    ),
    "a mistake at the end has nbgrader go on without the file": Setting(
        CONFIG + "c.Autograde.nothing = nowhere\n", refused="nowhere"
    ),
    "the file is no Python": Setting(CONFIG + "c.Autograde = (\n", refused="nbgrader_config.py"),
    "a file in JSON has the last word": Setting(
        CONFIG,
        json={"Autograde": {"autograde_preprocessors": ["nbgrader.preprocessors.Execute"]}},
    ),
    "the instructor's own settings are nbgrader's": Setting(UNCONFIGURED, home="c = get_config()\n" + NBGRADERS),
    "another course's folder is named": Setting(
        CONFIG.replace("Path(__file__).parent", "Path(__file__).parent.parent / 'another'"),
        refused="names another folder",
    ),
    "an old name of the section": Setting(
        CONFIG + NBGRADERS.replace("c.Autograde.", "c.AutogradeApp."), options=("--debug",)
    ),
    "options of the command line": Setting(
        CONFIG, options=("--Autograde.autograde_preprocessors=nbgrader.preprocessors.Execute",)
    ),
}
BY_OPTIONS = ("an old name of the section", "options of the command line")
# Those that would run what was handed in, not only the release's cells that stand in its place before our executor.
SEEN = (
    "configure is not called",
    "steps are nbgrader's again below it",
    "nbgrader's executor comes after ours",
    "a mistake at the end has nbgrader go on without the file",
)
# What does not harm: our steps are there, and the cage is round them.
HARMLESS = {
    "configure is called twice": Setting(CONFIG + "configure(c, Path(__file__).parent)\n"),
    "nbgrader's steps stand above it": Setting(
        CONFIG.replace("configure(c,", NBGRADERS.strip().replace("\n", "\n") + "\nconfigure(c,")
    ),
    "the instructor's own settings are nbgrader's, and the course's are ours": Setting(
        CONFIG, home="c = get_config()\n" + NBGRADERS
    ),
    "a file in JSON sets something else": Setting(CONFIG, json={"CourseDirectory": {"course_id": "tiny"}}),
}
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
        setting = (SETTINGS | HARMLESS)[name]
        folder, home = root / f"course{number}", root / f"home{number}"
        shutil.copytree(template, folder)
        found[name] = one = Left(TinyCourse(folder), root / f"ran{number}", home)
        one.course.submit("eve", squares=outside(one.ran))
        (folder / "nbgrader_config.py").write_text(setting.config)
        if setting.json is not None:
            (folder / "nbgrader_config.json").write_text(json.dumps(setting.json))
        home.mkdir()
        (home / "nbgrader_config.py").write_text(setting.home)
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
        options = (SETTINGS | HARMLESS)[name].options if program == "nbgrader" else ()
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
    if name in BY_OPTIONS:  # our command has none of nbgrader's options
        assert LINE in one.said["nbgrader"]
        assert "2 / 5" in one.said["netgrader"]
        assert one.points["netgrader"] == 2.0
    else:
        assert SETTINGS[name].refused in one.said["netgrader"]
        assert not one.points["netgrader"]


@pytest.mark.slow
@pytest.mark.parametrize("name", HARMLESS)
def test_settings_that_leave_our_steps_in_their_place_grade_in_the_cage(left: dict[str, Left], name: str) -> None:
    one = left[name]
    assert not one.ran.exists()
    assert one.points == {"nbgrader": 2.0, "netgrader": 2.0}, one.said
    assert "2 / 5" in one.said["netgrader"]


@pytest.mark.slow
def test_where_nobody_looks_at_the_steps_what_was_handed_in_runs_outside(tmp_path: Path, with_gradebook: Path) -> None:
    found = set_up(tmp_path / "unlooked", with_gradebook, SEEN)
    grade("nbgrader", found)
    assert [name for name, one in found.items() if one.ran.exists()] == list(SEEN)
