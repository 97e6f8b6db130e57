"""Which part plays which role: what trains, what is minimised, where images and labels come in.

Found by following the graph. The student's own names are hints: they choose among what the graph allows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from netgrader.phrases import say
from netgrader.reader.find.losses import FUSED_LOSSES
from netgrader.reader.find.optimizers import FUSED, fused_name
from netgrader.reader.graph.nodes import node_of, words
from netgrader.reader.graph.source import GraphError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from netgrader.reader.graph.nodes import Node
    from netgrader.reader.graph.plain import Graph

#: Ops through which no gradient comes: what lies behind one is not what was minimised.
NOT_DIFFERENTIABLE = words(
    "ArgMax ArgMin Equal NotEqual Greater GreaterEqual Less LessEqual InTopK InTopKV2 Round Floor Ceil Sign Rint "
    "LogicalAnd LogicalOr LogicalNot StopGradient Shape Size Rank ZerosLike OnesLike ApproximateEqual IsNan "
    "IsFinite OneHot ScalarSummary HistogramSummary",
)
ASSIGNMENTS = words(
    "Assign AssignAdd AssignSub AssignVariableOp AssignAddVariableOp AssignSubVariableOp ScatterUpdate ScatterAdd "
    "ScatterSub ResourceScatterAdd ResourceScatterSub ResourceScatterUpdate",
)
PRODUCTS = words(
    "MatMul BatchMatMul BatchMatMulV2 BatchMatMulV3 SparseMatMul Einsum Conv2D Conv3D DepthwiseConv2dNative "
    "SparseTensorDenseMatMul Conv2DBackpropInput Conv3DBackpropInputV2",
)
#: Reads the places, the values and the shape of a sparse matrix, and then the weights.
SPARSE = "SparseTensorDenseMatMul"
#: Transposed convolutions: they read the shape of the result, and then weights and data.
TRANSPOSED = frozenset({"Conv2DBackpropInput", "Conv3DBackpropInputV2"})
_LABEL_FIRST = 2
#: Of more products than this, or ops that train apart from each other, a graph is no network of a course.
MAX_PRODUCTS = 4_000
MAX_TRAIN_OPS = 300


@dataclass(frozen=True)
class Update:
    """An op that changes a variable: by an optimizer's own op (`gradient`, `rate` are its inputs) or by assignment."""

    variable: str
    node: str
    kind: str
    gradient: str | None = None
    rate: str | None = None


@dataclass(frozen=True)
class Roles:
    """What was found: tensors, or ops for `train_op`; None where nothing plays the role.

    `losses` are all tensors that might be what is minimised, the likeliest first; `reasons` say why each was chosen, by the
    names that parts have in a student's network.
    """

    train_op: str | None = None
    updates: tuple[Update, ...] = ()
    losses: tuple[str, ...] = ()
    images: str | None = None
    labels: str | None = None
    label_candidates: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def loss(self) -> str | None:
        """The likeliest of the losses."""
        return self.losses[0] if self.losses else None


def update_of(graph: Graph, node: Node) -> Update | None:
    """The update that a node makes, if it makes one."""
    name = fused_name(node.op)
    if name is None and node.op not in ASSIGNMENTS:
        return None
    if not node.inputs:
        return None
    variable = _variable_behind(graph, node.inputs[0])
    if variable is None:
        return None
    if name is None:
        return Update(variable, node.name, node.op)
    fused = FUSED[name]
    count = len(node.inputs)
    gradient = node.inputs[fused.gradient] if fused.gradient < count else None
    rate = node.inputs[fused.rate] if fused.rate is not None and fused.rate < count else None
    return Update(variable, node.name, name, gradient, rate)


def all_updates(graph: Graph) -> list[Update]:
    """All updates in the graph, whatever runs them."""
    return [update for node in graph.nodes.values() if (update := update_of(graph, node)) is not None]


def _variable_behind(graph: Graph, tensor: str) -> str | None:
    for _ in range(50):
        node = graph[tensor]
        if node.name in graph.variables:
            return node.name
        if not node.inputs:
            return None
        tensor = node.inputs[0]
    return None


