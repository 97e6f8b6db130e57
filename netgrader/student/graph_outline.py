"""What of a TensorFlow graph is worth drawing: boxes for scopes, and nodes that each stand for one or many ops.

A network of one layer already has 147 ops, of which a reader cares for a dozen. Ops that only serve another one become
part of it, gradients and optimizer become one node, and scopes are folded until the rest fits a page. Names decide what
belongs together, as TensorFlow gives them: this is for drawings, where a wrong guess costs clarity, and never for verdicts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Kind", "Outline", "OutlineNode", "Scope", "outline"]

MAX_NODES = 44
VARIABLE_OPS = frozenset({"Variable", "VariableV2", "VarHandleOp"})
LEFT_OUT = ""

# What TensorFlow puts around a name without its telling a reader anything.
_NOISE = re.compile(r"_sg(?=_\d+$|$)|V2$")
_APPLYING = re.compile(r"(?:Resource)?(?:Sparse)?Apply[A-Z]")
_GRADIENTS = re.compile(r"(?:.*?/)?gradients(?:_\d+)?(?=/)")
_DIFFERENTIATED = re.compile(r"gradients(?:_\d+)?/(.+?)_grad(?:_\d+)?/")
_MADE_BY_TENSORFLOW = re.compile(r"(?:.*/)?Const(?:_\d+)?")
_INTEGERS = frozenset({3, 9})  # DT_INT32, DT_INT64


class Kind(StrEnum):
    """What a node of the drawing is."""

    PLACEHOLDER = "placeholder"
    VARIABLE = "variable"
    CONSTANT = "constant"
    OPERATION = "operation"
    FOLDED = "folded"


@dataclass(frozen=True)
class OutlineNode:
    """A node of the drawing: `name` is that of its main op or scope, `members` are all ops that it stands for.

    `detail` says what it is, in a line or two.
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
    """A box of the drawing, with what is in it; the whole drawing is the scope with the empty name."""

    name: str
    label: str
    children: tuple[OutlineNode | Scope, ...]

    def nodes(self) -> Iterator[OutlineNode]:
        """All nodes in it, those of inner scopes included."""
        for child in self.children:
            yield from child.nodes()


@dataclass(frozen=True)
class Outline:
    """A drawing without coordinates: boxes, and edges between the names of nodes.

    `n_ops` is how many ops the graph has, `n_left_out` how many of them no node stands for.
    """

    root: Scope
    edges: tuple[tuple[str, str], ...]
    n_ops: int
    n_left_out: int


def outline(graph_def: Any, max_nodes: int = MAX_NODES) -> Outline:
    """Choose what to draw of `graph_def`.

    Parameters
    ----------
    graph_def
        A GraphDef; shapes are shown where its nodes carry the attribute ``_output_shapes``.
    max_nodes
        How many nodes to draw before scopes are folded.
    """
    ops = {node.name: node for node in graph_def.node}
    groups = group(ops)
    nodes = _nodes(ops, groups)
    drawn = _folded(nodes, max_nodes)
    stands_for = {member: node.name for node in drawn for member in node.members}
    at = {owner: stands_for.get(name, LEFT_OUT) for name, owner in groups.owner.items()}
    edges = {(at.get(source, LEFT_OUT), at[target]): None for source, target in _edges(ops, groups)}
    return Outline(
        root=Scope("", "", tuple(_tree(drawn, ""))),
        edges=tuple(edge for edge in edges if edge[0] != edge[1] and LEFT_OUT not in edge),
        n_ops=len(ops),
        n_left_out=len(ops) - len(stands_for),
    )


def _nodes(ops: Mapping[str, Any], groups: Groups) -> list[OutlineNode]:
    members: dict[str, list[str]] = defaultdict(list)
    for name, owner in groups.owner.items():
        if owner != LEFT_OUT:
            members[owner].append(name)
    return [_node(owner, names, ops, groups) for owner, names in members.items()]


def _node(owner: str, members: Sequence[str], ops: Mapping[str, Any], groups: Groups) -> OutlineNode:
    label = _NOISE.sub("", owner.rpartition("/")[2])
    if owner in groups.training:
        detail = f"gradients and optimizer,\n{len(members)} operations"
        return OutlineNode(owner, Kind.FOLDED, label, detail, tuple(members))
    if owner in groups.gradients:
        return OutlineNode(owner, Kind.FOLDED, label, f"gradients, {len(members)} operations", tuple(members))
    kind, detail = _described(ops[owner], label)
    return OutlineNode(owner, kind, label, detail, tuple(members))


