"""A fault of a graph names the notebook line that created it; claimed lines are displayed but never trusted."""

import linecache
import re
from functools import partial
from types import SimpleNamespace

import pytest
import tensorflow.compat.v1 as tf

from graphread import Network
from netgrader.checks.source_lines import MADE_AT, Cell, by_key, made_at, with_lines
from netgrader.evidence import GraphEvidence
from netgrader.faults import fault
from netgrader.student.graphs import export_graph

HELPER = """
def dense(x, n, activation):
    W = tf.get_variable("W", [x.shape[1], n])
    return activation(x @ W)
"""
NETWORK = """

def one_layer_network(labels="`images`"):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 4], name="X")
        logits = dense(X, 2, tf.identity)
        prediction = tf.nn.softmax(logits, name="prediction")
    return graph
"""
CELLS = by_key([Cell("", HELPER), Cell("one_layer_network", NETWORK), Cell("train", "graph = one_layer_network()")])


def run(text, names, file="/home/me/ipykernel_71/alone.py"):
    """Run a cell as IPython does, which leaves out empty lines before the first, and notes its text; return all names."""
    text = text.lstrip("\n")
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec"), names)  # noqa: S102  (as a notebook does)
    return names


def handed_over(file="/home/me/ipykernel_71/{}.py"):
    """The graph that the cells made."""
    names = {"tf": tf}
    for number, cell in enumerate(CELLS.values()):
        run(cell.text, names, file.format(number))
    return export_graph({"graph": names["graph"]})


@pytest.fixture(scope="module")
def evidence():
    return handed_over()


def told(evidence, op, cells=CELLS, exercise="one_layer_network"):
    network = Network(faults=(fault("softmax-before-loss", op),))
    return with_lines(network, evidence, cells, exercise).faults[0].lines


@pytest.mark.parametrize(
    "file", ["/home/me/ipykernel_71/{}.py", "<ipython-input-{}-0ff>", "/home/me/ipython-input-{}-1.py"]
)
def test_the_line_that_made_an_operation_is_told_with_its_number_in_the_cell(file):
    evidence = handed_over(file)
    line = 'line 8 of your cell: `prediction = tf.nn.softmax(logits, name="prediction")`'
    assert str(told(evidence, "prediction")) == line
    assert str(told(evidence, "prediction", exercise="two")).startswith("line 8 of the cell one_layer_network: `")
    network = with_lines(
        Network(faults=(fault("softmax-before-loss", "prediction"),)), evidence, CELLS, "one_layer_network"
    )
    assert str(network.faults[-1].said).endswith(f"Where: prediction. See {line}.")


def test_a_remark_names_its_line_as_a_fault_does(evidence):
    network = Network(faults=(), remarks=(fault("softmax-before-loss", "prediction"),))
    (remark,) = with_lines(network, evidence, CELLS, "one_layer_network").remarks
    assert str(remark.lines) == str(told(evidence, "prediction")) != ""


def test_of_what_a_helper_made_its_call_is_told_and_its_own_line(evidence):
    call = "line 7 of your cell: `logits = dense(X, 2, tf.identity)`"
    assert str(told(evidence, "Identity")) == f"{call}, and line 4 of another cell: `return activation(x @ W)`"
    assert str(told(evidence, "W")) == f"{call}, and line 3 of another cell: `{HELPER.splitlines()[2].strip()}`"


def of_cell(source):
    """The graph of one cell, what is handed over of it, and a function that tells where an operation was made."""
    graph = run(source, {"tf": tf})["graph"]
    evidence, cells = export_graph({"graph": graph}), by_key([Cell("one", source)])
    return graph, evidence, partial(told, evidence, cells=cells, exercise="one")


def test_a_graph_of_thousands_of_operations_tells_the_line_of_each_as_far_as_they_are_noted(monkeypatch):
    source = (
        "with tf.Graph().as_default() as graph:\n    for k in range(2_100): tf.no_op()\n    tf.no_op(name='last')\n"
    )
    assert str(of_cell(source)[2]("last")).startswith("line 3 of your cell")
    monkeypatch.setattr("netgrader.checks.source_lines.MOST_OPS", 2_100)
    assert [str(of_cell(source)[2](name))[:6] for name in ("NoOp_2099", "last")] == ["line 2", ""]