def updates_under(graph: Graph, train_op: str) -> tuple[Update, ...]:
    """All updates that running `train_op` makes."""
    tensor = train_op if train_op not in graph.nodes else train_op + ":0"
    names = sorted(graph.ancestor_nodes([tensor], control=True), key=graph.order.__getitem__)
    return tuple(update for name in names if (update := update_of(graph, graph.nodes[name])) is not None)


def uses_data(graph: Graph, update: Update, sources: Iterable[str]) -> bool:
    """Whether what an update writes depends on the data fed."""
    node = graph.nodes[update.node]
    return not graph.ancestors(node.inputs[1:]).isdisjoint(sources)


def is_linear_step(graph: Graph, node: Node) -> tuple[str, str] | None:
    """Data and weights, if the node is a product of one with the other: weights depend on variables, not on data."""
    if node.op not in PRODUCTS and node.op != "Mul":
        return None
    if len(node.inputs) < _LABEL_FIRST:
        return None
    if node.op == SPARSE and len(node.inputs) == 4:
        data, weights = node.inputs[1], node.inputs[3]
        return (data, weights) if node_of(data) in graph.fed and node_of(weights) in graph.varied else None
    first, second = node.inputs[1:3] if node.op in TRANSPOSED and len(node.inputs) == 3 else node.inputs[:2]
    one, other = node_of(first), node_of(second)
    if one in graph.fed and other in graph.varied and other not in graph.fed:
        return first, second
    if other in graph.fed and one in graph.varied and one not in graph.fed:
        return second, first
    return None


def find_roles(graph: Graph, hints: Mapping[str, str], pixels: int, classes: int) -> Roles:
    """Find the roles that following the graph can find.

    `hints` are what the student says: role → tensor or op; `pixels` and `classes` how wide images and one-hot labels are.
    """
    products = sum(1 for _ in graph.of_ops(PRODUCTS))
    if products > MAX_PRODUCTS:
        raise GraphError(say("The graph has {1:,} products; at most {2:,} are read.", products, MAX_PRODUCTS))
    sources = list(graph.rows)
    fed = [hints[key] for key in ("X", "Y") if hints.get(key) in graph and hints[key] not in sources]
    roles = _with_train_op(graph, hints, [*sources, *fed])
    roles = _with_losses(graph, hints, roles, [*sources, *fed])
    return _with_images_and_labels(graph, hints, roles, sources, pixels, classes)


def _with_train_op(graph: Graph, hints: Mapping[str, str], sources: list[str]) -> Roles:
    hint = hints.get("train_op")
    if hint is not None and hint in graph:
        under = updates_under(graph, hint)
        if any(update.gradient or uses_data(graph, update, sources) for update in under):
            reason = "named by the network, and it changes variables by what is fed"
            return Roles(hint, under, reasons={"train_op": reason})
    candidates = train_ops(graph)
    if not candidates:
        return Roles()
    last = max(candidates, key=lambda item: (item[1], graph.order[item[0]]))[0]
    return Roles(
        last, updates_under(graph, last), reasons={"train_op": "the last op that changes variables by what is fed"}
    )


def train_ops(graph: Graph) -> list[tuple[str, int]]:
    """The ops that nothing waits for and that change variables by what is fed, each with how many updates it makes."""
    every = all_updates(graph)
    training = {update.node for update in every if uses_data(graph, update, graph.rows)}
    weights = {name for _, operand in linear_steps(graph).values() for name in graph.variables_in(operand)}
    weighty = {update.node for update in every if update.node in training and update.variable in weights}
    # An optimizer that is given something without images and labels is a train op all the same.
    training = (
        weighty or training or {update.node for update in every if update.gradient and update.variable in weights}
    )
    if not training:
        return []
    found = []
    for node in graph.nodes.values():
        if graph.waiting.get(node.name) or any(graph.consumers.get(t) for t in graph.outputs[node.name]):
            continue
        count = len(graph.ancestor_nodes([node.name + ":0"], control=True) & training)
        if count:
            found.append((node.name, count))
        if len(found) == MAX_TRAIN_OPS:
            break
    return found


