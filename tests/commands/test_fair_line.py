"""Where points for an accuracy begin is proposed from what chance does to the reference solution."""

import statistics

import pytest

from netgrader.checks.problems import problem
from netgrader.errors import NetgraderError
from netgrader.grading.target_line import propose
from netgrader.which_course import find_course

REACHED = [0.9859, 0.9851, 0.9867, 0.9858, 0.9846, 0.9863, 0.9857, 0.9850, 0.9871, 0.9855, 0.9862, 0.9853]


def test_the_line_for_a_target_is_such_that_luck_takes_points_from_one_in_a_hundred_at_most():
    line = propose(REACHED, 0.985)
    deviation = statistics.stdev(REACHED)
    assert line.none < line.again_from < line.full < line.target == 0.985
    assert line.loses(0.985, deviation) <= 0.01 < line.loses(0.984, deviation)
    assert line.loses(line.undeserved(deviation), deviation) == pytest.approx(0.95, abs=0.005)


def test_where_there_is_no_target_one_is_proposed_that_the_reference_solution_reaches():
    line = propose(REACHED)
    assert 0.983 < line.target < statistics.mean(REACHED)
    assert line.loses(statistics.mean(REACHED), statistics.stdev(REACHED)) < 0.001


def test_the_lines_that_are_proposed_make_sense_to_whoever_reads_the_table():
    for target in (None, 0.985):
        line = propose(REACHED, target)
        table = {name: getattr(line, name) for name in ("target", "full", "none", "again_from", "runs")}
        assert problem({"my_accuracy": table}) is None


def test_the_more_chance_does_the_more_runs_there_are():
    wide = [0.985 + 6 * (one - 0.985) for one in REACHED]
    assert propose(wide, 0.985).full < propose(REACHED, 0.985).full
    assert propose(REACHED, 0.985).runs == 3


ERRORS = [-100 * (1 - one) for one in REACHED]


@pytest.mark.parametrize("target", [None, -1.45])
def test_the_line_for_an_error_is_that_of_an_accuracy_turned_round(target):
    line, deviation = propose(ERRORS, target), statistics.stdev(ERRORS)
    assert line.none <= line.again_from < line.full < line.target < 0
    assert line.loses(line.target, deviation) <= 0.01
    table = {name: -getattr(line, name) for name in ("target", "full", "none", "again_from")} | {"runs": line.runs}
    data = {"file": "p.npz", "sha256": "0" * 64, "shape": [3], "scaling": "none"}
    data |= {part: {"inputs": "x", "targets": "y", "rows": 9} for part in ("train", "test")}
    assert problem({"data": data, "my_error": table}) is None
    with pytest.raises(NetgraderError, match=r"reaches 1\.423 on average, the target is 1: .* a higher --target"):
        propose(ERRORS, -1.0)


@pytest.mark.parametrize(
    ("reached", "target", "told"),
    [
        ([0.985] * 5, 0.985, "Take the seeds out"),
        (REACHED, 0.99, "The reference solution reaches 98.58 % on average, the target is 99.00 %"),
    ],
)
def test_what_cannot_be_told_from_the_runs_is_said(reached, target, told):
    with pytest.raises(NetgraderError, match=told):
        propose(reached, target)


@pytest.mark.all
@pytest.mark.slow
def test_the_command_runs_the_notebook_with_several_seeds_and_goes_on_where_it_was(tmp_path, netgrader):
    source = find_course().root / "source" / "digits" / "3_deep_network.ipynb"
    notebook = tmp_path / source.name
    text = source.read_text(encoding="utf-8")
    notebook.write_text(text.replace("n_epochs, mini_batch_size = 10, 128", "n_epochs, mini_batch_size = 1, 256"))
    first = netgrader("fair-line", notebook, "--seeds", "3", "--target", "0.95", seconds=600)
    assert first.returncode == 0, first.stderr
    assert len({line for line in first.stdout.splitlines() if line.startswith("run ")}) == 3
    assert "[deep_accuracy]\ntarget = 0.95\nfull = 0.9" in first.stdout
    again = netgrader("fair-line", notebook, "--seeds", "3", "--target", "0.95")
    assert again.stdout == first.stdout
