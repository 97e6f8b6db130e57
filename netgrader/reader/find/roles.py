"""Which part plays which role: what trains, what is minimised, where images and labels come in.

Found by following the graph. The student's own names are hints: they choose among what the graph allows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import islice, permutations
from typing import TYPE_CHECKING

from netgrader.reader.find.losses import FUSED_LOSSES
from netgrader.reader.find.optimizers import FUSED, fused_name
from netgrader.reader.graph.functions import BRANCHES, LOOPS
from netgrader.reader.graph.nodes import node_of, words
from netgrader.reader.graph.source import GraphError
from netgrader.text import Said, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

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
#: Functions that are not written out: what they compute is not decided.
HIDING = BRANCHES + LOOPS
#: Where a product has data and weights, where they are not its first two inputs.
_OPERANDS = {SPARSE: (1, 3), **dict.fromkeys(TRANSPOSED, (1, 2))}
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
    reasons: Mapping[str, Said] = field(default_factory=dict)

    @property
    def loss(self) -> str | None:
        """The likeliest of the losses."""
        return next(iter(self.losses), None)


def update_of(graph: Graph, node: Node) -> Update | None:
    """Return the update that a node makes, if it makes one."""
    name = fused_name(node.op)
    if (name is None and node.op not in ASSIGNMENTS) or not node.inputs:
        return None
    behind = graph.walked(node.inputs[:1], lambda tensor: graph[tensor].inputs[:1])
    variable = next(filter(graph.variables.__contains__, map(node_of, behind)), None)
    if variable is None or name is None:
        return None if variable is None else Update(variable, node.name, node.op)
    inputs: dict[int | None, str] = dict(enumerate(node.inputs))
    return Update(variable, node.name, name, inputs.get(FUSED[name].gradient), inputs.get(FUSED[name].rate))


def all_updates(graph: Graph) -> list[Update]:
    """Return all updates in the graph, run by any op or none."""
    return [update for node in graph.nodes.values() if (update := update_of(graph, node)) is not None]


def updates_under(graph: Graph, train_op: str) -> tuple[Update, ...]:
    """Return all updates that running `train_op` makes."""
    names = graph.ancestor_nodes([f"{graph[train_op].name}:0"], control=True)
    updates = filter(None, (update_of(graph, graph.nodes[name]) for name in names))
    return tuple(sorted(updates, key=lambda update: graph.order[update.node]))


def written(graph: Graph, updates: Iterable[Update]) -> set[str]:
    """Return all that what updates write is made from."""
    return graph.ancestors([tensor for update in updates for tensor in graph.nodes[update.node].inputs[1:]])


def uses_data(graph: Graph, update: Update, sources: Iterable[str]) -> bool:
    """Whether what an update writes depends on the data fed."""
    return not written(graph, [update]).isdisjoint(sources)


def is_linear_step(graph: Graph, node: Node) -> tuple[str, str] | None:
    """Return data and weights, if the node is a product of both: weights depend on variables, not on data."""
    if node.op not in PRODUCTS and node.op != "Mul":
        return None
    first, last = _OPERANDS.get(node.op, (0, 1))
    for data, weights in permutations(node.inputs[first : last + 1 : last - first], 2):
        if node_of(data) in graph.fed and node_of(weights) in graph.varied - graph.fed:
            return data, weights
    return None


def linear_steps(
    graph: Graph, ops: Iterable[str] = (*PRODUCTS, "Mul"), inside: Iterable[str] | None = None
) -> dict[str, tuple[str, str]]:
    """Return data and weights of products by node: of all in the graph, or of those by some ops, among the nodes `inside`."""
    among = graph.nodes.keys() if inside is None else set(inside)
    nodes = (node for node in graph.of_ops(ops) if node.name in among)
    return {node.name: found for node in nodes if (found := is_linear_step(graph, node))}


def find_roles(graph: Graph, hints: Mapping[str, str], pixels: int, classes: int) -> Roles:
    """Find the roles that following the graph can find.

    `hints` are what the student says: role → tensor or op; `pixels` and `classes` how wide images and one-hot labels are.
    """
    products = len(list(graph.of_ops(PRODUCTS)))
    if products > MAX_PRODUCTS:
        raise GraphError(
            Text(
                "The graph has {products:,} products; at most {max_products:,} are read.",
                products=products,
                max_products=MAX_PRODUCTS,
            )
        )
    fed = [hint for hint in (hints.get("X"), hints.get("Y")) if hint is not None and hint in graph]
    sources = [*dict.fromkeys((*graph.rows, *fed))]
    roles = _with_train_op(graph, hints, sources)
    roles = _with_losses(graph, hints.get("loss"), roles, sources)
    return _with_images_and_labels(graph, hints, roles, pixels, classes)


def _with_train_op(graph: Graph, hints: Mapping[str, str], sources: list[str]) -> Roles:
    hint = hints.get("train_op")
    under = updates_under(graph, hint) if hint in graph and hint is not None else ()
    if any(update.gradient or uses_data(graph, update, sources) for update in under):
        reason = Text("named by the network, and it changes variables by what is fed")
        return Roles(hint, under, reasons={"train_op": reason})
    candidates = train_ops(graph)
    if not candidates:
        return Roles()
    last, _ = max(candidates, key=lambda item: (item[1], graph.order[item[0]]))
    return Roles(
        last,
        updates_under(graph, last),
        reasons={"train_op": Text("the last op that changes variables by what is fed")},
    )


def train_ops(graph: Graph) -> list[tuple[str, int]]:
    """Return the ops that nothing waits for and that change variables by what is fed, each with how many updates it makes."""
    every = all_updates(graph)
    weights = {name for _, operand in linear_steps(graph).values() for name in graph.variables_in(operand)}
    by_data = {update.node for update in every if uses_data(graph, update, graph.rows)}
    of_weights = {update.node for update in every if update.variable in weights}
    # An optimizer that is given something without images and labels is a train op all the same.
    by_gradient = {update.node for update in every if update.gradient}
    training = (by_data & of_weights) or by_data or (by_gradient & of_weights)
    idle = graph.nodes.keys() - graph.waiting.keys() - set(map(node_of, graph.consumers))
    counts = (
        (name, len(graph.ancestor_nodes([f"{name}:0"], control=True) & training))
        for name in graph.nodes
        if name in idle
    )
    return list(islice((item for item in counts if item[1]), MAX_TRAIN_OPS)) if training else []


# Losses ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Candidate:
    """A tensor that may be what is minimised, and what speaks for it."""

    tensor: str
    named: bool
    """Whether the student calls it the loss."""
    updates: bool
    """Whether its own labels reach what the training steps write: another loss may be for evaluation."""
    trained: int
    untrained: int
    """How many products of weights that the steps move it is made from, and of others."""
    fused: bool
    """Whether a cross-entropy of TensorFlow's is in it."""
    nodes: int
    """How many nodes it is made from."""


