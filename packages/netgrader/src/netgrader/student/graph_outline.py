"""The drawable outline of a TensorFlow graph: scopes as boxes, nodes for one or more ops.

A network of one layer already has 147 ops, of which a reader cares about a dozen. Ops that only serve another one become part
of it, gradients and optimizer become one node, and scopes are folded until the rest fits on a page. TensorFlow's names decide
which ops belong together: this is for drawings, where a wrong guess costs clarity, and never for verdicts.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["Kind", "Outline", "OutlineNode", "Scope", "outline"]

MAX_NODES = 44  # that fit on a page
LEFT_OUT = ""

# Parts of TensorFlow's names that mean nothing to a reader.
_NOISE = re.compile(r"_sg(?=_\d+$|$)|V2$")
_APPLYING = re.compile(r"(?:Resource)?(?:Sparse)?Apply[A-Z]")
_GRADIENTS = re.compile(r"(?:.*?/)?gradients(?:_\d+)?(?=/)")
_DIFFERENTIATED = re.compile(r"gradients(?:_\d+)?/(.+?)_grad(?:_\d+)?/")
_MADE_BY_TENSORFLOW = re.compile(r"(?:.*/)?Const(?:_\d+)?")
_INTEGERS = frozenset({3, 9})  # DT_INT32, DT_INT64


class Kind(StrEnum):
    """The kind of a node in the drawing."""

    PLACEHOLDER = "placeholder"
    VARIABLE = "variable"
    CONSTANT = "constant"
    OPERATION = "operation"
    FOLDED = "folded"


KINDS = {
    **dict.fromkeys(("Variable", "VariableV2", "VarHandleOp"), Kind.VARIABLE),
    **dict.fromkeys(("Placeholder", "PlaceholderV2", "PlaceholderWithDefault"), Kind.PLACEHOLDER),
    "Const": Kind.CONSTANT,
}
"""The kinds of ops in the drawing; all others are operations."""
INNER = frozenset({Kind.OPERATION, Kind.CONSTANT})
"""Kinds that are neither inputs nor results."""
PARTS = frozenset({(Kind.OPERATION, Kind.VARIABLE), (Kind.CONSTANT, Kind.VARIABLE), (Kind.VARIABLE, Kind.FOLDED)})
"""Pairs of a part and the node it belongs to: initial values of a variable, and counters of an optimizer."""


@dataclass(frozen=True)
class OutlineNode:
    """A node of the drawing: `name` of its main op or scope, `members` are all ops it represents.

    `detail` describes it in a line or two.
    """

    name: str
    kind: Kind
    label: str
    detail: str
    members: tuple[str, ...]

    def nodes(self) -> Iterator[OutlineNode]:
        """Yield the node itself, as a scope yields its nodes."""
        yield self


@dataclass(frozen=True)
class Scope:
    """A box of the drawing with its content; the whole drawing is the scope with the empty name."""

    name: str
    label: str
    children: tuple[OutlineNode | Scope, ...]

    def nodes(self) -> Iterator[OutlineNode]:
        """Yield all nodes in it, including those of inner scopes."""
        for child in self.children:
            yield from child.nodes()


@dataclass(frozen=True)
class Outline:
    """A drawing without coordinates: boxes, and edges between the names of nodes.

    `n_ops` is the number of ops in the graph, `n_left_out` the number of those without a node.
    """

    root: Scope
    edges: tuple[tuple[str, str], ...]
    n_ops: int
    n_left_out: int


def outline(graph_def: Any, max_nodes: int = MAX_NODES) -> Outline:
    """Return the outline of `graph_def`.

    Parameters
    ----------
    graph_def
        A GraphDef; shapes are shown if its nodes have the attribute ``_output_shapes``.
    max_nodes
        Maximum number of nodes without folding scopes.
    """
    saving = tuple(f"{node.name.rpartition('/')[0]}/" for node in graph_def.node if node.op == "SaveV2")
    ops = {node.name: node for node in graph_def.node if not node.name.startswith(saving)}
    links = [*_links(ops)]
    nodes = _nodes(ops, links)
    drawn = _folded(nodes, max_nodes)
    stands_for = {member: node.name for node in drawn for member in node.members}
    edges = dict.fromkeys((stands_for[source], stands_for[target]) for source, target in _edges(nodes, links))
    return Outline(
        root=Scope("", "", tuple(_tree(drawn, ""))),
        edges=tuple((source, target) for source, target in edges if source != target),
        n_ops=len(graph_def.node),
        n_left_out=len(graph_def.node) - len(stands_for),
    )


def _links(ops: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each pair of an op and a user of its output, without control inputs."""
    for name, node in ops.items():
        for each in node.input:
            source = each.partition(":")[0]  # a control input begins with ^, so it matches no op
            if source in ops:
                yield source, name


