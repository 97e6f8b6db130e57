"""What runs, in which order? Calls, loops and branches are written out as evaluation passes them.

With the switches as evaluation sets them, the branches that are not taken are left out of walks that follow values.
They stay in the graph: what training changes in one is still found by walks that follow control.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.graph.constants import truth
from netgrader.reader.graph.functions import LOOPS, TAKEN, UNTAKEN, written_out
from netgrader.reader.graph.loops import MERGES, SWITCHES, unrolled
from netgrader.reader.graph.nodes import node_of
from netgrader.reader.graph.plain import PLACEHOLDERS, Graph, plain_graph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.reader.graph.nodes import Array, Message, Node

_SELECTS = frozenset({"Select", "SelectV2"})


def as_evaluated(graph: Graph, eval_feed: Mapping[str, Array]) -> Graph:
    """The graph with each branch and choice whose condition is known decided; a switch that nothing is said of is off."""
    known = {tensor: np.asarray(value) for tensor, value in eval_feed.items()}
    for node in graph.of_ops(PLACEHOLDERS - {"PlaceholderWithDefault"}):
        if node.dtype("dtype") == "bool" and graph.static_shape(node.name + ":0") in ((), None):
            known.setdefault(node.name + ":0", np.asarray(False))
    return _chosen(graph, known)


def as_trained(graph: Graph, evaluated: Graph) -> tuple[Graph, dict[str, Array]]:
    """The graph with the switches turned over that it is `evaluated` with, and what they are then fed; none may be there."""
    turned = {}
    for node in graph.of_ops(PLACEHOLDERS):
        value = evaluated.constant(node.name + ":0")
        if value is not None and value.dtype.kind == "b" and value.size == 1:
            turned[node.name + ":0"] = ~value
    return _chosen(Graph(graph.nodes.values()), {**evaluated.known, **turned}) if turned else evaluated, turned


def _chosen(graph: Graph, known: dict[str, Array]) -> Graph:
    graph.known = known
    aside = _written_aside(graph)
    if not aside and not any(node.op in SWITCHES | _SELECTS for node in graph.nodes.values()):
        return graph
    dead = _dead(graph)
    nodes = []
    for node in graph.nodes.values():
        decided = _decided(graph, node, dead)
        waits = aside.get(node.name.partition(f"/{TAKEN}/")[0], ())
        nodes.append(replace(decided, controls=(*decided.controls, *waits)) if waits else decided)
    chosen = Graph(nodes, known)
    chosen.untaken = frozenset(dead & graph.nodes.keys()).union(*aside.values())
    return chosen


def _written_aside(graph: Graph) -> dict[str, list[str]]:
    """The nodes of branches that are functions and not taken, by the call that would have taken them."""
    found: dict[str, list[str]] = {}
    for name in graph.nodes:
        call, mark, _ = name.partition(f"/{UNTAKEN}/")
        if mark and call in graph.nodes:
            found.setdefault(call, []).append(name)
    return found


def _dead(graph: Graph) -> set[str]:
    """The tensors, and by their names the nodes, that are never computed."""
    dead: set[str] = set()
    for name in graph.order:
        node = graph.nodes[name]
        if node.op in SWITCHES and len(node.inputs) > 1:
            condition = truth(graph.constant(node.inputs[1]))
            if condition is not None:
                dead.add(f"{name}:{0 if condition else 1}")
        reads = [read in dead or node_of(read) in dead for read in node.inputs]
        if node.op in MERGES:
            never = bool(reads) and all(reads)
        else:
            never = any(reads) or any(control in dead for control in node.controls)
        if never:
            dead.add(name)
    return dead


def _decided(graph: Graph, node: Node, dead: set[str]) -> Node:
    if node.op in MERGES and node.name not in dead:
        alive = [read for read in node.inputs if read not in dead and node_of(read) not in dead]
        if len(alive) == 1 and len(alive) < len(node.inputs):
            gone = tuple(node_of(read) for read in node.inputs if read not in alive)
            return replace(node, op="Identity", inputs=tuple(alive), controls=(*node.controls, *gone))
    elif node.op in SWITCHES and len(node.inputs) > 1 and graph.constant(node.inputs[1]) is not None:
        return replace(node, inputs=node.inputs[:1], controls=(*node.controls, node_of(node.inputs[1])))
    elif node.op in _SELECTS and len(node.inputs) > 2:
        condition = truth(graph.constant(node.inputs[0]))
        if condition is not None:
            chosen, other = node.inputs[1:] if condition else node.inputs[:0:-1]
            gone = (node_of(node.inputs[0]), node_of(other))
            return replace(node, op="Identity", inputs=(chosen,), controls=(*node.controls, *gone))
    return node


#: So many rows are fed where a loop is passed once for each.
LOOPED_ROWS = 6


def inlined(meta: Message, feed: Mapping[str, Array]) -> tuple[Message, Graph, Graph, int | None]:
    """The graph without calls, loops and branches; then as plain nodes, as evaluation sees it; and its number of rows.

    A loop that is passed once for each row is written out for a few rows, and then no other number of them can be fed.
    """

    def attempt(rows: int | None) -> tuple[Message, Graph, Graph]:
        flat = written_out(meta, feed, rows)
        whole = plain_graph(flat.graph_def)
        _ = whole.order  # a cycle is said before anything walks
        plain = as_evaluated(whole, feed)
        straight = unrolled(flat, plain, rows)
        if straight is flat:
            return flat, whole, plain
        whole = plain_graph(straight.graph_def)
        return straight, whole, as_evaluated(whole, feed)

    found = attempt(None)
    if any(node.op in LOOPS or node.op == "LoopCond" for node in found[0].graph_def.node):
        by_rows = attempt(LOOPED_ROWS)
        if len(by_rows[1].nodes) > len(found[1].nodes):
            return *by_rows, LOOPED_ROWS
    return *found, None
