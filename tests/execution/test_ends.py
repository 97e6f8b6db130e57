"""A run that ends early keeps its recorded evidence, and reports why and where it ended."""

from __future__ import annotations

from netgrader.evidence import read_evidence
from netgrader.grading.execution import CellStatus, ExecutionCell, ExecutionLimits

from .conftest import check

BEFORE = ("number = 1", check("check_number"))
AFTER = ("print('after')", check("check_call"))
QUICK = ExecutionLimits(cell_seconds=1.0, notebook_seconds=60)


def assert_ended(run, cell, status, says, limits=None, **request):
    """`cell` ends the run: what stands before it counts, what comes after is not reached."""
    execution, folder = run(*BEFORE, cell, *AFTER, limits=limits, **request)
    assert [each.status for each in execution.cells][2:] == [status, CellStatus.NOT_REACHED, CellStatus.NOT_REACHED]
    assert says in str(execution.problem), execution.problem
    assert execution.problems == {"check_call": execution.problem}
    assert read_evidence(folder / "evidence" / "check_number").facts == {"number": 1}
    assert [path.name for path in (folder / "evidence").iterdir()] == ["check_number"]
    return execution


def test_an_endless_cell_is_interrupted_and_what_it_had_made_counts(run):
    cell = ExecutionCell("print('begun', flush=True)\nnumber = 2\nwhile True: pass", name="train")
    execution, folder = run(*BEFORE, cell, check("check_again"), *AFTER, limits=QUICK)
    assert [each.status.name for each in execution.cells] == ["OK", "OK", "TIMEOUT", "OK", "OK", "OK"]
    assert str(execution.problem).startswith("Running the cell train took longer than 1 s and was stopped.")
    assert "what it had made by then is graded" in str(execution.problem).lower()
    assert execution.cells[2].error_name == "KeyboardInterrupt"
    assert execution.cells[2].outputs[0]["text"] == "begun\n"
    assert execution.outside["cells"][2]["error"] == {
        "kind": "KeyboardInterrupt",
        "message": "",
        "seconds": 1.0,
        "names": ["print", "begun", "flush", "True", "number", "while", "pass"],
    }
    assert [read_evidence(folder / "evidence" / name).facts for name in ("check_number", "check_again")] == [
        {"number": 1},
        {"number": 2},
    ]


def test_an_endless_cell_that_ignores_interrupts_is_killed(run):
    cell = "while True:\n    try:\n        while True: pass\n    except KeyboardInterrupt: pass"
    assert_ended(run, cell, CellStatus.TIMEOUT, "code cell 3 (it begins with “while True:”)", QUICK)


def test_the_time_of_the_whole_notebook_is_limited_and_what_was_made_by_then_counts(run):
    limits = ExecutionLimits(cell_seconds=600, notebook_seconds=1.5)
    cell = ExecutionCell("import time\nnumber = 2\ntime.sleep(30)", name="train")
    execution, folder = run(*BEFORE, cell, check("check_again"), *AFTER, limits=limits)
    assert [each.status.name for each in execution.cells][2:] == ["TIMEOUT", "OK", "NOT_REACHED", "NOT_REACHED"]
    assert str(execution.problem).startswith("The notebook ran longer than 1.5 s in all and was stopped in the cell")
    assert execution.problems == {"check_call": execution.problem}
    assert read_evidence(folder / "evidence" / "check_again").facts == {"number": 2}


def test_a_cell_that_sends_without_end_is_stopped(run):
    limits = ExecutionLimits(received_bytes=2_000_000)
    cell = (
        "from IPython.display import publish_display_data\nwhile True: publish_display_data({'text/plain': 'x' * 1000})"
    )
    execution = assert_ended(run, cell, CellStatus.LIMIT, "more than 2 MB of output", limits)
    shown = [output.get("text") or output["data"]["text/plain"] for output in execution.cells[2].outputs]
    assert sum(map(len, shown)) < 250_000  # of the megabytes that were sent


def test_a_message_that_is_too_large_costs_the_message_only(run):
    execution, folder = run("print('x' * 30_000_000)", "number = 1", check("check_number"))
    assert execution.problem is None
    assert read_evidence(folder / "evidence" / "check_number").facts == {"number": 1}


def test_a_function_that_never_returns_costs_its_own_evidence_only(run):
    limits = ExecutionLimits(capture_seconds=2.0)
    execution, folder = run(
        "def function():\n    while True: pass\nnumber = 1", check("check_call"), check("check_number"), limits=limits
    )
    assert read_evidence(folder / "evidence" / "check_number").facts == {"number": 1}
    assert execution.problem is None
    assert execution.cells[1].capture_seconds > 1.9


def test_a_function_that_kills_the_kernel_when_probed_ends_the_run(run):
    execution, folder = run("def function():\n    import os; os._exit(1)", check("check_call"), check("check_number"))
    assert "The kernel died in the check check_call" in str(execution.problem)
    assert execution.problems == {"check_call": execution.problem, "check_number": execution.problem}
    assert list((folder / "evidence").iterdir()) == []
