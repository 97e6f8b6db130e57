"""Find the layers: products of data and variables between the images and the loss.

This static analysis determines widths from the shapes of variables, and activations from single ops;
`graphread.trial.layer_trial` verifies and completes them. Moving means and variances are distinguished from weights: no gradient
updates them, and one in a sum is not a bias.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from graphread.find.activations import OPS
from graphread.find.roles import (
    PRODUCTS,
    SPARSE,
    TRANSPOSED,
    all_updates,
    linear_steps,
    moved_by_gradients,
    written,
)
from graphread.graph.nodes import node_of, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from graphread.find.roles import Roles, Update
    from graphread.graph.nodes import Node
    from graphread.graph.plain import Graph

#: Ops that move numbers without changing them.
RESHAPING = words(
    "Reshape Squeeze ExpandDims Identity IdentityN Cast Transpose Snapshot StopGradient CheckNumerics EnsureShape "
    "PreventGradient Pack Unpack Merge Switch Exit Enter SpaceToBatchND BatchToSpaceND"
)
_READING = words("Identity ReadVariableOp Cast Switch RefSwitch")
_ADDITIONS = words("Add AddV2 BiasAdd BiasAddV1 Sub AddN")
#: Ops that multiply by a constant, with the exponent of the constant.
_SCALING = {"Mul": 1.0, "RealDiv": -1.0, "Div": -1.0}
_NORMALISATIONS = words("FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3")
#: Ops that move or pool an activation's output.
_MOVING = RESHAPING | words("MaxPool AvgPool Pad ConcatV2")
#: Number of nodes after a product to search for its bias or a constant factor.
_MOST_AFTER = 12
CONVOLUTIONS = {
    "Conv2D": "conv2d",
    "Conv3D": "conv3d",
    "DepthwiseConv2dNative": "depthwise-conv2d",
    "Conv2DBackpropInput": "conv2d-transpose",
    "Conv3DBackpropInputV2": "conv3d-transpose",
}
#: Axes of inputs and outputs in the shape of the weights, for at least two axes.
_WIDTHS = {
    **dict.fromkeys(("Conv2D", "Conv3D"), (-2, -1)),
    **dict.fromkeys(TRANSPOSED, (-1, -2)),
    **dict.fromkeys(
        ("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "SparseMatMul", "Einsum", SPARSE), (-2, -1)
    ),
}


@dataclass(frozen=True)
class Step:
    """A linear step: the product of `data` and `weights`, plus a bias.

    `output` is the tensor after the bias, `product` the one before; `inputs` and `outputs` are widths. If several products
    form one layer, these are its `parts`; `added` says whether they are summed or concatenated, `repeated` whether they apply
    the same weights to other data: to parts of a batch, or along a sequence. `window` has the sides of a convolution's
    kernel; `places` is the number of positions in an input at which the step is applied, known after a run. `followed` says
    whether another step reads the result, `alone` whether that step's data depends on nothing else, `rejoined` whether it
    reaches later layers on several paths.
    """

    node: str
    kind: str
    data: str
    weights: str
    product: str
    output: str
    variables: tuple[str, ...]
    bias: tuple[str, ...] = ()
    inputs: int | None = None
    outputs: int | None = None
    activation: str = "undecided"
    normalised: bool = False
    added: bool = False
    repeated: bool = False
    parts: tuple[Step, ...] = ()
    window: tuple[int, ...] = ()
    places: int | None = None
    followed: bool = False
    alone: bool = True
    rejoined: bool = False


def find_steps(graph: Graph, ends: Iterable[str | None], images: str | None) -> list[Step]:
    """Return the linear steps between the images and `ends`, in the graph's order.

    Without images, return all linear steps before `ends`.
    """
    inside = graph.ancestor_nodes(ends)
    if images is not None:
        inside &= {node_of(tensor) for tensor in graph.descendants([images])}
    steps = []
    for name, (data, weights) in linear_steps(graph, inside=inside).items():
        product = _product(graph, graph.nodes[name], inside)
        if product is None:
            continue
        output, bias = bias_after(graph, product, inside)
        output, normalised = _normalisation(graph, output, inside)
        kind, variables = CONVOLUTIONS.get(graph.nodes[name].op, "dense"), tuple(graph.variables_in(weights))
        step = Step(name, kind, data, weights, product, output, variables, bias, normalised=normalised)
        inputs, outputs = _static_widths(graph, step)
        steps.append(replace(step, inputs=inputs, outputs=outputs))
    return sorted(steps, key=lambda step: graph.order[step.node])


def _product(graph: Graph, node: Node, inside: set[str]) -> str | None:
    """Return the tensor of the product.

    For an elementwise multiplication this is the sum that follows; None without one.
    """
    tensor = f"{node.name}:0"
    if node.op in PRODUCTS:
        return tensor
    sums = (f"{reader.name}:0" for reader in graph.value_readers(tensor) if reader.op == "Sum")
    return next(filter(lambda one: node_of(one) in inside, sums), None)


def _after(graph: Graph, tensor: str, inside: set[str]) -> Iterator[tuple[Node, list[str]]]:
    """Yield the nodes after a tensor as long as each has a single reader, with their other inputs."""
    for _ in range(_MOST_AFTER):
        readers = [node for node in graph.value_readers(tensor) if node.name in inside]
        if len(readers) != 1:
            return
        yield readers[0], [read for read in readers[0].inputs if read != tensor]
        tensor = f"{readers[0].name}:0"


def weights_key(graph: Graph, step: Step) -> str:
    """Return the variable if the step uses all of it unchanged; else the tensor extracted from it."""
    return graph.past(step.weights, _READING).removesuffix(":0")  # other outputs, as of Split, keep their index


def by_weights(graph: Graph, steps: Iterable[Step]) -> list[list[Step]]:
    """Return the steps in groups that share weights, in order."""
    groups: dict[str, list[Step]] = {}
    for step in steps:
        groups.setdefault(weights_key(graph, step), []).append(step)
    return [*groups.values()]


def bias_after(graph: Graph, product: str, inside: set[str]) -> tuple[str, tuple[str, ...]]:
    """Return the tensor after the bias and the bias's variables; the product itself without a bias."""
    for node, others in _after(graph, product, inside):
        if node.op not in _ADDITIONS | RESHAPING or not graph.fed.isdisjoint(map(node_of, others)):
            break
        variables = graph.variables_in(*others)
        if variables:
            return f"{node.name}:0", tuple(variables)
    return product, ()


