"""The lab book of notebook 3: runs are kept in a file, drawn side by side, and skipped in grading."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from netgrader.data import DATA_HASH

FILE = Path(__file__).parents[2] / "source" / "digits" / "lab_book.py"


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location("lab_book_of_digits", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def drawn(book, monkeypatch):
    found = []
    monkeypatch.setattr(book, "show_figure", lambda figure, **_: found.append(figure))
    return found


def tried(book, what="one layer", seed=1, validation=(0.9, 0.95), **further):
    book.record(
        what,
        seed,
        3.2,
        **{"training": [0.99] * len(validation), "validation": validation, "loss": [0.1] * len(validation), **further},
    )


def test_a_run_is_in_the_file_with_plain_numbers(book, capsys):
    tried(book, validation=[np.float32(0.9), np.float32(0.95)], loss=[np.float32(0.5), math.nan])
    (run,) = book.read()
    assert (run["what"], run["seed"], run["seconds"], run["validation"]) == ("one layer", 1, 3.2, [0.9, 0.95])
    assert run["loss"][0] == 0.5
    assert math.isnan(run["loss"][1])
    assert capsys.readouterr().out == "\rone layer, seed 1: 95.00 % of the validation images in 3 seconds.\n"


def test_the_same_description_and_seed_replace_the_earlier_run_which_is_said(book, capsys):
    for what, seed, test in (("one", 1, 0.5), ("one", 2, 0.6), ("two", 1, 0.7), ("one", 1, 0.8)):
        tried(book, what, seed, [test])
    assert [(run["what"], run["seed"], run["validation"]) for run in book.read()] == [
        ("one", 2, [0.6]),
        ("two", 1, [0.7]),
        ("one", 1, [0.8]),
    ]
    assert ["replaces" in line for line in capsys.readouterr().out.split("\n")[:-1]] == [False, False, False, True]


def test_runs_are_shown_side_by_side_with_mean_and_deviation(book, drawn, capsys):
    for seed, test in ((1, 0.96), (3, 0.98)):
        tried(book, "wide | & $x_{1$ deep", seed, [0.5, test])
    tried(book, "once", validation=[0.51])
    capsys.readouterr()
    book.show()
    (figure,) = drawn
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["wide | & $x_{1$ deep", "once"]
    figure.canvas.draw()  # what is no formula is drawn as it is
    legends = [[text.get_text() for text in panel.get_legend().get_texts()] for panel in figure.axes[1:]]
    assert legends == [["validation", "training"], ["wide | & $x_{1$ deep", "once"]]
    assert {line.get_markersize() for line in figure.axes[2].lines} == {2, 9}  # a single epoch is a point to be seen
    lines = capsys.readouterr().out.splitlines()
    assert {len(line) for line in lines} == {len(lines[0])}
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[2] == ["wide / & $x_{1$ deep", "2", "2", "3", "99.00", "97.00", "1.41"]
    assert cells[3] == ["once", "1", "1", "3", "99.00", "51.00", ""]


def test_an_empty_book_says_so_and_where_the_notebook_is_graded_nothing_is_said(book, drawn, capsys, monkeypatch):
    book.show()
    assert capsys.readouterr().out == "Your lab book is empty.\n"
    monkeypatch.setenv(DATA_HASH, "0")
    book.show()
    assert (capsys.readouterr().out, drawn) == ("", [])
