"""What the pages for students promise is what the grader does: limits, the line at 98.5 %, what `check` says."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement

from netgrader.checks.exercises import exercises_of
from netgrader.wheel import tried

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "guides").glob("students*.md"))
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
EXERCISES = tomllib.loads((ROOT / "source" / "digits" / "checks" / "exercises.toml").read_text(encoding="utf-8"))


def test_the_limits_are_those_of_grading():
    limits = exercises_of(EXERCISES).limits
    minutes = limits.cell_seconds / 60, limits.notebook_seconds / 60
    assert "a cell may take {:g} minutes and a notebook {:g} in all".format(*minutes) in TEXT
    assert f"{limits.memory_bytes / 1e9:g} GB of memory" in TEXT
    assert limits.cores == 2
    assert "two cores" in TEXT


def test_the_line_is_the_one_of_the_exercise():
    line = EXERCISES["deep_accuracy"]
    for share in (line["full"], line["target"], line["none"]):
        assert f"{100 * share:g}" in TEXT
    half = (line["full"] + line["none"]) / 2
    assert f"{100 * half:.2f} % is half" in TEXT


def test_what_is_installed_and_started_is_in_the_release():
    assert "-r requirements.txt" in TEXT
    assert {"jupyterlab", "tensorboard"} <= {Requirement(line).name for line in tried()}
