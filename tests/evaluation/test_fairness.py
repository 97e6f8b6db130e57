"""Each figure in notebook 3's picture of what helps was measured, and `evaluation/fairness.md` has it."""

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
FIGURES = fairness_report.figures()


def test_the_notebooks_picture_of_what_helps_draws_the_means_and_deviations_that_were_measured():
    drawn = next(
        ast.literal_eval(line.value)
        for line in ast.parse((ROOT / "source" / "digits" / "pictures.py").read_text(encoding="utf-8")).body
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "WHAT_HELPS"
    )
    named = {", ".join(filter(None, key)): value for key, value in drawn.items()}
    names = {fairness_report.NOTEBOOK[name]: name for name in fairness_report.NOTEBOOK}
    assert len(named) == 9
    for said, (mean, deviation) in named.items():
        assert FIGURES[names[said]][:2] == pytest.approx((mean, deviation), abs=0.006)


def test_the_initialisation_of_the_notebook_states_the_others():
    (said,) = (line for line in TEXT.splitlines() if line.startswith("With initial weights of the right size"))
    measured = [FIGURES[name][0] for name in fairness_report.NOTEBOOK if name.endswith("one-epoch")]
    assert list(map(float, re.findall(r"([\d.]+) %", said))) == pytest.approx(measured, abs=0.6)


def test_the_page_has_the_figures_that_its_rows_give():
    assert set(FIGURES) == set(fairness.OF_THE_NOTEBOOK) == set(fairness_report.NOTEBOOK)
    assert fairness_report.page() == PAGE


def test_trainings_of_one_network_differ_as_little_as_the_pages_for_students_say():
    networks, _ = fairness_report.read("fairness.csv")
    assert max(map(statistics.stdev, networks.values())) < 0.1