def _nodes(ops: Mapping[str, Any], links: Sequence[tuple[str, str]]) -> list[OutlineNode]:
    """Return the nodes that represent `ops`, before any scope is folded."""
    named = {name: _named_like(name, ops) for name in ops}
    training = {named[name] for name, node in ops.items() if _APPLYING.match(node.op)}
    gradients = set(named.values()) - ops.keys()  # nodes named by their scope
    users: dict[str, set[str]] = defaultdict(set)
    for source, target in links:
        users[named[source]].add(named[target])
    kinds = {head: _kind(head, ops, training | gradients) for head in named.values()}
    whole = _wholes(ops, users, kinds, training)
    members: dict[str, list[str]] = defaultdict(list)
    for name, head in named.items():
        members[whole[head]].append(name)
    members.pop(LEFT_OUT, None)
    return [_node(ops.get(head), head, own, is_training=head in training) for head, own in members.items()]


def _wholes(
    ops: Mapping[str, Any], users: Mapping[str, set[str]], kinds: Mapping[str, Kind], training: set[str]
) -> dict[str, str]:
    """Return for each group of ops the name of the drawn node that it is part of."""
    whole: dict[str, str] = {}
    # Users of an op are made after it, so the last op comes first.
    for head in reversed([*kinds]):
        using = {whole.get(user, user) for user in users.get(head, ())} - {head, LEFT_OUT}
        optimizer = min(using & training, default=head)
        whole[head] = optimizer if kinds[head] is Kind.FOLDED else _whole(ops[head], using, kinds)
    return whole


def _kind(head: str, ops: Mapping[str, Any], folded: set[str]) -> Kind:
    return Kind.FOLDED if head in folded else KINDS.get(ops[head].op, Kind.OPERATION)


def _whole(node: Any, using: set[str], kinds: Mapping[str, Kind]) -> str:
    """Return the drawn node of the only op that uses this one as a part; else its own name."""
    if node.op == "NoOp":
        return LEFT_OUT
    shown = {user for user in using if kinds[user] is not Kind.FOLDED}
    others = sorted(shown or using)
    if len(others) == 1 and (_is_axis(node) or (kinds[node.name], kinds[others[0]]) in PARTS):
        return others[0]
    return str(node.name)


def _is_axis(node: Any) -> bool:
    """Whether an op is a constant that TensorFlow made for another one, such as the axes of a sum."""
    return bool(_MADE_BY_TENSORFLOW.fullmatch(node.name)) and node.attr["dtype"].type in _INTEGERS


def _named_like(name: str, ops: Mapping[str, Any]) -> str:
    """Return the gradients or outermost op that contains `name` (``W/read`` in ``W``); else `name`."""
    gradients = _GRADIENTS.match(name)
    if gradients:
        return gradients[0]
    return next(outer for outer in itertools.accumulate(name.split("/"), "{}/{}".format) if outer in ops)


def _node(node: Any, head: str, members: Sequence[str], *, is_training: bool) -> OutlineNode:
    """Return the node of an op and its helpers; of gradients, or of an optimizer with its helpers."""
    label, folded = _label(head), f"{len(members)} operations"
    if is_training:
        return OutlineNode(head, Kind.FOLDED, label, f"gradients and optimizer,\n{folded}", tuple(members))
    if node is None:
        return OutlineNode(head, Kind.FOLDED, label, f"gradients, {folded}", tuple(members))
    kind = KINDS.get(node.op, Kind.OPERATION)
    return OutlineNode(head, kind, label, ", ".join(filter(None, _described(node, kind, label))), tuple(members))


