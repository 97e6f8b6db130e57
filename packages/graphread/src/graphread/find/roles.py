"""Assign roles: the op that trains, the tensor that is minimized, and the inputs of images and labels.

Static analysis finds them. The student's own names are hints: they choose among what the graph allows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice, permutations
from operator import itemgetter
from typing import TYPE_CHECKING

from graphread.find.losses import FUSED_LOSSES
from graphread.find.optimizers import FUSED, FUSED_OPS
from graphread.graph.functions import BRANCHES, LOOPS
from graphread.graph.nodes import node_of, words
from graphread.graph.source import require_at_most
from graphread.text import Said, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

    from graphread.graph.nodes import Node
    from graphread.graph.plain import Graph

#: Ops that pass no gradient: the result of one cannot be the minimized tensor.
NOT_DIFFERENTIABLE = words(
    "ArgMax ArgMin Equal NotEqual Greater GreaterEqual Less LessEqual InTopK InTopKV2 Round Floor Ceil Sign Rint "
    "LogicalAnd LogicalOr LogicalNot Shape Size Rank ZerosLike OnesLike ApproximateEqual IsNan "
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
#: Inputs: indices, values and shape of a sparse matrix, then the weights.
SPARSE = "SparseTensorDenseMatMul"
#: Transposed convolutions, with inputs: shape of the result, weights, data.
TRANSPOSED = frozenset({"Conv2DBackpropInput", "Conv3DBackpropInputV2"})
#: Functions that are not inlined: what they compute is undecided.
HIDING = BRANCHES + LOOPS
#: Indexes of data and weights, for products in which these are not the first two inputs.
_OPERANDS = {SPARSE: (1, 3), **dict.fromkeys(TRANSPOSED, (1, 2))}
#: Ops that change a variable → kind of update, input indexes of gradient and learning rate; -1 for none.
_UPDATES = {
    **{op: (op, -1, -1) for op in ASSIGNMENTS},
    **{op: (name, FUSED[name].gradient, FUSED[name].rate) for op, name in FUSED_OPS.items()},
}
#: Limits on products and on separate train ops; a course's network stays below.
MAX_PRODUCTS = 4_000
MAX_TRAIN_OPS = 300


@dataclass(frozen=True)
class Update:
    """An op that changes a variable: an optimizer's (`gradient`, `rate` are inputs) or an assignment."""

    variable: str
    node: str
    kind: str
    gradient: str | None = None
    rate: str | None = None


@dataclass(frozen=True)
class Roles:
    """The roles: tensors, or an op for `train_op`; None for a role that nothing plays.

    `losses` are all tensors that may be the minimized one, likeliest first; `reasons` explain each choice, by the names of
    parts in a student's network.
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
        """Return the likeliest loss."""
        return next(iter(self.losses), None)

    @property
    def updated(self) -> set[str]:
        """Return the variables that training changes."""
        return {update.variable for update in self.updates}

    @property
    def fused(self) -> list[Update]:
        """Return the updates by optimizer ops, which receive gradients."""
        return [update for update in self.updates if update.gradient]

    @property
    def gradients(self) -> dict[str, str]:
        """Return the gradients that optimizer ops receive, by variable."""
        return {update.variable: str(update.gradient) for update in self.fused}


def update_of(graph: Graph, node: Node) -> Update | None:
    """Return the update that a node performs, or None."""
    rule = _UPDATES.get(node.op)
    if rule is None:
        return None
    kind, gradient, rate = rule
    behind = graph.walked(node.inputs[:1], lambda tensor: graph[tensor].inputs[:1])
    variable = next(filter(graph.variables.__contains__, map(node_of, behind)), None)
    inputs = dict(enumerate(node.inputs))
    return None if variable is None else Update(variable, node.name, kind, inputs.get(gradient), inputs.get(rate))


def all_updates(graph: Graph) -> list[Update]:
    """Return all updates in the graph, whether or not any op runs them."""
    return [*filter(None, (update_of(graph, node) for node in graph.nodes.values()))]


def moved_by_gradients(updates: Iterable[Update]) -> set[str]:
    """Return the variables that optimizers update."""
    return {update.variable for update in updates if update.gradient}


def updates_under(graph: Graph, train_op: str) -> tuple[Update, ...]:
    """Return all updates that running `train_op` performs."""
    names = graph.ancestor_nodes([f"{graph[train_op].name}:0"], control=True)
    updates = filter(None, (update_of(graph, graph.nodes[name]) for name in names))
    return tuple(sorted(updates, key=lambda update: graph.order[update.node]))


def updates_of(graph: Graph, names: Iterable[str]) -> list[Update]:
    """Return the updates that running these names performs; none for names that are not in the graph."""
    return [update for name in filter(graph.__contains__, names) for update in updates_under(graph, name)]


def written(graph: Graph, updates: Iterable[Update]) -> set[str]:
    """Return all tensors from which the updates compute the values that they write."""
    return graph.ancestors([tensor for update in updates for tensor in graph.nodes[update.node].inputs[1:]])


def uses_data(graph: Graph, update: Update, sources: Iterable[str]) -> bool:
    """Whether the values that an update writes depend on fed data."""
    return not written(graph, [update]).isdisjoint(sources)


def _operands(graph: Graph, node: Node) -> tuple[str, str] | None:
    """Return a product's data, which depend on fed rows, and weights, which do not; None for others."""
    first, last = _OPERANDS.get(node.op, (0, 1))
    for data, weights in permutations(node.inputs[first : last + 1 : last - first], 2):
        if node_of(data) in graph.fed and node_of(weights) in graph.varied - graph.fed:
            return data, weights
    return None


