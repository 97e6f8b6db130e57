"""Each notebook runs from top to bottom, regardless of what its cells do."""

from __future__ import annotations

from types import SimpleNamespace

import nbformat
import pytest

from netgrader.evidence import read_evidence
from netgrader.grading.execution import CellStatus, Execution, ExecutionCell
from notebook_cage import HOME

from .conftest import check

CELLS = {
    "value": "number = 41\nnumber + 1",
    "error": "1 / 0",
    "syntax": "def broken(:",
    "stderr": "import sys, warnings\nwarnings.warn('careful')\nprint('to stderr', file=sys.stderr)",
    "check": check("check_number"),
    "number": "number = 43",
    "given": ExecutionCell("number = number + 1\nprint('given')", name="given", evidence="check_number_again"),
    "input": "answer = input('Your name? ')",
    "helper": "import helper, os\nprint(helper.y, sorted(os.listdir('.')), os.getcwd())",
    "rewritten": "%%writefile helper.py\ny = 6",
    "magic": "%time pass\n!echo shell",
    "install": "!pip install left-pad 2>&1",
    "rich": "from IPython.display import HTML, display, update_display\nh = display(HTML('<b>a</b>'), display_id='d')\n"
    "update_display(HTML('<b>b</b>'), display_id='d')",
    "cleared": "from IPython.display import clear_output\nprint('gone')\nclear_output(wait=True)\nprint('stays')",
    "bar": "import sys\nfor n in range(500):\n    sys.stdout.write(f'\\rstep {n}'); sys.stdout.flush()\nprint()",
    "lines": "for n in range(200_000): print(n)",
    "outputs": "for n in range(300): display(n)",
    "names": "sorted(name for name in globals() if not name.startswith('_'))",
    "missing": check("check_call"),
    "unknown": check("check_nothing"),
    "last": "'the end'",
}


@pytest.fixture(scope="module")
def seen(run):
    """The run of all those cells, by name."""
    cells = [cell if isinstance(cell, ExecutionCell) else ExecutionCell(cell) for cell in CELLS.values()]
    execution, folder = run(*cells, helpers={"helper.py": "y = 5\n"})
    by_name = dict(zip(CELLS, execution.cells, strict=True))
    return SimpleNamespace(execution=execution, folder=folder, cells=by_name)


def text(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


def test_an_error_in_one_cell_does_not_stop_the_later_ones(seen):
    assert seen.cells["error"].status is CellStatus.ERROR
    assert (seen.cells["error"].error_name, seen.cells["error"].error_message) == (
        "ZeroDivisionError",
        "division by zero",
    )
    assert seen.cells["syntax"].error_name == "SyntaxError"
    assert seen.cells["last"].outputs[0]["data"] == {"text/plain": "'the end'"}
    assert seen.execution.problem is None


def test_evidence_is_what_stood_there_when_the_cell_was_reached(seen):
    evidence = read_evidence(seen.folder / "evidence" / "check_number")
    assert evidence.facts == {"number": 41}
    assert seen.cells["check"].evidence == "check_number"
    assert seen.cells["check"].outputs == ()


def test_a_given_cell_is_run_before_evidence_is_taken_at_it(seen):
    assert text(seen.cells["given"]) == "given\n"


def test_a_check_without_a_probe_or_without_evidence_says_so(seen):
    assert "LookupError" in str(seen.execution.problems["check_nothing"])
    assert "LookupError" in str(seen.execution.problems["check_number_again"])
    evidence = read_evidence(seen.folder / "evidence" / "check_call")
    assert [error.kind for error in evidence.errors.values()]  # the function is not defined: that is evidence, too
    assert set(seen.execution.problems) == {"check_nothing", "check_number_again"}


def test_helpers_stand_beside_the_notebook_and_may_be_rewritten(seen):
    assert text(seen.cells["helper"]) == f"5 ['checks', 'helper.py'] {HOME}/course\n"
    assert text(seen.cells["rewritten"]) == "Overwriting helper.py\n"


def test_magics_work_and_packages_cannot_be_installed(seen):
    assert text(seen.cells["magic"]).endswith("shell\r\n") or text(seen.cells["magic"]).endswith("shell\n")
    assert "No matching distribution" in text(seen.cells["install"])


def test_what_a_cell_shows_is_what_a_person_would_see(seen):
    assert [output["data"].get("text/html") for output in seen.cells["rich"].outputs] == ["<b>b</b>"]
    assert text(seen.cells["cleared"]) == "stays\n"
    assert text(seen.cells["bar"]) == "step 499\n"


def test_of_endless_lines_the_beginning_and_the_end_are_kept(seen):
    shown = text(seen.cells["lines"])
    assert shown.startswith("0\n1\n2\n")
    assert shown.endswith("199998\n199999\n")
    assert "characters are not kept" in shown
    assert len(shown) < 61_000


def test_the_outputs_make_a_valid_notebook(seen):
    cells = [nbformat.v4.new_code_cell(outputs=list(outputs)) for outputs in seen.execution.outputs]
    nbformat.validate(nbformat.from_dict(nbformat.v4.new_notebook(cells=cells)))


def test_what_it_took_is_told(seen):
    seconds, usage = seen.execution.seconds, seen.execution.usage
    assert seconds["kernel"] > 0.2
    assert seconds["kernel"] + seconds["student"] + seconds["capture"] <= seconds["total"]
    assert usage["cpu_seconds"] > 0.5
    assert usage["peak_memory_bytes"] > 30_000_000
    assert seen.execution.outside["files"] == {"helper.py": 6}
    assert seen.execution.environment["sandbox"] == "bubblewrap"


def test_what_is_written_is_what_was_returned(seen):
    assert Execution.load(seen.folder) == seen.execution
    assert {path.name for path in seen.folder.iterdir()} == {"execution.json", "evidence"}
    assert [path.name for path in seen.folder.parent.iterdir()] == ["run"]


def test_each_check_cell_has_a_challenge_of_its_own_which_no_cell_before_it_can_know(run):
    names = ["check_drawn", "check_drawn_later"]
    (execution, folder), (other, _) = (run(*map(check, names), secret=course) for course in ("one", "another"))
    given = {name: read_evidence(folder / "evidence" / name).facts["challenge"] for name in names}
    assert given == execution.outside["challenges"]
    assert len({*given.values(), *other.outside["challenges"].values()}) == 4


def test_what_a_closed_session_trained_is_known_in_a_notebook_that_never_calls_setup(run):
    imported = "import tensorflow.compat.v1 as tf\ntf.disable_v2_behavior()"
    trained = """
graph = tf.Graph()
with graph.as_default(), tf.Session(graph=graph) as session:
    x = tf.placeholder(tf.float32, [None, 40])
    w = tf.get_variable("w", [40, 40], initializer=tf.zeros_initializer())
    step = tf.train.GradientDescentOptimizer(1.0).minimize(tf.reduce_sum(tf.matmul(x, w)))
    session.run(tf.global_variables_initializer())
    session.run(step, {x: [[1.0] * 40]})
"""
    told = "from netgrader.student.sessions import kept_values\nprint(kept_values(graph)['w'][0, 0])"
    execution, _ = run(imported, trained, told)
    assert execution.cells[2].outputs[0].get("text") == "-1.0\n", execution.cells
