"""Promises of the pages for students hold in grading: limits, the line at 98.5 %, messages of `check`."""

import re
import tomllib
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement

from netgrader.checks.exercises import exercises_of
from netgrader.wheels import tried

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


def words(text):
    """How many words of a notebook's text there are, pictures and marks aside."""
    return len(re.findall(r"\S*\w\S*", re.sub(r"!\[[^\]]*\]\([^)]*\)|<[^>]*>", "", text)))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_page_has_how_much_there_is_to_read_and_to_write(number):
    (path,) = (ROOT / "source" / "digits").glob(f"{number}_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    texts = [cell.source for cell in cells if cell.cell_type == "markdown" and not cell.metadata.get("nbgrader")]
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    shown = sum(words(re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)) for text in texts)
    solutions = re.findall(r"### BEGIN SOLUTION\n(.*?)### END", "\n".join(code), re.DOTALL)
    lines = sum(bool(line.strip()) for solution in solutions for line in solution.splitlines())
    folded = sum(map(words, texts)) - shown
    assert f"| {number} | {shown:,} | {folded:,} | {len(code)} | {lines} |" in TEXT


def test_to_a_first_network_of_ones_own_there_are_1900_words_at_most_and_3300_in_all():
    cells = nbformat.read(ROOT / "source" / "digits" / "1_one_layer.ipynb", as_version=4).cells
    ids = [cell.id for cell in cells]
    shown = [
        words(re.sub(r"<details>.*?</details>", "", cell.source, flags=re.DOTALL)) * (cell.cell_type == "markdown")
        for cell in cells
    ]
    assert sum(shown[: ids.index("first-network")]) <= 1_900
    assert sum(shown) <= 3_300