def _described(node: Any, label: str) -> tuple[Kind, str]:
    """Return what an op is drawn as, and what the drawing says of it."""
    shape = _shape(node)
    if node.op in VARIABLE_OPS:
        return Kind.VARIABLE, _joined("variable", _sizes(node.attr["shape"].shape))
    if node.op.startswith("Placeholder"):
        return Kind.PLACEHOLDER, _joined("placeholder", shape)
    if node.op == "Const":
        return Kind.CONSTANT, _joined("constant", _value(node) or shape)
    kind = _NOISE.sub("", node.op)
    same = re.sub(r"_\d+$|_", "", label).lower() == kind.lower()
    return Kind.OPERATION, _joined("" if same else kind, shape)


def _joined(first: str, second: str) -> str:
    return ", ".join(part for part in (first, second) if part)


def _shape(node: Any) -> str:
    shapes = node.attr["_output_shapes"].list.shape if "_output_shapes" in node.attr else ()
    return _sizes(shapes[0]) if shapes else ""


def _sizes(shape: Any) -> str:
    if shape.unknown_rank:
        return ""
    return (
        " \N{MULTIPLICATION SIGN} ".join("?" if dim.size < 0 else f"{dim.size}" for dim in shape.dim)
        or "a single value"
    )


def _value(node: Any) -> str:
    """The value of a constant that is a single number of a common type; empty for others."""
    tensor = node.attr["value"].tensor
    numbers = [*tensor.float_val, *tensor.double_val, *tensor.int_val, *tensor.int64_val]
    return "" if tensor.tensor_shape.dim or len(numbers) != 1 else f"{numbers[0]:.6g}"


def _edges(ops: Mapping[str, Any], groups: Groups) -> Iterator[tuple[str, str]]:
    """Edges between owners. Of what goes into gradients, which is nearly everything, only what is differentiated."""
    opaque = groups.training | groups.gradients
    users = groups.consumers()
    for target in sorted(opaque):
        of = differentiated(ops, groups, target)
        if of is not None:
            yield groups.owner[of], target
    for name, node in ops.items():
        target = groups.owner[name]
        for source in {groups.owner.get(each, LEFT_OUT): None for each in data_inputs(node)}:
            if target not in opaque or source in opaque or users[source] <= opaque:
                yield source, target


def _folded(nodes: Sequence[OutlineNode], max_nodes: int) -> list[OutlineNode]:
    """`nodes`, with scopes folded into one node each until there are at most `max_nodes`, or no scope is left."""
    drawn = list(nodes)
    while len(drawn) > max_nodes:
        scopes = {node.name.rpartition("/")[0] for node in drawn} - {""}
        sizes = {scope: sum(_within(node.name, scope) for node in drawn) for scope in scopes}
        foldable = {scope: size for scope, size in sizes.items() if size > 1}
        if not foldable:
            return _only_ends(drawn)
        # Deep scopes hold what a library made; of those at the same depth the largest wins most.
        drawn = _fold(drawn, max(foldable, key=lambda scope: (scope.count("/"), foldable[scope])))
    return drawn


def _within(name: str, scope: str) -> bool:
    return name == scope or name.startswith(scope + "/")


def _fold(nodes: Sequence[OutlineNode], scope: str) -> list[OutlineNode]:
    inside = [node for node in nodes if _within(node.name, scope)]
    outside = [node for node in nodes if not _within(node.name, scope)]
    members = tuple(member for node in inside for member in node.members)
    label = scope.rpartition("/")[2]
    return [*outside, OutlineNode(scope, Kind.FOLDED, label, f"{len(members)} operations", members)]


def _only_ends(nodes: Sequence[OutlineNode]) -> list[OutlineNode]:
    """For a graph without scopes that is too large: its operations in one node, between what goes in and comes out."""
    operations = [node for node in nodes if node.kind in {Kind.OPERATION, Kind.CONSTANT}]
    members = tuple(member for node in operations for member in node.members)
    folded = OutlineNode("operations", Kind.FOLDED, "operations", f"{len(members)} operations", members)
    return [*(node for node in nodes if node not in operations), folded]