def linear_steps(
    graph: Graph, ops: Iterable[str] = (*PRODUCTS, "Mul"), inside: Iterable[str] | None = None
) -> dict[str, tuple[str, str]]:
    """Return data and weights of products by node: of all, of some ops, or of nodes `inside`."""
    among = graph.nodes.keys() if inside is None else set(inside)
    nodes = graph.of_ops(ops)
    return {node.name: found for node in nodes if node.name in among and (found := _operands(graph, node))}


def find_roles(graph: Graph, hints: Mapping[str, str], pixels: int, classes: int) -> Roles:
    """Return the roles that static analysis can find.

    `hints` are the student's names: role → tensor or op; ``chosen`` is a train op that the reader chose among several. `pixels`
    and `classes` are the widths of images and one-hot labels.
    """
    products = len(list(graph.of_ops(PRODUCTS)))
    require_at_most(
        products,
        MAX_PRODUCTS,
        Text(
            "The graph has {products:,} products; at most {max_products:,} are read.",
            products=products,
            max_products=MAX_PRODUCTS,
        ),
    )
    fed = [hints[part] for part in ("X", "Y") if hints.get(part) in graph]
    sources = [*dict.fromkeys((*graph.rows, *fed))]
    roles = _with_train_op(graph, hints.get("train_op", hints.get("chosen", "")), sources)
    roles = _with_losses(graph, hints.get("loss", ""), roles, sources)
    return _with_images_and_labels(graph, hints, roles, pixels, classes)


def _with_train_op(graph: Graph, hint: str, sources: list[str]) -> Roles:
    under = updates_under(graph, hint) if hint in graph else ()
    if any(_trains(graph, update, sources) for update in under):
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


def _trains(graph: Graph, update: Update, sources: Iterable[str]) -> bool:
    """Whether an update belongs to training: an optimizer's, or one that depends on fed data."""
    return update.gradient is not None or uses_data(graph, update, sources)


def train_ops(graph: Graph) -> list[tuple[str, int]]:
    """Return the ops that train and that no other op reads, each with its number of updates."""
    weights = graph.variables_in(*(operand for _, operand in linear_steps(graph).values()))
    training = [update for update in all_updates(graph) if _trains(graph, update, graph.rows)]
    moving = {update.node for update in training if update.variable in weights} or {one.node for one in training}
    idle = graph.nodes.keys() - graph.waiting.keys() - set(map(node_of, graph.consumers))
    ends = sorted(idle, key=graph.order.__getitem__) if moving else []
    counts = ((name, len(graph.ancestor_nodes([f"{name}:0"], control=True) & moving)) for name in ends)
    return list(islice(filter(itemgetter(1), counts), MAX_TRAIN_OPS))