#: What decides between candidates, the weightiest first; the largest value is the likeliest.
_LOSS_TERMS: tuple[tuple[str, Callable[[_Candidate], float]], ...] = (
    ("named", lambda one: one.named),
    ("labels-reach-steps", lambda one: one.updates),
    ("trained-layers", lambda one: one.trained),
    ("no-other-layers", lambda one: -one.untrained),
    ("fused", lambda one: one.fused),
    ("shortest", lambda one: -one.nodes),
)


def _with_losses(graph: Graph, hint: str | None, roles: Roles, sources: list[str]) -> Roles:
    """Find losses: what depends differentiably on a product of data and variables and on a source that comes in after it."""
    steps = linear_steps(graph)
    updating = written(graph, roles.updates)
    hidden = () if steps else graph.of_ops(HIDING)
    starts = [*(f"{name}:0" for name in steps), *(tensor for node in hidden for tensor in graph.outputs[node.name])]
    made = graph.descendants(starts, past=NOT_DIFFERENTIABLE) | _of_stopped_labels(graph, steps)
    late = {tensor: _late_sources(graph, tensor, sources) for tensor in _ends(graph, made, roles, updating)}
    late = {tensor: found for tensor, found in late.items() if found and not _of_gradients(graph, tensor)}
    reason = Text("depends on the {labels} and, differentiably, on what the layers compute")
    own = _late_sources(graph, hint, sources) if hint in made and hint is not None else []
    if hint in made and hint is not None and (own or not late):
        late, reason = {**late, hint: own}, Text("named by the network")
    moved = {update.variable for update in roles.updates}
    trained = {name for name, (_, weights) in steps.items() if not moved.isdisjoint(graph.variables_in(weights))}

    def candidate(tensor: str) -> _Candidate:
        above = graph.ancestor_nodes([tensor])
        inside = above & steps.keys()
        fused = any(graph.nodes[name].op in FUSED_LOSSES for name in above)
        reaches = not updating.isdisjoint(late[tensor])
        return _Candidate(
            tensor, tensor == hint, reaches, len(inside & trained), len(inside - trained), fused, len(above)
        )

    ranked = sorted(map(candidate, late), key=lambda one: [-value(one) for _, value in _LOSS_TERMS])
    reasons = {**roles.reasons, **({"loss": reason} if ranked else {})}
    return replace(roles, losses=tuple(one.tensor for one in ranked), reasons=reasons)


def _ends(graph: Graph, made: set[str], roles: Roles, updating: set[str]) -> Iterator[str]:
    """Yield where what is `made` from layers ends: not in an update, nor in a branch that evaluation does not take."""
    closed = graph.untaken | {update.node for update in roles.updates}
    read = {tensor for one in made for tensor in graph[one].inputs}
    return (tensor for tensor in made - updating - read if node_of(tensor) not in closed)