def factor_behind(graph: Graph, product: str, inside: set[str]) -> float:
    """Return the constant factor that scales a product, before or after its bias."""
    factor = 1.0
    for node, others in _after(graph, product, inside):
        value = graph.constant(next(iter(others), product)) if node.op in _SCALING else None
        if value is not None and value.any():
            factor *= float(np.sqrt(np.square(value, dtype=np.float64).mean())) ** _SCALING[node.op]
        elif node.op not in RESHAPING | _ADDITIONS:
            break
    return factor


def _normalisation(graph: Graph, tensor: str, inside: set[str]) -> tuple[str, bool]:
    """Return the tensor after a normalization that follows, and whether there is one."""
    for node, _ in _after(graph, tensor, inside):
        if node.op in _NORMALISATIONS:
            return f"{node.name}:0", True
        if node.op not in RESHAPING:
            break
    return tensor, False


def _static_widths(graph: Graph, step: Step) -> tuple[int | None, int | None]:
    """Return inputs and outputs from the shape of the step's only variable, if it is used unchanged."""
    if len(step.variables) != 1:
        return None, None
    shape = graph.nodes[step.variables[0]].shape() or ()
    ways = {way.op for way in between(graph, f"{step.variables[0]}:0", step.weights)}
    if None in shape or not ways <= _READING:
        return None, None
    return product_widths(graph.nodes[step.node], step, cast("Sequence[int]", shape))


