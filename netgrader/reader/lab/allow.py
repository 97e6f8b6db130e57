"""What is checked in a stranger's graph, and taken out of it, before TensorFlow sees it.

A graph is a program. What `netgrader.reader.lab.ops` does not list is taken out of the graph together with all that is computed
from it; asking for such a tensor is then an error that names the op. Ops that only tell (summaries, prints, assertions,
savers) become no-ops, since honest programs hold them.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from typing import TYPE_CHECKING

from netgrader.reader.graph.nodes import REFERENCE, Message, input_node, inputs_set, meta_graph_def, reached
from netgrader.reader.lab import LabError
from netgrader.reader.lab.ops import ALLOWED, SILENT, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: Bytes of one element; what is not here counts eight.
_SIZES = {1: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 8: 8, 9: 8, 10: 1, 14: 2, 17: 2, 18: 16, 19: 2, 22: 4, 23: 8}

#: Attributes beginning with an underscore that change how a graph runs as it must run; all others are dropped.
_KEPT_PRIVATE = frozenset({"_lower_using_switch_merge", "_num_original_outputs", "_stateful_parallelism"})


_ALLOWED_INSIDE = ALLOWED - {"IteratorGetNext"}


# How large a graph may be, in bytes where nothing else is said.
MAX_CONSTANT = 256_000_000
MAX_CONSTANTS = 512_000_000
MAX_VARIABLE = 1_000_000_000


@dataclass(frozen=True)
class Accepted:
    """A graph that may be imported.

    `meta` holds the graph and the contexts of its loops and branches; `left_out` says for each node that was taken out
    which op was the reason.
    """

    meta: Message
    left_out: Mapping[str, str] = field(default_factory=dict)


def accept(source: Message) -> Accepted:
    """Check a MetaGraphDef and make the copy of it that may be run.

    A `LabError` of kind ``graph`` says that it contradicts itself, ``op`` that nothing of it may be run, ``limit`` that it is
    too large.
    """
    meta = meta_graph_def()
    graph = meta.graph_def
    graph.CopyFrom(source.graph_def)
    graph.DiscardUnknownFields()
    bad = _bad_functions(graph)
    silenced = _silenced(graph.node)
    reasons = _left_out(graph.node, silenced, bad)
    if len(reasons) == len(graph.node):
        op = next(iter(reasons.values()))
        raise LabError("op", f"Nothing of the graph can be run: it all needs the op {op}, which the lab does not run.")
    kept = [node for node in graph.node if node.name not in reasons]
    _mend(kept, reasons, silenced)
    _check_sizes(kept)
    del graph.node[:]
    graph.node.extend(kept)
    _drop_functions(graph, bad)
    for _, node in _nodes(graph):
        _clean(node)
    for key in {"cond_context", "while_context"}.intersection(source.collection_def):
        meta.collection_def[key].CopyFrom(source.collection_def[key])
    return Accepted(meta, reasons)


def reseed(meta: Message, seed: int) -> Message:
    """Return a copy of the graph whose random ops all draw from `seed`, each with a stream of its own."""
    copy = meta_graph_def()
    copy.CopyFrom(meta)
    for scope, node in _nodes(copy.graph_def):
        if "seed" in node.attr and "seed2" in node.attr:
            node.attr["seed"].i = seed
            node.attr["seed2"].i = zlib.crc32(f"{scope}/{node.name}".encode()) + 1
    return copy


def _nodes(graph: Message) -> Iterator[tuple[str, Message]]:
    """Yield the nodes of the graph, and those of its functions with their names."""
    inner = ((function.signature.name, node) for function in graph.library.function for node in function.node_def)
    return chain((("", node) for node in graph.node), inner)


def _called(node: Message) -> Iterator[str]:
    """Yield the functions that a node calls."""
    for value in node.attr.values():
        yield from (function.name for function in (value.func, *value.list.func) if function.name)


def _bad_functions(graph: Message) -> dict[str, str]:
    """Return the functions that cannot be run, each with the op that is the reason."""
    bodies = {function.signature.name: function.node_def for function in graph.library.function}
    if len(bodies) != len(graph.library.function):
        raise LabError("graph", "The graph has two functions of one name.")
    calls = {name: {one for node in nodes for one in _called(node)} & bodies.keys() for name, nodes in bodies.items()}
    try:
        order = [*TopologicalSorter(calls).static_order()]
    except CycleError as error:
        raise LabError("graph", f"The graph's function {error.args[1][0][:80]!r} calls itself.") from error
    found: dict[str, str] = {}
    for name in order:
        _silenced(bodies[name], inside=True)
        _check_sizes(bodies[name])
        own = [node.op for node in bodies[name] if node.op not in _ALLOWED_INSIDE | bodies.keys()]
        reasons = [*own, *(found[one] for one in calls[name] if one in found)]
        if reasons:
            found[name] = reasons[0]
    return found


def _silenced(nodes: Iterable[Message], *, inside: bool = False) -> set[str]:
    """Make what only tells a no-op, and return the names of those nodes; `inside` says that this is a function's body."""
    for node in nodes:
        if node.op == "Print":
            _print_to_identity(node)
    silent = [node for node in nodes if node.op in SILENT]
    for node in silent:
        # In a function an input with a colon is a node's output, one without is an argument.
        _to_no_op(node, [item for item in node.input if not inside or item.startswith("^") or ":" in item])
    return {node.name for node in silent}