def _of_stopped_labels(graph: Graph, steps: Iterable[str]) -> set[str]:
    """Return what follows from a cross-entropy that is given scores as labels: its older function takes no gradient of those.

    So there is no gradient at all, and no step that minimises it.
    """
    above = graph.descendants([f"{name}:0" for name in steps])
    swapped = [n.name for n in graph.of_ops(FUSED_LOSSES) if n.inputs[1] in above and n.inputs[0] not in above]
    return graph.descendants([f"{name}:0" for name in swapped], past=NOT_DIFFERENTIABLE)


def _of_gradients(graph: Graph, tensor: str) -> bool:
    """Whether only the gradient of a loss is made so: then what comes out of it at an end is no loss."""
    above = graph.ancestors([tensor])
    backward = {f"{node.name}:1" for node in graph.of_ops(FUSED_LOSSES)}
    return not above.isdisjoint(backward) or any(graph[one].op.endswith(("Grad", "GradientArgs")) for one in above)


def _late_sources(graph: Graph, tensor: str, sources: Iterable[str]) -> list[str]:
    """Return the sources that reach `tensor` but none of the products with variables on its way."""
    above = graph.ancestors([tensor])
    early = _data_of(graph, linear_steps(graph, PRODUCTS, map(node_of, above)))
    return [source for source in sources if source in above - early]


def _data_of(graph: Graph, steps: Mapping[str, tuple[str, str]]) -> set[str]:
    """Return all that the data of products is made from."""
    return graph.ancestors([data for data, _ in steps.values()])


# Images and labels -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Source:
    """A tensor that may be fed images, or labels, and what speaks for it."""

    tensor: str
    named: bool
    early: bool
    """Whether the student names it, and whether layers read it."""
    fits: bool
    shaped: bool
    """Whether its shape is that of the role, and whether it has one at all."""


#: What decides between sources for a part, the weightiest first.
_SOURCE_TERMS: Mapping[str, tuple[Callable[[_Source], bool], ...]] = {
    "X": (lambda one: one.early, lambda one: one.named, lambda one: one.fits, lambda one: one.shaped),
    "Y": (lambda one: one.named, lambda one: not one.early, lambda one: one.fits, lambda one: one.shaped),
}
#: Why a source was chosen, by whether the student names it.
_REASONS = {
    "X": {True: Text("named by the network"), False: Text("the layers read it")},
    "Y": {True: Text("named by the network"), False: Text("the loss reads it, the layers do not")},
}


def _with_images_and_labels(graph: Graph, hints: Mapping[str, str], roles: Roles, pixels: int, classes: int) -> Roles:
    """Find what is fed images and labels: of what the loss reads, or of all, where there is none."""
    inside = graph.ancestors([roles.loss]) if roles.loss else {f"{name}:0" for name in graph.nodes} | set(graph.sources)
    names = [*map(node_of, inside)]
    early = _data_of(graph, linear_steps(graph, PRODUCTS, names) or linear_steps(graph, ["Mul"], names))
    early = early or graph.ancestors([read for node in graph.of_ops(HIDING) for read in node.inputs])

    def ranked(part: str, fits: Callable[[Graph, str, int], bool], size: int) -> list[_Source]:
        """What may be fed for a part, the likeliest first."""
        named = inside.intersection([hints.get(part, "")])
        tensors = [tensor for tensor in dict.fromkeys((*graph.rows, *named)) if tensor in inside]
        shaped = {tensor: graph.static_shape(tensor) is not None for tensor in tensors}
        found = [_Source(one, one in named, one in early, fits(graph, one, size), shaped[one]) for one in tensors]
        return sorted(found, key=lambda one: [not value(one) for value in _SOURCE_TERMS[part]])

    sure = roles.loss is not None
    image = _first(one for one in ranked("X", _holds, pixels) if one.named or (one.early and (sure or one.fits)))
    others = [one for one in ranked("Y", _labels, classes) if one.tensor != image.tensor]
    label = _first(one for one in others if sure or one.named or (one.fits and not one.early))
    return replace(
        roles,
        images=image.tensor or None,
        labels=label.tensor or None,
        label_candidates=tuple(one.tensor for one in others if sure and not one.early),
        reasons={**roles.reasons, "X": _REASONS["X"][image.named], "Y": _REASONS["Y"][label.named]},
    )


def _first(sources: Iterator[_Source]) -> _Source:
    """Return the first source; one without a name where there is none."""
    return next(sources, _Source("", named=False, early=False, fits=False, shaped=False))


def _holds(graph: Graph, source: str, pixels: int) -> bool:
    shape = graph.static_shape(source)
    return bool(shape) and math.prod(length or 1 for length in shape or ()) % pixels == 0


def _labels(graph: Graph, source: str, classes: int) -> bool:
    shape = graph.static_shape(source)
    return shape is not None and (classes in shape or len(shape) == 1)