def test_a_line_is_shortened_and_ends_no_code_and_a_function_of_the_same_cell_is_told_as_such():
    source = f"""def h(x): return tf.identity(x, name='made')
def network(): h(1)  # `a` {"long " * 60}
with tf.Graph().as_default() as graph: network()
"""
    line = str(of_cell(source)[2]("made"))
    assert line.startswith("line 2 of your cell: `def network(): h(1) # 'a' long")
    assert line.endswith("…`, and line 1 of your cell: `def h(x): return tf.identity(x, name='made')`")
    assert len(line) < 250


def test_what_is_called_by_way_of_us_is_told_where_it_is_made_and_not_where_we_are_called(monkeypatch):
    ours = "/home/me/netgrader/check.py"
    monkeypatch.setattr("netgrader.checks.source_lines._OURS", "/home/me/netgrader")
    names = run("def check(f): return f()\n", {}, ours)
    source = "def f():\n    return tf.no_op(name='made')\nwith tf.Graph().as_default() as graph:\n    check(f)\n"
    graph = run(source, {"tf": tf, **names})["graph"]
    line = told(export_graph({"graph": graph}), "made", by_key([Cell("one", source)]), "one")
    assert str(line) == "line 2 of your cell: `return tf.no_op(name='made')`"


def test_rows_that_a_normalization_mixes_name_its_line():
    source = """graph = tf.Graph()
with graph.as_default():
    x = tf.placeholder(tf.float32, [None, 4])
    mean, variance = tf.nn.moments(x, [0])
    logits = tf.identity((x - mean) * tf.math.rsqrt(variance + 1e-3), name="logits")
"""
    _, evidence, _ = of_cell(source)
    network = Network(faults=(fault("rows-mixed", "logits"),))
    (found,) = with_lines(network, evidence, by_key([Cell("one", source)]), "one").faults
    assert str(found.lines) == "line 4 of your cell: `mean, variance = tf.nn.moments(x, [0])`"


@pytest.mark.parametrize("place", ["", "nowhere", "logits", "several_tensors/trainop"])
def test_where_no_operation_is_meant_no_line_is_told(evidence, place):
    assert told(evidence, place) == ""


def test_code_of_cells_that_were_not_handed_in_is_not_told(evidence):
    assert told(evidence, "prediction", cells={}) == ""


def test_an_operation_made_outside_of_the_notebook_has_no_line():
    with tf.Graph().as_default() as graph:
        tf.constant(1.0, name="ours")
    assert made_at(graph) == {}


KEY = next(key for key, cell in CELLS.items() if cell.name == "train")


@pytest.mark.parametrize(
    "forged",
    [
        None,
        [],
        {"cells": [KEY]},
        {"cells": [KEY], "runs": []},
        {"cells": [KEY], "runs": [[]]},
        {"cells": [KEY], "runs": [[0, 0]]},
        {"cells": [KEY], "runs": [[0, -1, 1]]},
        {"cells": [KEY], "runs": [[0, 7, 1]]},
        {"cells": [KEY], "runs": [[0, 0, 0]]},
        {"cells": [KEY], "runs": [[0, 0, 10**30]]},
        {"cells": [KEY], "runs": [[0, "0", "1"]]},
        {"cells": ["<b>" + KEY], "runs": [[0, 0, 1]]},
        {"cells": ["0" * 16], "runs": [[0, 0, 1]]},
        {"cells": [KEY], "runs": [[0, 0, 1]] * 100_000},
        {"cells": [KEY] * 100_000, "runs": [[0, 0, 1]]},
    ],
    ids=lambda value: repr(value)[:50],
)
def test_what_is_forged_tells_nothing(evidence, forged):
    assert told(GraphEvidence(evidence.meta_graph, {}, about={MADE_AT: forged}), "prediction") == ""


def test_lines_in_no_order_tell_at_most_another_line_of_the_notebook(evidence):
    forged = GraphEvidence(
        evidence.meta_graph, {}, about={MADE_AT: {"cells": [KEY], "runs": [[9, 0, 1], [0], [3, 0, 1]]}}
    )
    assert re.fullmatch(
        r"(line 1 of the cell train: `graph = one_layer_network\(\)`)?", str(told(forged, "prediction"))
    )


def test_a_graph_that_cannot_say_where_it_was_made_is_handed_over_all_the_same(monkeypatch):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 4])
    monkeypatch.setattr("netgrader.student.graphs.made_at", lambda _: 1 / 0)
    assert MADE_AT not in export_graph(SimpleNamespace(graph=graph, X=x)).about
