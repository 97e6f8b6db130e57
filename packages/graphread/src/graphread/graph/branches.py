"""Inline functions, and resolve branches as evaluation takes them.

With the switches set for evaluation, walks along values skip the branches not taken. These branches stay in the graph: walks
along control inputs still find what training changes in them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from graphread.graph.constants import truth
from graphread.graph.functions import written_out
from graphread.graph.nodes import node_of
from graphread.graph.plain import PLACEHOLDERS, Graph, plain_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphread.graph.nodes import Array, Message, Node

_MERGES = frozenset({"Merge", "RefMerge"})
_SWITCHES = frozenset({"Switch", "RefSwitch"})


def as_evaluated(graph: Graph, eval_feed: Mapping[str, Array]) -> Graph:
    """Return the graph with all known branches and choices resolved; an unfed switch counts as False."""
    known = {tensor: np.asarray(value) for tensor, value in eval_feed.items()}
    for node in graph.of_ops(PLACEHOLDERS - {"PlaceholderWithDefault"}):
        if node.dtype("dtype") == "bool" and not graph.static_shape(node.name + ":0"):
            known.setdefault(node.name + ":0", np.asarray(False))
    return _chosen(graph, known)


def as_trained(graph: Graph, evaluated: Graph) -> tuple[Graph, dict[str, Array]]:
    """Return the graph with the switches of the `evaluated` one inverted, and the values to feed."""
    values = {f"{node.name}:0": evaluated.constant(f"{node.name}:0") for node in graph.of_ops(PLACEHOLDERS)}
    turned = {tensor: ~value for tensor, value in values.items() if value is not None and value.dtype.kind == "b"}
    return (_chosen(Graph(graph.nodes.values()), {**evaluated.known, **turned}) if turned else evaluated), turned


def _chosen(graph: Graph, known: dict[str, Array]) -> Graph:
    graph.known = known
    dead, nodes = _dead(graph), [*graph.nodes.values()]
    decided = [_decided(graph, node, dead) for node in nodes]
    if decided == nodes:
        return graph
    chosen = Graph(decided, known)
    chosen.untaken = frozenset(dead & graph.nodes.keys())
    return chosen


def _dead(graph: Graph) -> set[str]:
    """Return the tensors that are never computed, and the names of their nodes."""
    dead: set[str] = set()
    for name in graph.order:
        node = graph.nodes[name]
        if node.op in _SWITCHES:
            dead |= {False: {f"{name}:1"}, True: {f"{name}:0"}, None: set()}[truth(graph.constant(node.inputs[1]))]
        reads = [read in dead or node_of(read) in dead for read in node.inputs]
        never = all(reads) if node.op in _MERGES else any(reads) or not dead.isdisjoint(node.controls)
        if never:
            dead.add(name)
    return dead


def _decided(graph: Graph, node: Node, dead: set[str]) -> Node:
    """Return a resolved branch or choice as a pass-through node; any other node unchanged."""
    kept = _CHOICES.get(node.op, _all_kept)(graph, node, dead)
    if not kept:
        return node
    gone = tuple(node_of(read) for read in node.inputs if read not in kept)
    op = node.op if node.op in _SWITCHES else "Identity"
    return replace(node, op=op, inputs=kept, controls=(*node.controls, *gone))


def _all_kept(*_: object) -> tuple[str, ...]:
    """Return no inputs: ops without a choice stay unchanged."""
    return ()


def _alive(_: Graph, node: Node, dead: set[str]) -> tuple[str, ...]:
    """Return the only live input of a merge; nothing if there are several."""
    alive = tuple(read for read in node.inputs if dead.isdisjoint((read, node_of(read))))
    return alive if len(alive) == 1 else ()


def _switched(graph: Graph, node: Node, _: set[str]) -> tuple[str, ...]:
    """Return the input of a switch if its condition is known."""
    return node.inputs[:1] if graph.constant(node.inputs[1]) is not None else ()


def _selected(graph: Graph, node: Node, _: set[str]) -> tuple[str, ...]:
    """Return the selected input if the condition is known."""
    condition, first, second = node.inputs[:3]
    return {True: (first,), False: (second,), None: ()}[truth(graph.constant(condition))]


_CHOICES: Mapping[str, Callable[[Graph, Node, set[str]], tuple[str, ...]]] = {
    **dict.fromkeys(_MERGES, _alive),
    **dict.fromkeys(_SWITCHES, _switched),
    **dict.fromkeys(("Select", "SelectV2"), _selected),
}


def inlined(meta: Message, feed: Mapping[str, Array]) -> tuple[Message, Graph, Graph]:
    """Return the message without calls, its plain graph, and that graph as evaluation sees it."""
    flat = written_out(meta)
    whole = plain_graph(flat.graph_def)
    _ = whole.order  # raises an error for a cyclic graph before any walk
    return flat, whole, as_evaluated(whole, feed)
