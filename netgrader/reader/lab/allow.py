"""What is checked in a stranger's graph, and taken out of it, before TensorFlow sees it.

A graph is a program. What `netgrader.reader.lab.ops` does not list is taken out of the graph together with all that is computed
from it; asking for such a tensor is then an error that names the op. Ops that only tell (summaries, prints, assertions,
savers) become no-ops, since honest programs hold them.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netgrader.reader.graph.nodes import REFERENCE, Message, meta_graph_def
from netgrader.reader.lab import LabError
from netgrader.reader.lab.ops import ALLOWED, SILENT, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: Bytes of one element; what is not here counts eight.
_SIZES = {1: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 8: 8, 9: 8, 10: 1, 14: 2, 17: 2, 18: 16, 19: 2, 22: 4, 23: 8}

#: Attributes beginning with an underscore that change how a graph runs as it must run; all others are dropped.
_KEPT_PRIVATE = frozenset({"_lower_using_switch_merge", "_num_original_outputs", "_stateful_parallelism"})


@dataclass(frozen=True)
class GraphLimits:
    """How large a graph may be. Sizes are in bytes."""

    nodes: int = 100_000
    constant: int = 256_000_000
    constants: int = 512_000_000
    variable: int = 1_000_000_000
    functions: int = 2_000
    function_depth: int = 32
    elements: int = 1_000_000_000


@dataclass(frozen=True)
class Accepted:
    """A graph that may be imported.

    `meta` holds the graph and the contexts of its loops and branches; `left_out` says for each node that was taken out
    which op was the reason.
    """

    meta: Message
    left_out: Mapping[str, str] = field(default_factory=dict)


def accept(source: Message, limits: GraphLimits | None = None) -> Accepted:
    """Check a MetaGraphDef and make the copy of it that may be run.

    Parameters
    ----------
    source
        The graph as it came.
    limits
        How large it may be; the defaults if None.

    Raises
    ------
    LabError
        Of kind ``graph`` if the graph contradicts itself, ``op`` if a function needs an op that is not allowed,
        ``limit`` if it is too large.
    """
    limits = limits or GraphLimits()
    meta = meta_graph_def()
    graph = meta.graph_def
    graph.CopyFrom(source.graph_def)
    graph.DiscardUnknownFields()
    if len(graph.node) > limits.nodes:
        raise LabError("limit", f"The graph has {len(graph.node):,} operations; at most {limits.nodes:,} are run.")
    bad_functions = _check_functions(graph, limits)
    reasons = _reasons(graph.node, bad_functions)
    silenced = _silence(graph.node)
    _spread(graph.node, reasons, silenced)
    if len(reasons) == len(graph.node):
        op = next(iter(reasons.values()))
        raise LabError("op", f"Nothing of the graph can be run: it all needs the op {op}, which the lab does not run.")
    kept = [node for node in graph.node if node.name not in reasons]
    _mend(kept, reasons, silenced)
    _check_sizes(kept, limits)
    del graph.node[:]
    graph.node.extend(kept)
    _drop_functions(graph, bad_functions)
    for node in _all_nodes(graph):
        _clean(node)
    for key in ("cond_context", "while_context"):
        if key in source.collection_def:
            meta.collection_def[key].CopyFrom(source.collection_def[key])
    return Accepted(meta, reasons)


def reseed(meta: Message, seed: int) -> Message:
    """A copy of the graph whose random ops all draw from `seed`, each with a stream of its own."""
    copy = meta_graph_def()
    copy.CopyFrom(meta)
    scopes: list[tuple[str, Iterable[Message]]] = [("", copy.graph_def.node)]
    scopes += [(function.signature.name, function.node_def) for function in copy.graph_def.library.function]
    for scope, nodes in scopes:
        for node in nodes:
            if "seed" in node.attr and "seed2" in node.attr:
                node.attr["seed"].i = seed
                node.attr["seed2"].i = zlib.crc32(f"{scope}/{node.name}".encode()) + 1
    return copy


def _all_nodes(graph: Message) -> Iterator[Message]:
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def _called(node: Message) -> Iterator[str]:
    for value in node.attr.values():
        kind = value.WhichOneof("value")
        if kind == "func":
            yield value.func.name
        elif kind == "list":
            yield from (function.name for function in value.list.func)


def _check_functions(graph: Message, limits: GraphLimits) -> dict[str, str]:
    """The functions that can't be run, each with the op that is the reason."""
    functions = {function.signature.name: function for function in graph.library.function}
    if len(functions) > limits.functions:
        raise LabError("limit", f"The graph has {len(functions):,} functions; at most {limits.functions:,} are run.")
    if len(functions) != len(graph.library.function):
        raise LabError("graph", "The graph has two functions of one name.")
    calls = {name: {c for node in f.node_def for c in _called(node)} for name, f in functions.items()}
    _check_calls(calls, limits.function_depth)
    bad: dict[str, str] = {}
    for name, function in functions.items():
        reason = _tame(function.node_def, functions)
        if reason:
            bad[name] = reason
        _check_sizes(function.node_def, limits)
    changed = True
    while changed:
        changed = False
        for name, callees in calls.items():
            reason = next((bad[c] for c in sorted(callees) if c in bad), None)
            if reason and name not in bad:
                bad[name] = reason
                changed = True
    return bad


