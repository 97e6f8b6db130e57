"""Check and sanitize an untrusted graph before TensorFlow sees it.

A graph is a program. Ops that `graphread.lab.ops` does not list are removed, together with everything computed from them; a
request for such a tensor is an error that names the op. Reporting ops (summaries, prints, assertions, savers) become no-ops,
since ordinary programs contain them. TensorFlow itself checks the consistency of the rest.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from typing import TYPE_CHECKING, Any

from graphread.graph.nodes import REFERENCE, Message, input_node, inputs_set, meta_graph_def, reached
from graphread.graph.plain import VARIABLES
from graphread.lab import LabError
from graphread.lab.ops import ALLOWED, SILENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: Bytes per element by dtype; others count as eight.
_SIZES = {1: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 8: 8, 9: 8, 10: 1, 14: 2, 17: 2, 18: 16, 19: 2, 22: 4, 23: 8}

#: Attributes to drop, which do not change what a graph computes: resource containers, and private attributes except those that
#: functional control flow and its gradients need.
_DROPPED = re.compile(
    r"container\Z|_(?!(lower_using_switch_merge|num_original_outputs|stateful_parallelism)\Z)", re.ASCII
)

#: Op that reads from ``tf.data``. Its iterator cannot run, but its outputs can be fed, unless it is inside a function.
_DRAWING = "IteratorGetNext"
_ALLOWED_INSIDE = ALLOWED - {_DRAWING}


class LargestRun:
    """Size limits of a graph's constants and variables, in bytes."""

    MAX_CONSTANT = 256_000_000
    MAX_CONSTANTS = 512_000_000
    MAX_VARIABLE = 1_000_000_000


@dataclass(frozen=True)
class Accepted:
    """A graph that may be imported.

    `meta` has the graph and the contexts of its loops and branches; `left_out` maps each removed node to the op that was the
    reason.
    """

    meta: Message
    left_out: Mapping[str, str] = field(default_factory=dict)


def accept(source: Message) -> Accepted:
    """Check a MetaGraphDef; return a copy that is safe to run.

    Raises a `LabError` of kind ``graph`` if its functions are inconsistent, ``op`` if nothing of it may run, ``limit`` if it
    is too large.
    """
    meta = meta_graph_def()
    graph = meta.graph_def
    graph.CopyFrom(source.graph_def)
    graph.DiscardUnknownFields()
    _check_sizes(node for _, node in _nodes(graph))
    silenced = _silence(graph.node)
    bad = _bad_functions(graph)
    reasons = _left_out(graph.node, silenced, bad)
    if len(reasons) == len(graph.node):
        op = next(iter(reasons.values()))
        raise LabError("op", f"Nothing of the graph can be run: it all needs the op {op}, which the lab does not run.")
    _keep(graph.node, [node for node in graph.node if node.name not in reasons])
    _keep(graph.library.function, [one for one in graph.library.function if one.signature.name not in bad])
    _keep(graph.library.gradient, [])
    _close_gaps(graph, reasons)
    _clean(graph)
    for key in {"cond_context", "while_context"}.intersection(source.collection_def):
        meta.collection_def[key].CopyFrom(source.collection_def[key])
    return Accepted(meta, reasons)


def reseed(meta: Message, seed: int) -> Message:
    """Return a copy of the graph whose random ops are all seeded by `seed`, each with its own stream."""
    copy = meta_graph_def()
    copy.CopyFrom(meta)
    for scope, node in _nodes(copy.graph_def):
        if "seed" in node.attr and "seed2" in node.attr:
            node.attr["seed"].i = seed
            node.attr["seed2"].i = zlib.crc32(f"{scope}/{node.name}".encode()) + 1
    return copy


def _nodes(graph: Message) -> Iterator[tuple[str, Message]]:
    """Yield the nodes of the graph and of its functions, each with the function's name."""
    inner = ((function.signature.name, node) for function in graph.library.function for node in function.node_def)
    return chain((("", node) for node in graph.node), inner)


def _keep(repeated: Any, kept: Sequence[Message]) -> None:
    """Keep only these messages in a repeated field."""
    del repeated[:]
    repeated.extend(kept)


def _called(node: Message) -> set[str]:
    """Return the names of the functions that a node calls; may include an empty name."""
    return {function.name for value in node.attr.values() for function in (value.func, *value.list.func)}


def _bad_functions(graph: Message) -> dict[str, str]:
    """Return the functions that cannot run, each with the op at fault; disable their reporting ops."""
    bodies = {function.signature.name: function.node_def for function in graph.library.function}
    if len(bodies) != len(graph.library.function):
        raise LabError("graph", "The graph has two functions of one name.")
    calls = {name: set().union(*map(_called, nodes)) & bodies.keys() for name, nodes in bodies.items()}
    try:
        order = [*TopologicalSorter(calls).static_order()]
    except CycleError as error:
        raise LabError("graph", f"The graph's function {error.args[1][0][:80]!r} calls itself.") from error
    found: dict[str, str] = {}
    for name in order:
        _silence(bodies[name])
        ops = {node.op for node in bodies[name]} - _ALLOWED_INSIDE
        reasons = sorted(ops) or sorted(found[one] for one in calls[name] & found.keys())
        if reasons:
            found[name] = reasons[0]
    return found


