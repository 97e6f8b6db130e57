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
from typing import TYPE_CHECKING

from netgrader.reader.graph.nodes import REFERENCE, Message, input_node, inputs_set, meta_graph_def
from netgrader.reader.lab import LabError
from netgrader.reader.lab.ops import ALLOWED, SILENT, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: Bytes of one element; what is not here counts eight.
_SIZES = {1: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 8: 8, 9: 8, 10: 1, 14: 2, 17: 2, 18: 16, 19: 2, 22: 4, 23: 8}

#: Attributes beginning with an underscore that change how a graph runs as it must run; all others are dropped.
_KEPT_PRIVATE = frozenset({"_lower_using_switch_merge", "_num_original_outputs", "_stateful_parallelism"})


# How large a graph may be, in bytes where nothing else is said.
MAX_CONSTANT = 256_000_000
MAX_CONSTANTS = 512_000_000
MAX_VARIABLE = 1_000_000_000
MAX_FUNCTION_DEPTH = 32


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
    bad_functions = _check_functions(graph)
    reasons, silenced = _tame(graph.node, bad_functions)
    _spread(graph.node, reasons, silenced)
    if len(reasons) == len(graph.node):
        op = next(iter(reasons.values()))
        raise LabError("op", f"Nothing of the graph can be run: it all needs the op {op}, which the lab does not run.")
    kept = [node for node in graph.node if node.name not in reasons]
    _mend(kept, reasons, silenced)
    _check_sizes(kept)
    del graph.node[:]
    graph.node.extend(kept)
    _drop_functions(graph, bad_functions)
    for _, nodes in _scopes(graph):
        for node in nodes:
            _clean(node)
    for key in ("cond_context", "while_context"):
        if key in source.collection_def:
            meta.collection_def[key].CopyFrom(source.collection_def[key])
    return Accepted(meta, reasons)


def reseed(meta: Message, seed: int) -> Message:
    """A copy of the graph whose random ops all draw from `seed`, each with a stream of its own."""
    copy = meta_graph_def()
    copy.CopyFrom(meta)
    for scope, nodes in _scopes(copy.graph_def):
        for node in nodes:
            if "seed" in node.attr and "seed2" in node.attr:
                node.attr["seed"].i = seed
                node.attr["seed2"].i = zlib.crc32(f"{scope}/{node.name}".encode()) + 1
    return copy


def _scopes(graph: Message) -> list[tuple[str, Iterable[Message]]]:
    """The graph's nodes, and those of each function by its name."""
    return [("", graph.node), *((function.signature.name, function.node_def) for function in graph.library.function)]


def _called(node: Message) -> Iterator[str]:
    for value in node.attr.values():
        kind = value.WhichOneof("value")
        if kind == "func":
            yield value.func.name
        elif kind == "list":
            yield from (function.name for function in value.list.func)


def _check_functions(graph: Message) -> dict[str, str]:
    """The functions that can't be run, each with the op that is the reason."""
    functions = {function.signature.name: function for function in graph.library.function}
    if len(functions) != len(graph.library.function):
        raise LabError("graph", "The graph has two functions of one name.")
    calls = {
        name: sorted(functions.keys() & {callee for node in function.node_def for callee in _called(node)})
        for name, function in functions.items()
    }
    try:
        order = list(TopologicalSorter(calls).static_order())
    except CycleError as error:
        raise LabError("graph", f"The graph's function {error.args[1][0][:80]!r} calls itself.") from error
    bad: dict[str, str] = {}
    depth: dict[str, int] = {}
    for name in order:  # each after those that it calls
        depth[name] = 1 + max((depth[callee] for callee in calls[name]), default=0)
        own, _ = _tame(functions[name].node_def, {}, inside=True)
        reasons = [op for op in own.values() if op not in functions] + [bad[c] for c in calls[name] if c in bad]
        if reasons:
            bad[name] = reasons[0]
        _check_sizes(functions[name].node_def)
    if max(depth.values(), default=0) > MAX_FUNCTION_DEPTH:
        raise LabError("limit", f"The graph's functions call each other more than {MAX_FUNCTION_DEPTH} deep.")
    return bad


def _tame(
    nodes: Iterable[Message], bad_functions: Mapping[str, str], *, inside: bool = False
) -> tuple[dict[str, str], set[str]]:
    """Silence what only tells: the nodes that may not be run, each with the op that is the reason, and the silenced ones.

    `inside` says that this is a function's body, where nothing can be fed.
    """
    reasons: dict[str, str] = {}
    names: set[str] = set()
    silenced: set[str] = set()
    for node in nodes:
        if node.name in names:
            raise LabError("graph", f"The graph has two operations named {node.name[:80]!r}.")
        names.add(node.name)
        if node.op in SILENT:
            # In a function an input with a colon is a node's output, one without is an argument.
            _to_no_op(node, [item for item in node.input if not inside or item.startswith("^") or ":" in item])
            silenced.add(node.name)
        elif node.op == "Print":
            _print_to_identity(node)
        elif node.op not in ALLOWED or (inside and node.op == "IteratorGetNext"):
            reasons[node.name] = node.op
        for callee in _called(node):
            if callee in bad_functions:
                reasons[node.name] = bad_functions[callee]
    return reasons, silenced


def _print_to_identity(node: Message) -> None:
    data = [item for item in node.input if not item.startswith("^")][:1]
    dtype = node.attr["T"].type
    node.op = "Identity"
    inputs_set(node, [*data, *(item for item in node.input if item.startswith("^"))])
    node.attr.clear()
    node.attr["T"].type = dtype


def _to_no_op(node: Message, inputs: Iterable[str]) -> None:
    """Keep waiting for what was read: inside a loop that is what says which loop the op belongs to."""
    node.op = "NoOp"
    inputs_set(node, sorted({"^" + input_node(item) for item in inputs}))
    node.attr.clear()


def _spread(nodes: Iterable[Message], reasons: dict[str, str], silenced: set[str]) -> None:
    """Take out all that is computed from what is taken out, and what reads a no-op's missing output."""
    names = {node.name for node in nodes}
    readers: dict[str, list[str]] = {}
    for node in nodes:
        for item in node.input:
            name = input_node(item)
            if name not in names:
                raise LabError("graph", f"The operation {node.name[:80]!r} reads {name[:80]!r}, which is not there.")
            if node.name in reasons and name in reasons:
                reasons[node.name] = reasons[name]  # the first of several on the way is the one that is told
            if node.op != "IteratorGetNext" and node.name not in silenced:
                readers.setdefault(name, []).append(node.name)
                if name in silenced and not item.startswith("^"):
                    reasons.setdefault(node.name, "an op that only tells")
    todo = list(reasons)
    while todo:
        name = todo.pop()
        for reader in readers.get(name, ()):
            if reader not in reasons:
                reasons[reader] = reasons[name]
                todo.append(reader)


def _mend(kept: list[Message], reasons: Mapping[str, str], silenced: set[str]) -> None:
    """Let what draws from ``tf.data`` stand, so that its outputs can be fed: its iterator becomes a placeholder."""
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
        for key in list(function.attr):
            if key.startswith("_"):
                del function.attr[key]
    del graph.library.function[:]
    graph.library.function.extend(kept)
    del graph.library.gradient[:]
    graph.library.gradient.extend(gradients)


def _clean(node: Message) -> None:
    node.device = ""
    if "container" in node.attr:
        node.attr["container"].s = b""
    for key in list(node.attr):
        if key.startswith("_") and key not in _KEPT_PRIVATE:
            del node.attr[key]
