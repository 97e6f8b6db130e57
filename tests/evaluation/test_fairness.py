"""Each figure of what helps in notebook 3 is one that was measured, and `evaluation/fairness.md` says where."""

import ast
import json
import re
import statistics
from pathlib import Path

import pytest

from evaluation import fairness, fairness_report

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "evaluation" / "fairness.md").read_text(encoding="utf-8")
CELLS = json.loads((ROOT / "source" / "digits" / "3_deep_network.ipynb").read_text(encoding="utf-8"))["cells"]
TEXT = "\n".join("".join(cell["source"]) for cell in CELLS)
FIGURES = {network: figures for _, network, figures in fairness_report.FIGURES}


def test_the_notebooks_picture_of_what_helps_states_the_figures_that_the_page_traces():
    told = [tuple(map(float, figures.split(" ± "))) for figures in FIGURES.values() if "±" in figures]
    drawn = next(
        ast.literal_eval(line.value)
        for line in ast.parse((ROOT / "source" / "digits" / "pictures.py").read_text(encoding="utf-8")).body
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "WHAT_HELPS"
    )
    assert len(told) == 9
    assert [*drawn.values()] == told


def test_the_initialisation_of_the_notebook_states_the_others():
    (said,) = (line for line in TEXT.splitlines() if line.startswith("Begun at the right size"))
    assert re.findall(r"([\d.]+) %", said) == [figures for figures in FIGURES.values() if "±" not in figures]


def test_the_figures_that_are_called_the_studys_are_what_its_rows_say():
    networks, _ = fairness_report.read("fairness.csv")
    assert len(networks) == 6
    for network, reached in networks.items():
        mean, deviation = map(float, FIGURES[network].split(" ± "))
        assert statistics.mean(reached) == pytest.approx(mean, abs=0.006)
        assert statistics.stdev(reached) == pytest.approx(deviation, abs=0.006)


def test_the_others_can_be_measured_and_the_page_says_whose_they_are():
    networks, _ = fairness_report.read("fairness.csv")
    assert set(FIGURES) == {*fairness.RECIPES, *fairness.OF_THE_NOTEBOOK}
    assert set(networks) == set(fairness.RECIPES)
    assert fairness_report.sources(networks, fairness_report.read("notebook.csv")[0]) in PAGE
    measured = fairness_report.sources({}, {"512x3": [98.0, 98.2]})
    assert "| 512, 512, 512 | 98.13 ± 0.30 | the design | 2 | 98.10 | 0.14 |" in measured
    assert re.search(r"^notebook-figures:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_trainings_of_one_network_differ_as_little_as_the_pages_for_students_say():
    networks, _ = fairness_report.read("fairness.csv")
    assert max(map(statistics.stdev, networks.values())) < 0.1