def _tree(nodes: Sequence[OutlineNode], scope: str) -> Iterator[OutlineNode | Scope]:
    """The boxes and nodes directly in `scope`; a box around a single node is not drawn."""
    start = len(scope) + 1 if scope else 0
    inner: dict[str, list[OutlineNode]] = defaultdict(list)
    for node in nodes:
        head, slash, _ = node.name[start:].partition("/")
        inner[head if slash else node.name].append(node)
    for head, inside in inner.items():
        if len(inside) == 1:
            yield inside[0]
        else:
            name = f"{scope}/{head}" if scope else head
            yield Scope(name, head, tuple(_tree(inside, name)))


class Groups:
    """Owners of ops.

    Attributes
    ----------
    owner
        The owner's name by op name; `LEFT_OUT` for what is not drawn (initialising, saving).
    training
        The owners that are an optimizer with the gradients that it uses.
    gradients
        The owners that are gradients which no optimizer uses.
    variables
        The owners that are variables.
    """

    def __init__(self, ops: Mapping[str, Any]) -> None:
        self._ops = ops
        saving = tuple(f"{name.rpartition('/')[0]}/" for name, node in ops.items() if node.op == "SaveV2")
        self.owner = {name: LEFT_OUT if name.startswith(saving) else _named_like(name, ops) for name in ops}
        drawn = [(name, owner) for name, owner in self.owner.items() if owner != LEFT_OUT]
        self.training = {owner for name, owner in drawn if _APPLYING.match(ops[name].op)}
        self.variables = {owner for name, owner in drawn if ops[name].op in VARIABLE_OPS}
        self.gradients = {found[0] for name, _ in drawn if (found := _GRADIENTS.match(name))}

    def move(self, old: str, new: str) -> None:
        """Give everything that `old` owns to `new`."""
        self.owner |= {name: new for name, owner in self.owner.items() if owner == old}

    def consumers(self) -> dict[str, set[str]]:
        """Owners that use something of an owner, by the latter."""
        users: dict[str, set[str]] = defaultdict(set)
        for name, node in self._ops.items():
            for source in data_inputs(node):
                users[self.owner.get(source, LEFT_OUT)].add(self.owner[name])
        return {owner: using - {owner, LEFT_OUT} for owner, using in users.items()}


def group(ops: Mapping[str, Any]) -> Groups:
    """Find an owner for each op of `ops`, NodeDefs by name."""
    groups = Groups(ops)
    users = groups.consumers()
    for gradients in sorted(groups.gradients):
        for optimizer in sorted(users.get(gradients, set()) & groups.training)[:1]:
            groups.gradients.discard(gradients)
            groups.move(gradients, optimizer)
    # What uses an op is made after it, so the last one comes first.
    heads = [name for name in ops if groups.owner[name] == name]
    for head in reversed(heads):
        new = _serves(head, ops[head], groups)
        if new is not None:
            groups.move(head, new)
    return groups


def _serves(head: str, node: Any, groups: Groups) -> str | None:
    """Return the owner whose part an op is: it starts, counts or configures that one and nothing else; None if none is."""
    opaque = groups.training | groups.gradients
    if head in opaque:
        return None
    if node.op == "NoOp":
        return LEFT_OUT
    using = groups.consumers().get(head, set())
    others = sorted(using - opaque or using)
    if node.op == "Const" and _MADE_BY_TENSORFLOW.fullmatch(head) and node.attr["dtype"].type in _INTEGERS:
        return (others or [LEFT_OUT])[0]  # the axes of a sum, say
    if len(others) != 1 or node.op.startswith("Placeholder"):
        return None
    is_variable = node.op in VARIABLE_OPS
    counts = is_variable and others[0] in groups.training  # Adam's counters
    starts = not is_variable and others[0] in groups.variables
    return others[0] if counts or starts else None


def data_inputs(node: Any) -> Iterator[str]:
    """Names of the ops whose outputs `node` uses; control inputs left out."""
    for each in node.input:
        if not each.startswith("^"):
            yield each.partition(":")[0]


def differentiated(ops: Mapping[str, Any], groups: Groups, owner: str) -> str | None:
    """The op whose gradient is taken in `owner`: the first that TensorFlow names a gradient op after."""
    members = [name for name in ops if groups.owner[name] == owner]
    found = (_DIFFERENTIATED.search(name) for name in members)
    return next((match[1] for match in found if match and match[1] in ops), None)


def _named_like(name: str, ops: Mapping[str, Any]) -> str:
    """The gradients, or the outermost op, that `name` lies under, as in ``W/read`` under ``W``; itself if under neither."""
    gradients = _GRADIENTS.match(name)
    if gradients:
        return gradients[0]
    parts = name.split("/")
    above = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
    return next((outer for outer in above if outer in ops), name)