def _described(node: Any, kind: Kind, label: str) -> tuple[str, str]:
    """Return an op's kind, and its shape or value; empty if unknown or equal to the label."""
    if kind is Kind.VARIABLE:
        return kind, _sizes(node.attr["shape"].shape)
    if kind is Kind.CONSTANT:
        return kind, _value(node) or _shape(node)
    if kind is Kind.PLACEHOLDER:
        return kind, _shape(node)
    op = _NOISE.sub("", node.op)
    is_label = re.sub(r"_\d+$|_", "", label).lower() == op.lower()
    return "" if is_label else op, _shape(node)


def _label(name: str) -> str:
    return _NOISE.sub("", name.rpartition("/")[2])


def _shape(node: Any) -> str:
    shapes = node.attr["_output_shapes"].list.shape if "_output_shapes" in node.attr else ()
    return _sizes(shapes[0]) if shapes else ""


def _sizes(shape: Any) -> str:
    if shape.unknown_rank:
        return ""
    return " \N{MULTIPLICATION SIGN} ".join(str(dim.size).replace("-1", "?") for dim in shape.dim) or "a single value"


def _value(node: Any) -> str:
    """Return the value of a constant with a single number of a common type; empty for others."""
    tensor = node.attr["value"].tensor
    numbers = [*tensor.float_val, *tensor.double_val, *tensor.int_val, *tensor.int64_val]
    return "" if tensor.tensor_shape.dim or len(numbers) != 1 else f"{numbers[0]:.6g}"


def _edges(nodes: Sequence[OutlineNode], links: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield pairs of ops to connect; of the many inputs of gradients, only the differentiated op."""
    home = {member: node for node in nodes for member in node.members}
    between = [(source, target) for source, target in links if source in home and target in home]
    users = _users(home, between)
    for source, target in between:
        if home[target].kind is not Kind.FOLDED or users[home[source].name] == {Kind.FOLDED}:
            yield source, target
    yield from _differentiated(nodes, home)


def _differentiated(nodes: Iterable[OutlineNode], home: Mapping[str, OutlineNode]) -> Iterator[tuple[str, str]]:
    """Yield each gradients node's differentiated op, from the first name that contains one."""
    for node in nodes:
        named = [found[1] for found in map(_DIFFERENTIATED.search, node.members) if found and found[1] in home]
        yield from ((differentiated, node.members[0]) for differentiated in named[:1])


def _users(home: Mapping[str, OutlineNode], between: Sequence[tuple[str, str]]) -> dict[str, set[Kind]]:
    """Return the kinds of the nodes that use each node, by its name."""
    users: dict[str, set[Kind]] = defaultdict(set)
    for source, target in between:
        if home[source] is not home[target]:
            users[home[source].name].add(home[target].kind)
    return users


def _folded(nodes: Sequence[OutlineNode], max_nodes: int) -> Sequence[OutlineNode]:
    """Return `nodes` with scopes folded into single nodes, innermost first, down to `max_nodes`.

    If that is not enough, all operations become one node between inputs and results.
    """
    depth = max((node.name.count("/") for node in nodes), default=0)
    while len(nodes) > max_nodes and depth >= 0:
        inside: dict[str, list[OutlineNode]] = defaultdict(list)
        for node in nodes:
            inside[_name_at(node, depth)].append(node)
        nodes = [_as_one(name, own) if len(own) > 1 else own[0] for name, own in inside.items()]
        depth -= 1
    return nodes


def _name_at(node: OutlineNode, depth: int) -> str:
    """Return the name of the node that contains a node after folding at a depth."""
    outermost = "operations" if node.kind in INNER else node.name
    return "/".join(node.name.split("/")[:depth]) or outermost


def _as_one(name: str, nodes: Sequence[OutlineNode]) -> OutlineNode:
    members = tuple(itertools.chain.from_iterable(node.members for node in nodes))
    return OutlineNode(name, Kind.FOLDED, name.rpartition("/")[2], f"{len(members)} operations", members)


def _tree(nodes: Sequence[OutlineNode], scope: str) -> Iterator[OutlineNode | Scope]:
    """Yield boxes and nodes directly in `scope` (ending with /); no box around a single node."""
    inner: dict[str, list[OutlineNode]] = defaultdict(list)
    for node in nodes:
        inner[node.name[len(scope) :].partition("/")[0]].append(node)
    for head, inside in inner.items():
        if len(inside) == 1:
            yield inside[0]
        else:
            yield Scope(scope + head, head, tuple(_tree(inside, f"{scope}{head}/")))