def product_widths(node: Node, step: Step, shape: Sequence[int]) -> tuple[int | None, int | None]:
    """Return inputs and outputs of a product whose weights have `shape`; None if undecided."""
    if len(shape) == 1:
        return shape[0], 1
    if node.op == "DepthwiseConv2dNative":
        return shape[-2], shape[-2] * shape[-1]
    if node.op not in _WIDTHS or len(shape) < 2 or (node.op == "Einsum" and len(shape) > 2):
        return None, None
    first, last = _WIDTHS[node.op]
    right = node.inputs[0] != step.weights
    inputs, outputs = shape[first], shape[last]
    return (inputs, outputs) if right != _turned(node, step) else (outputs, inputs)


def _turned(node: Node, step: Step) -> bool:
    """Whether the product op itself transposes its weights."""
    if node.op == "Einsum":
        terms, _, result = node.attributes["equation"].s.decode("utf-8", "replace").partition("->")
        place = [*node.inputs].index(step.weights)
        return (terms.split(",")[place].strip()[-1:] not in result) != (place == 0)
    keys = ("transpose_a", "adj_x") if node.inputs[0] == step.weights else ("transpose_b", "adj_y", "adjoint_b")
    return any(map(node.flag, keys))


def transposes(graph: Graph, step: Step) -> bool:
    """Whether the weights are a transposed variable: transposed before the product or by it."""
    ways = [way.op for name in step.variables for way in between(graph, f"{name}:0", step.weights)]
    node = graph.nodes[step.node]
    return (node.op in TRANSPOSED or _turned(node, step)) != bool(ways.count("Transpose") % 2)


def between(graph: Graph, start: str | None, end: str | None) -> list[Node]:
    """Return the nodes between `start` (excluded) and `end` in order; none if one is None."""
    names = {node_of(tensor) for tensor in graph.descendants([start]) & graph.ancestors([end])} - {node_of(start)}
    return [graph.nodes[name] for name in sorted(names, key=graph.order.__getitem__)]


def ops_between(graph: Graph, start: str | None, end: str | None) -> list[str]:
    """Return the ops of the nodes `between` two tensors, in order."""
    return [node.op for node in between(graph, start, end)]


def static_activation(graph: Graph, start: str, end: str) -> str:
    """Return the activation between two tensors according to the ops: a name, ``none``, or ``undecided``."""
    ways = between(graph, start, end)
    found = [_activation_of(graph, node) for node in ways if node.op not in _MOVING] or ["none"]
    pooled = "MaxPool" in {node.op for node in ways}  # max pooling is nonlinear
    return found[0] if len(found) == 1 and not (pooled and found == ["none"]) else "undecided"


def _activation_of(graph: Graph, node: Node) -> str:
    """Return the activation that a single op computes, such as max(0, x); ``undecided`` for others."""
    if node.op == "Maximum" and any(graph.holds_only(read, 0.0) for read in node.inputs):
        return "relu"
    return OPS.get(node.op, "undecided")


def find_statistics(graph: Graph, trained: Graph, roles: Roles, evaluated: str | None) -> frozenset[str]:
    """Return the variables before the `evaluated` tensor that hold statistics of the data.

    `graph` is the graph as evaluation sees it, `trained` as training sees it.
    """
    used = set(graph.variables_in(evaluated))
    kept = {update.variable for update in all_updates(graph) if _keeps_statistics(graph, update, roles)}
    # A variable that an optimizer updates is a weight, even if only the evaluation branch reads it.
    evaluated_alone = used.difference(trained.variables_in(evaluated), moved_by_gradients(roles.updates))
    return frozenset((kept & used) | {name for name in evaluated_alone if graph.nodes[name].rank() == 1})


def _keeps_statistics(graph: Graph, update: Update, roles: Roles) -> bool:
    """Whether an assignment (not an optimizer) writes values computed from images but not from labels."""
    read = written(graph, [update])
    return update.gradient is None and roles.images in read and roles.labels not in read


def without_statistics(step: Step, statistics: frozenset[str]) -> Step:
    """Return a layer without data statistics in its bias; it counts as normalized if there were any."""
    parts = tuple(without_statistics(part, statistics) for part in step.parts)
    bias = tuple(name for name in step.bias if name not in statistics)
    return replace(step, parts=parts, bias=bias, normalised=step.normalised or bias != step.bias)
