"""`LabBook` keeps a student's own runs beside the notebook, and nothing of grading depends on it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from netgrader.data import DATA_HASH
from netgrader.student import LabBook
from netgrader.student.cell_runs import CellRuns
from netgrader.student.lab_book import FILE, LARGEST, MOST

RUN = {"what": "wide", "seed": 1, "seconds": 3.5, "test": [0.9], "training": [None], "loss": [0.1]}
CURVES = {"training": [0.9, 1], "loss": [0.5, 0.1]}


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / FILE


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr("IPython.display.display", lambda content, **_: found.append(content))
    return found


def tried(what="one hidden layer", seeds=(1,), test=0.95, **further):
    """Have runs of two epochs each, and leave before they are drawn."""
    for run, _ in zip(LabBook().runs(what, (*seeds, 0)), seeds, strict=False):
        run.epoch(test=test - 0.1, **further)
        run.epoch(test=test + run.seed / 100, **further)


# ---- kept ----------------------------------------------------------------------------------------------------------------


def test_a_run_is_there_again_when_the_kernel_has_started_anew():
    tried("one  hidden\nlayer", seeds=(1, 2), training=np.float32(0.99), loss=np.float32(0.25))
    tried({"hidden": (256, 256), "dropout": 0.5})
    first, second, third = LabBook().kept()
    assert (first.what, first.seed, first.test) == ("one hidden layer", 1, [0.85, 0.96])
    assert (second.seed, second.training, second.loss) == (2, [0.99, 0.99], [0.25, 0.25])
    assert (third.what, third.training) == ("hidden: (256, 256), dropout: 0.5", [None, None])
    assert first.seconds >= 0


def test_the_same_description_and_seed_take_the_place_of_a_former_run_which_is_said_once_and_can_be_struck_out(
    capsys, shown
):
    tried(test=0.5, seeds=(1, 2))
    for run in LabBook().runs("one hidden layer", seeds=(1, 2)):
        run.epoch(test=0.6 + run.seed / 100)
    said = capsys.readouterr().out
    assert said.count("That takes the place of what was noted before") == 1
    assert "of “one hidden layer” with seed 1 (51.00 % of the test images)" in said
    next(runs := LabBook().runs("one hidden layer", seeds=(1, 2))).epoch(test=0.7)
    next(runs)  # where it is interrupted
    assert "with seed 1 (61.00 %" in capsys.readouterr().out
    for run in LabBook().runs("one hidden layer", seeds=(2,)):
        run.epoch(test=0.62)
    assert "takes the place" not in capsys.readouterr().out  # of the same again nothing is lost
    LabBook().forget("one hidden layer")
    tried(test=0.6)
    tried("another")
    assert [(run.what, run.test[-1]) for run in LabBook().kept()] == [("one hidden layer", 0.61), ("another", 0.96)]
    LabBook().forget("one hidden layer")
    assert [run.what for run in LabBook().kept()] == ["another"]


def test_what_did_not_end_is_not_kept_and_what_is_not_described_is_not_run(capsys):
    next(LabBook().runs("interrupted")).epoch(test=0.5)
    assert len([*LabBook().runs("no epoch", seeds=[3])]) == 1
    assert "`run.epoch(…)` was never called" in capsys.readouterr().out
    assert [*LabBook().runs(...), *LabBook().runs(" ")] == []
    assert capsys.readouterr().out.count("Say what you try in your own words") == 2
    assert LabBook().kept() == []


def test_a_loss_that_is_no_number_is_kept_as_none_and_percents_are_refused():
    tried(loss=math.nan)
    tried(loss=math.inf)
    assert LabBook().kept()[0].loss == [None, None]
    for accuracy in (95.0, math.nan):
        with pytest.raises(ValueError, match="a share between 0 and 1"):
            tried("in percent", test=accuracy)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"\x00\xff",
        b"[" * 5000,
        json.dumps([{**RUN, "test": [95]}]).encode(),
        json.dumps([{**RUN, "test": []}]).encode(),
        json.dumps([{**RUN, "what": "wide" * 1000}]).encode(),
        json.dumps([{**RUN, "seconds": "long"}]).encode(),
        json.dumps([RUN]).encode() + b" " * LARGEST,
    ],
)
def test_a_damaged_or_huge_book_is_said_counts_as_empty_and_is_put_aside(file, content, capsys):
    file.parent.mkdir()
    file.write_bytes(content)
    assert not LabBook().has(1)
    assert "cannot be read and counts as empty" in capsys.readouterr().out
    tried()
    assert file.with_name(f"{file.name}.old").read_bytes() == content
    capsys.readouterr()
    assert [run.what for run in LabBook().kept()] == ["one hidden layer"]
    assert capsys.readouterr().out == ""


def test_a_run_whose_accuracies_were_edited_away_is_none(file):
    file.parent.mkdir()
    file.write_text(json.dumps([RUN, {"what": "edited", "seed": 1}]))
    LabBook().show()
    assert [run.what for run in LabBook().kept()] == ["wide"]


def test_the_oldest_go_where_there_are_too_many_and_what_cannot_be_written_is_said(file, capsys):
    file.parent.mkdir()
    file.write_text(json.dumps([{**RUN, "seed": number} for number in range(MOST)]))
    tried()
    assert [run.seed for run in LabBook().kept()] == [*range(1, MOST), 1]
    file.write_text(json.dumps([{**RUN, "seed": number, "test": [0.123456] * 10_000} for number in range(9)]))
    for run, _ in zip(LabBook().runs("a long one", seeds=[8, 9]), [8], strict=False):
        run.test += [0.123456] * 40_000
    assert [run.seed for run in LabBook().kept()] == [*range(2, 9), 8]
    assert file.stat().st_size <= LARGEST
    file.unlink()
    file.parent.rmdir()
    file.parent.write_text("in the way")
    tried()
    assert "could not be written down" in capsys.readouterr().out


# ---- shown ---------------------------------------------------------------------------------------------------------------


def test_three_networks_open_what_waits_for_them_and_more_seeds_of_one_do_not(capsys):
    for number, what in enumerate(("one", "two", "three")):
        capsys.readouterr()
        assert not LabBook().has(3)
        assert f"3 different networks; so far it has {number}." in capsys.readouterr().out
        tried(what, seeds=(1, 2, 3))
    capsys.readouterr()
    assert LabBook().has(3)
    assert capsys.readouterr().out == ""


def test_runs_stand_side_by_side_with_mean_and_deviation(shown):
    tried("wide | & deep", seeds=(1, 3), training=0.99)
    for run in LabBook().runs("once"):
        run.epoch(test=0.51)
    text, page = shown[-1]["text/plain"], shown[-1]["text/html"]
    assert "| wide / & deep | 2 | 2 | 0 | 99.00 | 97.00 | 1.41 |" in text
    assert "| once | 3 | 1 | 0 |  | 51.00 | 0.00 |" in text
    assert "<td>wide | &amp; deep</td>" in page
    assert '<img alt="Your runs side by side' in page


def test_words_of_a_book_stay_words_whatever_they_are(shown):
    for what in ("<script>alert(1)</script>", "$x_{1$", "\\frac", "猫"):
        tried(what, seeds=(1, 2))
    LabBook().show()
    assert "<script>" not in shown[-1]["text/html"]


def test_an_empty_book_says_so(shown, capsys):
    LabBook().show()
    assert (capsys.readouterr().out, shown) == ("Your lab book is empty so far.\n", [])


# ---- graded --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [None, b"damaged", json.dumps([RUN]).encode()])
def test_where_the_notebook_is_graded_nothing_runs_is_read_written_or_said(file, content, shown, capsys, monkeypatch):
    monkeypatch.setenv(DATA_HASH, "0")
    if content is not None:
        file.parent.mkdir()
        file.write_bytes(content)
    book = LabBook()
    assert [*book.runs("anything"), *book.runs(...)] == []
    book.show()
    book.forget("wide")
    assert not book.has(1)
    assert (capsys.readouterr().out, shown) == ("", [])
    assert (file.read_bytes() if content else file.parent.exists()) == (content or False)


def test_what_runs_take_is_left_out_of_what_grading_will_take():
    runs = CellRuns()
    runs.begin(None)
    runs.leave_out(1000.0, 2000.0)
    runs.end(type("Result", (), {"info": None, "error_before_exec": None, "error_in_exec": None}))
    assert [seconds < 0 for seconds in runs.seconds.values()] == [True]