def _tame(nodes: Iterable[Message], functions: Mapping[str, Message]) -> str | None:
    """Silence what only tells in a function's body; the first op that may not be run, if there is one."""
    reason = None
    for node in nodes:
        if node.op in SILENT:
            # In a function an input with a colon is a node's output, one without is an argument.
            _to_no_op(node, [item for item in node.input if item.startswith("^") or ":" in item])
        elif node.op == "Print":
            _print_to_identity(node)
        elif (node.op not in ALLOWED or node.op == "IteratorGetNext") and node.op not in functions:
            reason = reason or node.op
    return reason


def _check_calls(calls: Mapping[str, set[str]], depth: int) -> None:
    """Refuse functions that call themselves, or each other too deeply."""
    level: dict[str, int] = {}
    for start in calls:
        stack = [(start, iter(calls[start]))]
        path = {start}
        while stack:
            name, rest = stack[-1]
            callee = next(rest, None)
            if callee is None:
                stack.pop()
                path.discard(name)
                level[name] = 1 + max((level.get(c, 0) for c in calls[name]), default=0)
            elif callee in path:
                raise LabError("graph", f"The graph's function {callee[:80]!r} calls itself.")
            elif callee in calls and callee not in level:
                path.add(callee)
                stack.append((callee, iter(calls[callee])))
    if max(level.values(), default=0) > depth:
        raise LabError("limit", f"The graph's functions call each other more than {depth} deep.")


def _reasons(nodes: Iterable[Message], bad_functions: Mapping[str, str]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    names: set[str] = set()
    for node in nodes:
        if node.name in names:
            raise LabError("graph", f"The graph has two operations named {node.name[:80]!r}.")
        names.add(node.name)
        if node.op == "Print":
            _print_to_identity(node)
        if node.op not in ALLOWED and node.op not in SILENT:
            reasons[node.name] = node.op
        for callee in _called(node):
            if callee in bad_functions:
                reasons[node.name] = bad_functions[callee]
    return reasons


def _print_to_identity(node: Message) -> None:
    data = [item for item in node.input if not item.startswith("^")][:1]
    control = [item for item in node.input if item.startswith("^")]
    dtype = node.attr["T"].type
    node.op = "Identity"
    del node.input[:]
    node.input.extend(data + control)
    node.attr.clear()
    node.attr["T"].type = dtype


def _silence(nodes: Iterable[Message]) -> set[str]:
    silenced = set()
    for node in nodes:
        if node.op in SILENT:
            _to_no_op(node, node.input)
            silenced.add(node.name)
    return silenced


def _to_no_op(node: Message, inputs: Iterable[str]) -> None:
    """Keep waiting for what was read: inside a loop that is what says which loop the op belongs to."""
    waits = sorted({"^" + item.lstrip("^").partition(":")[0] for item in inputs})
    node.op = "NoOp"
    del node.input[:]
    node.input.extend(waits)
    node.attr.clear()


def _spread(nodes: Iterable[Message], reasons: dict[str, str], silenced: set[str]) -> None:
    """Take out all that is computed from what is taken out, and what reads a no-op's missing output."""
    names = {node.name for node in nodes}
    readers: dict[str, list[str]] = {}
    for node in nodes:
        for item in node.input:
            name = item.lstrip("^").partition(":")[0]
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
            waits = [item for item in node.input if item[1:] not in reasons]
            del node.input[:]
            node.input.extend(waits)
    names = {node.name for node in kept}
    for node in [node for node in kept if node.op == "IteratorGetNext"]:
        placeholder = type(node)(name=f"netgrader_iterator_of_{node.name.replace('/', '_')}", op="Placeholder")
        while placeholder.name in names:
            placeholder.name += "_"
        placeholder.attr["dtype"].type = 20
        placeholder.attr["shape"].shape.unknown_rank = True
        control = [i for i in node.input if i.startswith("^") and i[1:] not in reasons]
        del node.input[:]
        node.input.extend([placeholder.name, *control])
        kept.append(placeholder)


def _check_sizes(nodes: Iterable[Message], limits: GraphLimits) -> None:
    total = 0
    for node in nodes:
        for key, value in list(node.attr.items()):
            if value.WhichOneof("value") == "tensor":
                size = _elements(value.tensor.tensor_shape, node) * _SIZES.get(value.tensor.dtype % REFERENCE, 8)
                if size > limits.constant:
                    raise LabError("limit", f"The constant {node.name[:80]!r} takes {size / 1e9:.3g} GB: too much.")
                total += size
            elif key == "shape" and value.WhichOneof("value") == "shape" and node.op in VARIABLES:
                size = _elements(value.shape, node) * _SIZES.get(node.attr["dtype"].type % REFERENCE, 8)
                if size > limits.variable:
                    told = f"The variable {node.name[:80]!r} takes {size / 1e9:.3g} GB: too much. Use smaller layers."
                    raise LabError("limit", told)
    if total > limits.constants:
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
    for key in list(node.attr):
        if (key.startswith("_") and key not in _KEPT_PRIVATE) or key == "container":
            if key == "container":
                node.attr[key].s = b""
            else:
                del node.attr[key]
