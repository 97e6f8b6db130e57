"""What of a TensorFlow graph is worth drawing: boxes for scopes, and nodes that each stand for one or many ops.

A network of one layer already has 147 ops, of which a reader cares for a dozen. Ops that only serve another one become
part of it, gradients and optimizer become one node, and scopes are folded until the rest fits a page. Names decide what
belongs together, as TensorFlow gives them: this is for drawings, where a wrong guess costs clarity, and never for verdicts.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
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
_SAVING = frozenset({"SaveV2", "RestoreV2", "ShardedFilename", "MergeV2Checkpoints"})
_ASSIGNING = frozenset({"Assign", "AssignVariableOp"})
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


@dataclass(frozen=True)
class Scope:
    """A box of the drawing, with what is in it; the whole drawing is the scope with the empty name."""

    name: str
    label: str
    children: tuple[OutlineNode | Scope, ...]

    def nodes(self) -> Iterator[OutlineNode]:
        """All nodes in it, those of inner scopes included."""
        for child in self.children:
            if isinstance(child, OutlineNode):
                yield child
            else:
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
    at = {owner: stands_for[name] for name, owner in groups.owner.items() if owner != LEFT_OUT}
    edges = [(at[source], at[target]) for source, target in _edges(ops, groups)]
    return Outline(
        root=Scope("", "", tuple(_tree(drawn, ""))),
        edges=tuple(edge for edge in dict.fromkeys(edges) if edge[0] != edge[1]),
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
        n_variables = len({next(data_inputs(ops[name]), name) for name in members if "Apply" in ops[name].op})
        updates = "updates 1 variable" if n_variables == 1 else f"updates {n_variables} variables"
        detail = f"gradients and optimizer, {len(members)} operations\n{updates}{_rate(members, ops)}"
        return OutlineNode(owner, Kind.FOLDED, label, detail, tuple(members))
    if owner in groups.gradients:
        return OutlineNode(owner, Kind.FOLDED, label, f"gradients, {len(members)} operations", tuple(members))
    node = ops[owner]
    shape = _shape(node)
    if node.op in VARIABLE_OPS:
        return OutlineNode(owner, Kind.VARIABLE, label, _joined("variable", _variable_shape(node)), tuple(members))
    if node.op.startswith("Placeholder"):
        return OutlineNode(owner, Kind.PLACEHOLDER, label, _joined("placeholder", shape), tuple(members))
    if node.op == "Const":
        return OutlineNode(owner, Kind.CONSTANT, label, _joined("constant", _value(node) or shape), tuple(members))
    kind = _NOISE.sub("", node.op)
    same = re.sub(r"_\d+$|_", "", label).lower() == kind.lower()
    return OutlineNode(owner, Kind.OPERATION, label, _joined("" if same else kind, shape), tuple(members))


def _joined(first: str, second: str) -> str:
    return ", ".join(part for part in (first, second) if part)


def _rate(members: Sequence[str], ops: Mapping[str, Any]) -> str:
    for name in members:
        if name.endswith("/learning_rate") and ops[name].op == "Const":
            return f", learning rate {_value(ops[name])}"
    return ""


def _shape(node: Any) -> str:
    shapes = node.attr["_output_shapes"].list.shape if "_output_shapes" in node.attr else ()
    return _sizes(shapes[0]) if shapes else ""


def _variable_shape(node: Any) -> str:
    return _sizes(node.attr["shape"].shape) if "shape" in node.attr else ""


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
    if tensor.tensor_shape.dim:
        return ""
    for numbers in (tensor.float_val, tensor.double_val, tensor.int_val, tensor.int64_val):
        if len(numbers) == 1:
            return f"{numbers[0]:.6g}"
    return ""


def _edges(ops: Mapping[str, Any], groups: Groups) -> Iterator[tuple[str, str]]:
    """Edges between owners. Of what goes into gradients, which is nearly everything, only what is differentiated."""
    opaque = groups.training | groups.gradients
    users = groups.consumers()
    for target in sorted(opaque):
        of = differentiated(ops, groups, target)
        if of is not None and groups.owner[of] not in {target, LEFT_OUT}:
            yield groups.owner[of], target
    for name, node in ops.items():
        target = groups.owner[name]
        for each in data_inputs(node):
            source = groups.owner.get(each, LEFT_OUT)
            if LEFT_OUT in {source, target}:
                continue
            if target not in opaque or source in opaque or users[source] <= opaque:
                yield source, target


def _folded(nodes: Sequence[OutlineNode], max_nodes: int) -> list[OutlineNode]:
    """`nodes`, with scopes folded into one node each until there are at most `max_nodes`, or no scope is left."""
    drawn = list(nodes)
    while len(drawn) > max_nodes:
        sizes = Counter(node.name.rpartition("/")[0] for node in drawn)
        del sizes[""]
        inner = {scope: sum(n for other, n in sizes.items() if _within(other, scope)) for scope in sizes}
        foldable = {scope: n for scope, n in inner.items() if n > 1}
        if not foldable:
            break
        # Deep scopes hold what a library made; of those at the same depth the largest wins most. What is called the
        # same but for a number is folded with it: a reader takes two drawings of one thing for two things.
        scope = max(foldable, key=lambda scope: (scope.count("/"), foldable[scope]))
        for alike in [other for other in foldable if _unnumbered(other) == _unnumbered(scope)]:
            drawn = _fold(drawn, alike)
    return drawn if len(drawn) <= max_nodes else _only_ends(drawn)


def _unnumbered(scope: str) -> str:
    return re.sub(r"_\d+(?=/|$)", "", scope)


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
    rest = [node for node in nodes if node.kind not in {Kind.OPERATION, Kind.CONSTANT}]
    if not members:
        return rest
    return [*rest, OutlineNode(operations[0].name, Kind.FOLDED, "operations", f"{len(members)} operations", members)]


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
    """

    def __init__(self, ops: Mapping[str, Any]) -> None:
        self._ops = ops
        self.owner: dict[str, str] = {name: _named_like(name, ops) for name in ops}
        self.training: set[str] = set()
        self.gradients: set[str] = set()

    def move(self, old: str, new: str) -> None:
        """Give everything that `old` owns to `new`."""
        for name, owner in self.owner.items():
            if owner == old:
                self.owner[name] = new

    def consumers(self) -> dict[str, set[str]]:
        """Owners that use something of an owner, by the latter."""
        users: dict[str, set[str]] = defaultdict(set)
        for name, node in self._ops.items():
            for source in data_inputs(node):
                if source in self.owner and self.owner[source] != self.owner[name]:
                    users[self.owner[source]].add(self.owner[name])
        return users


