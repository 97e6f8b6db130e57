"""Which branch is taken? With the switches as evaluation sets them, the others are left out of walks that follow values.

A branch that is not taken stays in the graph: what it changes when training does take it is still found by walks that
follow control.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.network.functions import TAKEN, UNTAKEN
from netgrader.network.graph import PLACEHOLDERS, Graph, node_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from netgrader.network.graph import Node

__all__ = ["as_evaluated", "only_evaluated", "switches"]

_SWITCHES = frozenset({"Switch", "RefSwitch"})
_MERGES = frozenset({"Merge", "RefMerge"})
_SELECTS = frozenset({"Select", "SelectV2"})


def switches(graph: Graph, eval_feed: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """What evaluation feeds, and off for a switch that nothing is said of."""
    known = {tensor: np.asarray(value) for tensor, value in eval_feed.items()}
    for node in graph.of_ops(PLACEHOLDERS - {"PlaceholderWithDefault"}):
        if node.dtype("dtype") == "bool" and graph.static_shape(node.name + ":0") in ((), None):
            known.setdefault(node.name + ":0", np.asarray(False))
    return known


def as_evaluated(graph: Graph, eval_feed: Mapping[str, npt.NDArray[Any]]) -> Graph:
    """The graph with each branch and choice whose condition is known decided."""
    return _chosen(graph, switches(graph, eval_feed))


def only_evaluated(graph: Graph, evaluated: Graph, tensor: str) -> list[str]:
    """The variables that a tensor is made from in evaluation, but not with the switches turned over.

    Parameters
    ----------
    graph, evaluated
        The graph as it came, and as evaluation sees it.
    tensor
        What evaluation looks at.
    """
    turned = dict(evaluated.known)
    for node in graph.of_ops(PLACEHOLDERS):
        value = evaluated.constant(node.name + ":0")
        if value is not None and value.dtype.kind == "b" and value.size == 1:
            turned[node.name + ":0"] = ~value
    if turned == evaluated.known or tensor not in graph:
        return []
    used = set(_chosen(Graph(graph.nodes.values()), turned).variables_in(tensor))
    return [name for name in evaluated.variables_in(tensor) if name not in used]


def _chosen(graph: Graph, known: dict[str, npt.NDArray[Any]]) -> Graph:
    graph.known = known
    aside = _written_aside(graph)
    if not aside and not any(node.op in _SWITCHES | _SELECTS for node in graph.nodes.values()):
        return graph
    dead = _dead(graph)
    nodes = [_decided(graph, node, dead) for node in graph.nodes.values()]
    nodes = [
        replace(node, controls=(*node.controls, *aside[call]))
        if (call := node.name.partition(f"/{TAKEN}/")[0]) in aside
        else node
        for node in nodes
    ]
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
        if node.op in _SWITCHES and len(node.inputs) > 1:
            condition = graph.constant(node.inputs[1])
            if condition is not None and condition.size == 1:
                dead.add(f"{name}:{0 if condition.reshape(()) else 1}")
        reads = [read in dead or node_of(read) in dead for read in node.inputs]
        if node.op in _MERGES:
            never = bool(reads) and all(reads)
        else:
            never = any(reads) or any(control in dead for control in node.controls)
        if never:
            dead.add(name)
    return dead


def _decided(graph: Graph, node: Node, dead: set[str]) -> Node:
    if node.op in _MERGES and node.name not in dead:
        alive = [read for read in node.inputs if read not in dead and node_of(read) not in dead]
        if len(alive) == 1 and len(alive) < len(node.inputs):
            gone = tuple(node_of(read) for read in node.inputs if read not in alive)
            return replace(node, op="Identity", inputs=tuple(alive), controls=(*node.controls, *gone))
    elif node.op in _SWITCHES and len(node.inputs) > 1 and graph.constant(node.inputs[1]) is not None:
        return replace(node, inputs=node.inputs[:1], controls=(*node.controls, node_of(node.inputs[1])))
    elif node.op in _SELECTS and len(node.inputs) > 2:
        condition = graph.constant(node.inputs[0])
        if condition is not None and condition.size == 1:
            chosen, other = node.inputs[1:] if condition.reshape(()) else node.inputs[:0:-1]
            gone = (node_of(node.inputs[0]), node_of(other))
            return replace(node, op="Identity", inputs=(chosen,), controls=(*node.controls, *gone))
    return node