def _silence(nodes: Iterable[Message]) -> set[str]:
    """Turn reporting ops into no-ops; return the names of these nodes.

    They keep their inputs as control inputs, which determine the loop that an op belongs to. A name without a node is an
    argument of a function.
    """
    names = {node.name for node in nodes}
    silent = [node for node in nodes if node.op in SILENT]
    for node in silent:
        node.op = "NoOp"
        node.attr.clear()
        inputs_set(node, [f"^{name}" for name in sorted(names.intersection(map(input_node, node.input)))])
    for node in nodes:
        if node.op == "Print":
            _print_to_identity(node)
    return {node.name for node in silent}


def _controls(inputs: Iterable[str]) -> list[str]:
    """Return the control inputs among a node's inputs."""
    return [item for item in inputs if item.startswith("^")]


def _print_to_identity(node: Message) -> None:
    dtype = node.attr["T"].type
    node.op = "Identity"
    inputs_set(node, [node.input[0], *_controls(node.input)])
    node.attr.clear()
    node.attr["T"].type = dtype


def _left_out(nodes: Iterable[Message], silenced: set[str], bad: Mapping[str, str]) -> dict[str, str]:
    """Return the nodes that are not run, each with the op at fault: everything computed from it."""
    dependents = _dependents(nodes, silenced)
    found = dict.fromkeys(silenced | {node.name for node in nodes if node.op == _DRAWING}, "")

    def onward(name: str) -> list[str]:
        return [one for one in dependents[name] if one not in found]

    for cause, op in _causes(nodes, silenced, bad).items():
        for name in reached([cause], onward):
            found.setdefault(name, op)
    return {name: op for name, op in found.items() if op}


def _causes(nodes: Iterable[Message], silenced: set[str], bad: Mapping[str, str]) -> dict[str, str]:
    """Return the nodes that cannot run for a reason of their own, each with the op at fault."""
    causes = {node.name: node.op for node in nodes if node.op not in ALLOWED}
    causes |= {node.name: bad[one] for node in nodes for one in sorted(_called(node) & bad.keys())}
    return causes | dict.fromkeys(silenced, "an op that only tells")


def _dependents(nodes: Iterable[Message], silenced: set[str]) -> Mapping[str, list[str]]:
    """Return, for each node, the nodes that need it; waiting for a disabled op is not a need."""
    found = defaultdict(list)
    for node in nodes:
        for item in node.input:
            if item.removeprefix("^") not in silenced or not item.startswith("^"):
                found[input_node(item)].append(node.name)
    return found


def _close_gaps(graph: Message, reasons: Mapping[str, str]) -> None:
    """Remove inputs from dropped nodes, and put a placeholder in place of each ``tf.data`` iterator."""
    for node in list(graph.node):
        inputs = [item for item in node.input if input_node(item) not in reasons]
        if node.op == _DRAWING:
            inputs = [_placeholder(graph, node.name), *_controls(inputs)]
        inputs_set(node, inputs)


def _placeholder(graph: Message, drawing: str) -> str:
    """Add a placeholder for the iterator of an op that reads from it; return its name."""
    added = graph.node.add(name=f"graphread_iterator_of_{drawing.replace('/', '_')}", op="Placeholder")
    added.attr["dtype"].type = 20
    added.attr["shape"].shape.unknown_rank = True
    return str(added.name)


def _check_sizes(nodes: Iterable[Message]) -> None:
    """Raise a `LabError` if constants or variables are too large."""
    total = 0.0
    for node in nodes:
        if node.op == "Const":
            value = node.attr["value"].tensor
            total += _size(f"constant {node.name[:80]!r}", value.tensor_shape, value.dtype, LargestRun.MAX_CONSTANT)
        elif node.op in VARIABLES:
            _size(
                f"variable {node.name[:80]!r}",
                node.attr["shape"].shape,
                node.attr["dtype"].type,
                LargestRun.MAX_VARIABLE,
            )
    if total > LargestRun.MAX_CONSTANTS:
        raise LabError("limit", f"The graph's constants take {total / 1e9:.3g} GB together: too much.")


def _size(what: str, shape: Message, dtype: int, most: int) -> float:
    """Return the bytes of an array; raise `LabError` if they exceed `most` or cannot be determined."""
    size = math.prod((abs(float(dim.size)) for dim in shape.dim), start=float(_SIZES.get(dtype % REFERENCE, 8)))
    if not size <= most:
        raise LabError("limit", f"The {what} takes {size / 1e9:.3g} GB: too much. Use smaller layers.")
    return size


def _clean(graph: Message) -> None:
    """Drop device placements and unneeded attributes."""
    nodes = [node for _, node in _nodes(graph)]
    for node in nodes:
        node.device = ""
    for thing in (*nodes, *graph.library.function):
        for key in list(filter(_DROPPED.match, thing.attr)):
            del thing.attr[key]