def group(ops: Mapping[str, Any]) -> Groups:
    """Find an owner for each op of `ops`, NodeDefs by name."""
    groups = Groups(ops)
    _leave_out_housekeeping(groups, ops)
    _gather_gradients(groups, ops)
    _gather_training(groups, ops)
    _give_variables_their_values(groups, ops)
    _hide_arguments(groups, ops)
    return groups


def data_inputs(node: Any) -> Iterator[str]:
    """Names of the ops whose outputs `node` uses; control inputs left out."""
    for each in node.input:
        if not each.startswith("^"):
            yield each.partition(":")[0]


def differentiated(ops: Mapping[str, Any], groups: Groups, owner: str) -> str | None:
    """The op whose gradient is taken in `owner`: the first that TensorFlow names a gradient op after."""
    for name in ops:
        found = _DIFFERENTIATED.search(name)
        if groups.owner[name] == owner and found and found[1] in ops:
            return found[1]
    return None


def _named_like(name: str, ops: Mapping[str, Any]) -> str:
    """The outermost op that `name` lies under, as in ``W/read`` under ``W``; the op itself if there is none."""
    end = name.find("/")
    while end != -1:
        if name[:end] in ops:
            return name[:end]
        end = name.find("/", end + 1)
    return name


def _leave_out_housekeeping(groups: Groups, ops: Mapping[str, Any]) -> None:
    for name, node in ops.items():
        starts = [each[1:].partition(":")[0] for each in node.input if each.startswith("^")]
        only_starts = node.op == "NoOp" and len(starts) == len(node.input)
        if only_starts and all(each in ops and ops[each].op in {*_ASSIGNING, "NoOp"} for each in starts):
            groups.owner[name] = LEFT_OUT
        elif node.op in _SAVING:
            scope = name.rpartition("/")[0]
            for other in ops:
                if other == name or (scope and other.startswith(scope + "/")):
                    groups.owner[other] = LEFT_OUT


def _gather_gradients(groups: Groups, ops: Mapping[str, Any]) -> None:
    for name in ops:
        found = _GRADIENTS.match(name)
        if found and groups.owner[name] != LEFT_OUT:
            groups.owner[name] = found[0]
            groups.gradients.add(found[0])


def _gather_training(groups: Groups, ops: Mapping[str, Any]) -> None:
    groups.training = {groups.owner[name] for name, node in ops.items() if _APPLYING.match(node.op)} - {LEFT_OUT}
    users = groups.consumers()
    for gradients in sorted(groups.gradients):
        optimizers = users[gradients] & groups.training
        if optimizers:
            groups.gradients.discard(gradients)
            groups.move(gradients, min(optimizers))
    users = groups.consumers()
    for name, node in ops.items():  # Adam's counters, and its slots where they have a scope of their own
        used_by = users[groups.owner[name]]
        if node.op in VARIABLE_OPS and used_by and used_by <= groups.training:
            groups.move(groups.owner[name], min(used_by))


def _give_variables_their_values(groups: Groups, ops: Mapping[str, Any]) -> None:
    """What serves to initialise one variable, and nothing else, becomes part of it."""
    variables = {groups.owner[name] for name, node in ops.items() if node.op in VARIABLE_OPS}
    assigned: dict[str, set[str]] = defaultdict(set)
    for name, node in ops.items():
        if node.op in _ASSIGNING and groups.owner[name] in variables:
            assigned[groups.owner[name]] |= {groups.owner.get(source, LEFT_OUT) for source in data_inputs(node)}
    todo = [(variable, source) for variable, sources in assigned.items() for source in sources]
    while todo:
        variable, source = todo.pop()
        if source in {variable, LEFT_OUT} or source in variables | groups.training:
            continue
        if groups.consumers()[source] <= {variable}:
            members = [name for name, owner in groups.owner.items() if owner == source]
            if any(ops[name].op.startswith("Placeholder") for name in members):
                continue
            groups.move(source, variable)
            todo += [(variable, groups.owner[each]) for name in members for each in data_inputs(ops[name])]


def _hide_arguments(groups: Groups, ops: Mapping[str, Any]) -> None:
    """Integers that TensorFlow made for an op of its own, the axes of a sum, say, become part of that op."""
    users = groups.consumers()
    for name, node in ops.items():
        made_for = users[name] - groups.training - groups.gradients or users[name]
        if node.op == "Const" and _MADE_BY_TENSORFLOW.fullmatch(name) and node.attr["dtype"].type in _INTEGERS:
            groups.owner[name] = min(made_for) if made_for else LEFT_OUT