def _print_to_identity(node: Message) -> None:
    dtype = node.attr["T"].type
    node.op = "Identity"
    inputs_set(node, [node.input[0], *(item for item in node.input if item.startswith("^"))])
    node.attr.clear()
    node.attr["T"].type = dtype


def _to_no_op(node: Message, inputs: Iterable[str]) -> None:
    """Keep waiting for what was read: inside a loop that is what says which loop the op belongs to."""
    node.op = "NoOp"
    inputs_set(node, sorted({"^" + input_node(item) for item in inputs}))
    node.attr.clear()


def _readers(nodes: Iterable[Message]) -> dict[str, list[str]]:
    """Return what reads or waits for each node; a `LabError` says that the graph contradicts itself."""
    readers: dict[str, list[str]] = {node.name: [] for node in nodes}
    if len(readers) != len(list(nodes)):
        raise LabError("graph", "The graph has two operations of one name.")
    for node in nodes:
        for name in map(input_node, node.input):
            if name not in readers:
                raise LabError("graph", f"The operation {node.name[:80]!r} reads {name[:80]!r}, which is not there.")
            readers[name].append(node.name)
    return readers


def _left_out(nodes: Iterable[Message], silenced: set[str], bad: Mapping[str, str]) -> dict[str, str]:
    """Return the nodes that are not run, each with the op that is the reason: all that is computed from such an op."""
    readers = _readers(nodes)
    lost = (node for node in nodes if not silenced.isdisjoint(item.partition(":")[0] for item in node.input))
    causes = {node.name: "an op that only tells" for node in lost}
    causes |= {node.name: node.op for node in nodes if node.op not in ALLOWED}
    causes |= {node.name: bad[one] for node in nodes for one in _called(node) if one in bad}
    found = dict.fromkeys(silenced | {node.name for node in nodes if node.op == "IteratorGetNext"}, "")

    def onward(name: str) -> list[str]:
        return [reader for reader in readers[name] if reader not in found]

    for cause, op in causes.items():
        found.update(dict.fromkeys(reached([cause], onward) - found.keys(), op))
    return {name: op for name, op in found.items() if op}


def _mend(kept: list[Message], reasons: Mapping[str, str], silenced: set[str]) -> None:
    """Keep what draws from ``tf.data``, so that its outputs can be fed: its iterator becomes a placeholder."""
    for node in kept:
        if node.name in silenced:
            inputs_set(node, [item for item in node.input if item[1:] not in reasons])
    names = {node.name for node in kept}
    for node in [node for node in kept if node.op == "IteratorGetNext"]:
        placeholder = type(node)(name=f"netgrader_iterator_of_{node.name.replace('/', '_')}", op="Placeholder")
        while placeholder.name in names:
            placeholder.name += "_"
        placeholder.attr["dtype"].type = 20
        placeholder.attr["shape"].shape.unknown_rank = True
        control = [i for i in node.input if i.startswith("^") and i[1:] not in reasons]
        inputs_set(node, [placeholder.name, *control])
        kept.append(placeholder)


def _check_sizes(nodes: Iterable[Message]) -> None:
    total = 0
    for node in nodes:
        for key, value in list(node.attr.items()):
            if value.WhichOneof("value") == "tensor":
                size = _elements(value.tensor.tensor_shape, node) * _SIZES.get(value.tensor.dtype % REFERENCE, 8)
                if size > MAX_CONSTANT:
                    raise LabError("limit", f"The constant {node.name[:80]!r} takes {size / 1e9:.3g} GB: too much.")
                total += size
            elif key == "shape" and value.WhichOneof("value") == "shape" and node.op in VARIABLES:
                size = _elements(value.shape, node) * _SIZES.get(node.attr["dtype"].type % REFERENCE, 8)
                if size > MAX_VARIABLE:
                    sentence = (
                        f"The variable {node.name[:80]!r} takes {size / 1e9:.3g} GB: too much. Use smaller layers."
                    )
                    raise LabError("limit", sentence)
    if total > MAX_CONSTANTS:
        raise LabError("limit", f"The graph's constants take {total / 1e9:.3g} GB together: too much.")


def _elements(shape: Message, node: Message) -> int:
    if len(shape.dim) > 254:
        raise LabError("graph", f"The operation {node.name[:80]!r} has a shape of {len(shape.dim)} dimensions.")
    return math.prod(max(dim.size, 0) if dim.size >= 0 else 1 for dim in shape.dim)


def _drop_functions(graph: Message, bad: Mapping[str, str]) -> None:
    kept = [function for function in graph.library.function if function.signature.name not in bad]
    names = {function.signature.name for function in kept}
    gradients = [g for g in graph.library.gradient if g.function_name in names and g.gradient_func in names]
    for function in kept:
        _drop_private(function)
    del graph.library.function[:]
    graph.library.function.extend(kept)
    del graph.library.gradient[:]
    graph.library.gradient.extend(gradients)


def _clean(node: Message) -> None:
    node.device = ""
    if "container" in node.attr:
        node.attr["container"].s = b""
    _drop_private(node)


def _drop_private(thing: Message) -> None:
    """Drop the attributes of a node or a function that begin with an underscore and are not needed."""
    for key in list(thing.attr):
        if key.startswith("_") and key not in _KEPT_PRIVATE:
            del thing.attr[key]