# Losses ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Candidate:
    """A tensor that may be the minimized one, with the evidence for it."""

    tensor: str
    named: bool
    """Whether the student names it as the loss."""
    updates: bool
    """Whether its labels reach the values that training writes: another loss may be for evaluation only."""
    trained: int
    untrained: int
    """Number of products with weights that training updates, and with others, that it depends on."""
    fused: bool
    """Whether it contains one of TensorFlow's fused cross-entropy ops."""
    nodes: int
    """Number of nodes that it depends on."""


#: Criteria for a loss, most important first; the largest value wins.
_LOSS_TERMS: tuple[tuple[str, Callable[[_Candidate], float]], ...] = (
    ("named", lambda one: one.named),
    ("labels-reach-steps", lambda one: one.updates),
    ("trained-layers", lambda one: one.trained),
    ("no-other-layers", lambda one: -one.untrained),
    ("fused", lambda one: one.fused),
    ("shortest", lambda one: -one.nodes),
)


#: Reason for the choice of a loss, by whether the student names it.
_LOSS_REASONS = {
    True: Text("named by the network"),
    False: Text("depends on the {labels} and, differentiably, on what the layers compute"),
}


def _with_losses(graph: Graph, hint: str, roles: Roles, sources: list[str]) -> Roles:
    """Add losses: tensors differentiable in products of data and variables, with a late-joining source."""
    steps = linear_steps(graph)
    updating, made = written(graph, roles.updates), _made_by_layers(graph, steps)
    late = _late_by_end(graph, _ends(graph, made, roles, updating), made.intersection([hint]), sources)
    moved = {update.variable for update in roles.updates}
    trained = {name for name, (_, weights) in steps.items() if not moved.isdisjoint(graph.variables_in(weights))}

    def candidate(tensor: str) -> _Candidate:
        above = graph.ancestor_nodes([tensor])
        inside = above & steps.keys()
        fused = not graph.ops_above([tensor]).isdisjoint(FUSED_LOSSES)
        reaches = not updating.isdisjoint(late[tensor])
        return _Candidate(
            tensor, tensor == hint, reaches, len(inside & trained), len(inside - trained), fused, len(above)
        )

    ranked = sorted(map(candidate, late), key=lambda one: [-value(one) for _, value in _LOSS_TERMS])
    reasons = {**roles.reasons, "loss": _LOSS_REASONS[ranked[0].named]} if ranked else roles.reasons
    return replace(roles, losses=tuple(one.tensor for one in ranked), reasons=reasons)


def _made_by_layers(graph: Graph, steps: Iterable[str]) -> set[str]:
    """Return tensors differentiable in products of data and variables, or in functions that hide them."""
    made = [f"{name}:0" for name in steps]
    return graph.descendants(made or graph.made_by(HIDING), stop=graph.made_by(NOT_DIFFERENTIABLE))


def _late_by_end(graph: Graph, ends: Iterable[str], named: set[str], sources: list[str]) -> dict[str, list[str]]:
    """Return candidates for the loss among the ends and named tensors, with their late sources."""
    late = {tensor: _late_sources(graph, tensor, sources) for tensor in named.union(ends)}
    found = {tensor: behind for tensor, behind in late.items() if behind and not _of_gradients(graph, tensor)}
    return found or {tensor: [] for tensor in named}


def _of_gradients(graph: Graph, tensor: str) -> bool:
    """Whether a tensor depends on ops of a backward pass, so that it is not a loss."""
    above = graph.ancestors([tensor])
    backward = {f"{node.name}:1" for node in graph.of_ops(FUSED_LOSSES)}
    return not above.isdisjoint(backward) or any(graph[one].op.endswith(("Grad", "GradientArgs")) for one in above)


def _ends(graph: Graph, made: set[str], roles: Roles, updating: set[str]) -> Iterator[str]:
    """Yield the ends of values `made` by layers: not in updates, nor in branches off at evaluation."""
    closed = graph.untaken | {update.node for update in roles.updates}
    return (tensor for tensor in made - updating - graph.values_read(made) if node_of(tensor) not in closed)


def _late_sources(graph: Graph, tensor: str, sources: Iterable[str]) -> list[str]:
    """Return the sources of `tensor` that do not pass through any product with variables."""
    above = graph.ancestors([tensor])
    early = _data_of(graph, linear_steps(graph, PRODUCTS, map(node_of, above)))
    return [source for source in sources if source in above - early]