def linear_steps(
    graph: Graph, ops: Iterable[str] = (*PRODUCTS, "Mul"), inside: set[str] | None = None
) -> dict[str, tuple[str, str]]:
    """Data and weights of products by node: of all in the graph, or of those by some ops, among the nodes `inside`."""
    nodes = [node for node in graph.of_ops(ops) if inside is None or node.name in inside]
    return {node.name: found for node in nodes if (found := is_linear_step(graph, node))}


def _with_losses(graph: Graph, hints: Mapping[str, str], roles: Roles, sources: list[str]) -> Roles:
    """Find losses: what depends differentiably on a product of data and variables and on a source that comes in after it."""
    steps = linear_steps(graph, PRODUCTS)
    hint = hints.get("loss")
    named = hint is not None and hint in graph and ":" in hint
    if not steps or (named and hint not in graph.descendants([name + ":0" for name in steps])):
        steps |= linear_steps(graph, ["Mul"])  # a product may also be written element by element and summed
    reached = graph.descendants([name + ":0" for name in steps], past=NOT_DIFFERENTIABLE)
    reached |= _behind_stopped_labels(graph, steps)
    updating = graph.ancestors([t for update in roles.updates for t in graph.nodes[update.node].inputs[1:]])
    changing = {update.node for update in roles.updates}
    found: dict[str, list[str]] = {}
    for tensor in reached - updating:
        readers = [name for name in graph.consumers.get(tensor, []) if not _hands_on(graph, name)]
        is_end = node_of(tensor) not in changing and not any(f"{reader}:0" in reached for reader in readers)
        if node_of(tensor) in graph.untaken:
            continue  # where a branch that evaluation does not take ends, nothing is minimised
        if is_end and (late := _late_sources(graph, tensor, sources)):
            found[tensor] = late
    reason = "depends on the labels and, differentiably, on what the layers compute"
    if named and hint is not None and hint in reached:
        late = _late_sources(graph, hint, sources)
        above = graph.ancestor_nodes([hint])
        own = [graph.ancestor_nodes([tensor]) - above for tensor in found]
        # Where images are made with the labels, no source comes late; ends of the backward pass are no losses.
        if late or all(not names or any(_of_gradients(graph, name) for name in names) for names in own):
            found[hint] = late
            reason = "named by the network"
    elif named and hint is not None and _is_minimised(graph, hint, found, updating):
        found = {hint: [source for source in sources if source in graph.ancestors([hint])]}
        reason = "named by the network, and trained with"

    updated = {update.variable for update in roles.updates}
    trained = {name: not updated.isdisjoint(graph.variables_in(weights)) for name, (_, weights) in steps.items()}

    def rank(tensor: str) -> tuple[bool, bool, bool, int, int, bool, int]:
        above = graph.ancestor_nodes([tensor])
        fused = any(graph.nodes[name].op in FUSED_LOSSES for name in above)
        inside = [trained[name] for name in above & trained.keys()]
        # Of a loss in training and one in evaluation, each with labels of its own, the one whose labels reach the steps.
        apart = updating.isdisjoint(found[tensor])
        backward = any(_of_gradients(graph, name) for name in above)
        return tensor != hint, apart, backward, -sum(inside), inside.count(False), not fused, len(above)

    if not found:
        return roles
    losses = tuple(sorted(found, key=rank))
    return replace(roles, losses=losses, reasons={**roles.reasons, "loss": reason})


def _is_minimised(graph: Graph, named: str, others: Iterable[str], updating: set[str]) -> bool:
    """Whether updates need what only the loss that is `named` is made of, and of no other candidate what is its own.

    So it is of a loss that gathers rows of the last weights by the labels (Mikolov et al., 2013): no product leads to it.
    """
    above = graph.ancestors([named])
    if node_of(named) not in graph.fed or node_of(named) not in graph.varied or not above & updating:
        return False
    beside = {tensor: graph.ancestors([tensor]) for tensor in others}
    own = above.difference(*beside.values()) & updating
    return not beside or (bool(own) and not any((other - above) & updating for other in beside.values()))


def _behind_stopped_labels(graph: Graph, steps: Iterable[str]) -> set[str]:
    """What follows from a cross-entropy that is given scores as labels: its older function takes no gradient of those.

    So there is no gradient at all, and no step that minimises it.
    """
    above = graph.descendants([name + ":0" for name in steps])
    swapped = [n for n in graph.of_ops(FUSED_LOSSES) if n.inputs[1] in above and n.inputs[0] not in above]
    return graph.descendants([node.name + ":0" for node in swapped], past=NOT_DIFFERENTIABLE)