def _data_of(graph: Graph, steps: Mapping[str, tuple[str, str]]) -> set[str]:
    """Return all tensors from which the data of products is computed."""
    return graph.ancestors([data for data, _ in steps.values()])


# Images and labels -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Source:
    """A tensor that may be fed images or labels, with the evidence for it; None if there is no tensor."""

    tensor: str | None
    named: bool
    early: bool
    """Whether the student names it, and whether layers read it."""
    fits: bool
    shaped: bool
    """Whether its shape fits the role, and whether it declares one at all."""


#: Criteria for a source, most important first.
_SOURCE_TERMS: Mapping[str, tuple[Callable[[_Source], bool], ...]] = {
    "X": (lambda one: one.early, lambda one: one.named, lambda one: one.fits, lambda one: one.shaped),
    "Y": (lambda one: one.named, lambda one: not one.early, lambda one: one.fits, lambda one: one.shaped),
}
#: Reason for the choice of a source, by whether the student names it.
_REASONS = {
    "X": {True: Text("named by the network"), False: Text("the layers read it")},
    "Y": {True: Text("named by the network"), False: Text("the loss reads it, the layers do not")},
}


def _with_images_and_labels(graph: Graph, hints: Mapping[str, str], roles: Roles, pixels: int, classes: int) -> Roles:
    """Add the sources of images and labels: among those of the loss, or among all without a loss."""
    inside = graph.ancestors([roles.loss]) if roles.loss else set(chain.from_iterable(graph.outputs.values()))
    early = _read_by_layers(graph, inside)

    images = _ranked(graph, "X", hints, inside, early, partial(_holds, pixels))
    image = _first(one for one in images if one.named or one.early)
    targets = _ranked(graph, "Y", hints, inside - {image.tensor}, early, partial(_labels, classes))
    label = _label(targets, read=roles.loss is not None)
    return replace(
        roles,
        images=image.tensor,
        labels=label.tensor,
        label_candidates=tuple(str(one.tensor) for one in targets if not one.early),
        reasons={**roles.reasons, "X": _REASONS["X"][image.named], "Y": _REASONS["Y"][label.named]},
    )


def _ranked(
    graph: Graph,
    part: str,
    hints: Mapping[str, str],
    inside: Container[str | None],
    early: set[str],
    fits: Callable[[Graph, str], bool],
) -> list[_Source]:
    """Return possible sources for a part, likeliest first: the graph's, and the one the student names."""
    named = hints.get(part, "")
    found = [
        _Source(one, one == named, one in early, fits(graph, one), graph.static_shape(one) is not None)
        for one in dict.fromkeys((*graph.rows, named))
        if one in inside
    ]
    return sorted(found, key=lambda one: [not value(one) for value in _SOURCE_TERMS[part]])


def _read_by_layers(graph: Graph, inside: Iterable[str]) -> set[str]:
    """Return the sources of the layers' data: of products, else of factors, else of hidden functions."""
    names = [*map(node_of, inside)]
    early = _data_of(graph, linear_steps(graph, PRODUCTS, names) or linear_steps(graph, ["Mul"], names))
    return early or graph.ancestors([read for node in graph.of_ops(HIDING) for read in node.inputs])


def _label(targets: Iterable[_Source], *, read: bool) -> _Source:
    """Return the labels' source: the likeliest if a loss is `read`, else only one that fits."""
    return _first(one for one in targets if read or one.named or (one.fits and not one.early))


def _first(sources: Iterator[_Source]) -> _Source:
    """Return the first source; one without a tensor if there is none."""
    return next(sources, _Source(None, named=False, early=False, fits=False, shaped=False))


def _holds(pixels: int, graph: Graph, source: str) -> bool:
    """Whether the shape of a source fits images with `pixels` values."""
    return math.prod(filter(None, graph.static_shape(source) or ())) % pixels == 0


def _labels(classes: int, graph: Graph, source: str) -> bool:
    """Whether the shape of a source fits labels of `classes` classes."""
    shape = graph.static_shape(source) or ()
    return classes in shape or len(shape) == 1