def _of_gradients(graph: Graph, name: str) -> bool:
    """Whether only the gradient of a loss has such a node: then what comes out of it at an end is no loss."""
    node = graph.nodes[name]
    return node.op.endswith("Grad") or any(node_of(t) in graph.nodes and _is_backprop(graph, t) for t in node.inputs)


def _is_backprop(graph: Graph, tensor: str) -> bool:
    op = graph[tensor].op
    return op == "BroadcastGradientArgs" or (op in FUSED_LOSSES and tensor.endswith(":1"))


def _hands_on(graph: Graph, name: str) -> bool:
    """Whether a node only gives what it reads another name that nobody uses."""
    node = graph.nodes[name]
    return node.op in ("Identity", "IdentityN") and not any(graph.consumers.get(t) for t in graph.outputs[name])


def _late_sources(graph: Graph, tensor: str, sources: list[str]) -> list[str]:
    """The sources that reach `tensor` but none of the products with variables on its way."""
    above = graph.ancestors([tensor])
    early = _data_of(graph, linear_steps(graph, PRODUCTS, {node_of(t) for t in above}))
    return [source for source in sources if source in above and source not in early]


def _data_of(graph: Graph, steps: Mapping[str, tuple[str, str]]) -> set[str]:
    """All that the data of products is made from."""
    return graph.ancestors([data for data, _ in steps.values()])


def _with_images_and_labels(
    graph: Graph, hints: Mapping[str, str], roles: Roles, sources: list[str], pixels: int, classes: int
) -> Roles:
    named_images, named_labels = ([hints[part]] if hints.get(part) in graph else [] for part in ("X", "Y"))
    late: list[str] = []
    if roles.loss is None:
        early = _data_of(graph, linear_steps(graph))
        read = [s for s in sources if s in early and _holds(graph, s, pixels)]
        unread = [s for s in sources if s not in early and _labels(graph, s, classes)]
        images, x_why = _first((named_images, "named by the network"), (read, "the layers read it"))
        labels, y_why = _first(
            (named_labels, "named by the network"), (unread, "it has the shape of labels, and no layer reads it")
        )
    else:
        above = graph.ancestors([roles.loss])
        inside = {node_of(t) for t in above}
        early = _data_of(graph, linear_steps(graph, PRODUCTS, inside) or linear_steps(graph, ["Mul"], inside))
        read = [source for source in sources if source in early]
        read.sort(key=lambda s: (not _holds(graph, s, pixels), graph.static_shape(s) is None))
        images, x_why = _first(
            ([hint for hint in named_images if hint in early], "named by the network, and the first layer reads it"),
            (read, "the layers read it"),
            ([hint for hint in named_images if hint in above], "named by the network, and the loss reads it"),
        )
        late = [source for source in sources if source in above and source not in early]
        late.sort(key=lambda s: (not _labels(graph, s, classes), graph.static_shape(s) is None))
        rest = [source for source in sources if source in above and source != images]
        rest.sort(key=lambda s: not _labels(graph, s, classes))
        named = [hint for hint in named_labels if hint in above and hint != images]
        labels, y_why = _first(
            (named, "named by the network, and the loss reads it"),
            (late, "the loss reads it, the layers do not"),
            (rest, "the loss reads it"),
        )
    reasons = {**roles.reasons, "X": x_why, "Y": y_why}
    return replace(roles, images=images, labels=labels, label_candidates=tuple(late), reasons=reasons)


def _first(*options: tuple[Sequence[str], str]) -> tuple[str | None, str]:
    """The first tensor of the first of several lists that has any, and why it is taken."""
    return next(((tensors[0], reason) for tensors, reason in options if tensors), (None, ""))


def _holds(graph: Graph, source: str, pixels: int) -> bool:
    shape = graph.static_shape(source)
    return bool(shape) and math.prod(length or 1 for length in shape or ()) % pixels == 0


def _labels(graph: Graph, source: str, classes: int) -> bool:
    shape = graph.static_shape(source)
    return shape is not None and (classes in shape or len(shape) == 1)
