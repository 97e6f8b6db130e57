"""What are the layers? Products of data with variables on the way from the images to the loss, each with what follows.

This file finds them by following the graph and reads what can be read without running: widths from the shapes of
variables, activations from single ops. What is read here is checked and completed in `netgrader.reader.trial.layer_trial`.
Moving means and variances, kept beside training and used in evaluation, are told from weights: no gradient moves them,
and their place in a sum is no bias.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.find.activations import OPS
from netgrader.reader.find.roles import ASSIGNMENTS, PRODUCTS, SPARSE, TRANSPOSED, all_updates, is_linear_step
from netgrader.reader.graph.nodes import node_of, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netgrader.reader.find.roles import Roles
    from netgrader.reader.graph.nodes import Node
    from netgrader.reader.graph.plain import Graph

#: Ops that change where numbers stand, not the numbers.
RESHAPING = words(
    "Reshape Squeeze ExpandDims Identity IdentityN Cast Transpose Snapshot StopGradient CheckNumerics EnsureShape "
    "PreventGradient Pack Unpack Merge Switch Exit Enter SpaceToBatchND BatchToSpaceND"
)
#: What these put out stands for an array of tensors, and holds no numbers.
_FLOWS = words(
    "TensorArrayV3 TensorArrayWriteV3 TensorArrayScatterV3 TensorListSetItem TensorListFromTensor TensorListReserve "
    "TensorListPushBack"
)
_LISTS = words("TensorArrayConcatV3 TensorListConcat TensorListConcatV2")
_ADDITIONS = words("Add AddV2 BiasAdd BiasAddV1 Sub AddN")
_DIVISIONS = words("RealDiv Div")
_NORMALISATIONS = words("FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3")
#: On the way of a variance to a root, which is then divided by.
_HANDING = words("Identity ReadVariableOp Reshape ExpandDims Cast Add AddV2 Maximum Switch Enter BroadcastTo")
_ROOTS = words("Rsqrt Sqrt")
#: Where `_NORMALISATIONS` take the variance.
_VARIANCE = 4
_MOST_USES = 40
CONVOLUTIONS = {
    "Conv2D": "conv2d",
    "Conv3D": "conv3d",
    "DepthwiseConv2dNative": "depthwise-conv2d",
    "Conv2DBackpropInput": "conv2d-transpose",
    "Conv3DBackpropInputV2": "conv3d-transpose",
}


@dataclass(frozen=True)
class Step:
    """A linear step: a product of `data` with `weights`, plus a bias.

    `output` is the tensor after the bias, `product` the one before; `inputs` and `outputs` are widths. Where several
    products make one layer, those are its `parts`, and `added` says whether they are added or stand side by side, `repeated`
    whether they are one product again, of other data: of parts of a batch, or step by step along a sequence.
    `window` has the sides of what a convolution looks at, and `places` to how many places of an input the step is applied:
    known once it was run.
    `followed` says whether another step reads the result, `alone` whether that step's data is made from nothing else,
    `rejoined` whether what other layers make of the result comes back to it before that.
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


def find_steps(graph: Graph, ends: Iterable[str], images: str | None) -> list[Step]:
    """The linear steps between the images and `ends`, in the graph's order; all before `ends` where `images` are not known."""
    inside = graph.ancestor_nodes(ends)
    if images is not None:
        inside &= {node_of(t) for t in graph.descendants([images])}
    steps = []
    for name in sorted(inside, key=graph.order.__getitem__):
        node = graph.nodes[name]
        found, product = is_linear_step(graph, node), _product(graph, node, inside)
        if found is None or product is None:
            continue
        data, weights = found
        variables = tuple(graph.variables_in(weights))
        output, bias = bias_after(graph, product, inside)
        output, normalised = _normalisation(graph, output, inside)
        step = Step(
            name,
            CONVOLUTIONS.get(node.op, "dense"),
            data,
            weights,
            product,
            output,
            variables,
            bias,
            normalised=normalised,
        )
        inputs, outputs = _static_widths(graph, node, step)
        steps.append(replace(step, inputs=inputs, outputs=outputs))
    return steps


def is_flow(graph: Graph, tensor: str) -> bool:
    """Whether a tensor stands for an array of tensors, or for how long the parts of one are."""
    tensor = graph.past(tensor, ("Identity",))
    node = graph[tensor]
    return node.op in _FLOWS or (node.op in _LISTS and not tensor.endswith(":0"))


def _product(graph: Graph, node: Node, inside: set[str]) -> str | None:
    """The tensor that holds the product; for a multiplication element by element the sum that follows, if one does."""
    if node.op in PRODUCTS:
        return node.name + ":0"
    for reader in graph.consumers.get(node.name + ":0", ()):
        if reader in inside and graph.nodes[reader].op == "Sum":
            return reader + ":0"
    return None


def _forward(graph: Graph, tensor: str, inside: set[str]) -> Node | None:
    """The one node on the way that reads `tensor`; None where it is read by several or by none."""
    readers = [
        name
        for name in graph.consumers.get(tensor, ())
        if name in inside and tensor in graph.value_inputs(graph.nodes[name])
    ]
    return graph.nodes[readers[0]] if len(readers) == 1 else None


def weights_key(graph: Graph, step: Step) -> str:
    """The variable, where the layer uses all of it as it is; else the tensor that is cut out of it."""
    tensor = graph.past(step.weights, ("Identity", "ReadVariableOp", "Cast", "Switch", "RefSwitch"))
    return tensor.removesuffix(":0")  # of what is split there are more


def bias_after(graph: Graph, product: str, inside: set[str]) -> tuple[str, tuple[str, ...]]:
    """The tensor after the bias, and the variables of the bias; the product itself where none follows."""
    tensor = product
    for _ in range(12):
        node = _forward(graph, tensor, inside)
        if node is None:
            break
        if node.op in _ADDITIONS:
            others = [read for read in node.inputs if read != tensor]
            if others and all(node_of(other) not in graph.fed for other in others):
                variables = tuple(name for other in others for name in graph.variables_in(other))
                if variables:
                    return node.name + ":0", variables
            elif others:
                break
        elif node.op not in RESHAPING:
            break
        tensor = node.name + ":0"
    return product, ()


def factor_behind(graph: Graph, product: str, inside: set[str]) -> float:
    """By what numbers of the graph a product is multiplied, before its bias or behind it: what its weights are worth."""
    tensor, factor = product, 1.0
    for _ in range(12):
        node = _forward(graph, tensor, inside)
        if node is None:
            break
        others = [read for read in node.inputs if read != tensor]
        if node.op == "Mul" or (node.op in _DIVISIONS and node.inputs[0] == tensor):
            value = graph.constant(others[0]) if others else None
            if value is None or not value.any():
                break
            size = float(np.sqrt(np.square(value, dtype=np.float64).mean()))
            factor *= size if node.op == "Mul" else 1 / size
        elif node.op not in RESHAPING and (node.op not in _ADDITIONS or any(node_of(o) in graph.fed for o in others)):
            break
        tensor = node.name + ":0"
    return factor


def _normalisation(graph: Graph, tensor: str, inside: set[str]) -> tuple[str, bool]:
    node = _forward(graph, tensor, inside)
    while node is not None and node.op in RESHAPING:
        node = _forward(graph, node.name + ":0", inside)
    if node is not None and node.op in _NORMALISATIONS:
        return node.name + ":0", True
    return tensor, False


def _static_widths(graph: Graph, node: Node, step: Step) -> tuple[int | None, int | None]:
    if len(step.variables) != 1:
        return None, None
    shape = graph.nodes[step.variables[0]].shape()
    if not shape or any(size is None for size in shape):
        return None, None
    sizes = tuple(size or 0 for size in shape)
    ways = between(graph, step.variables[0] + ":0", step.weights)
    if any(way.op not in RESHAPING and way.op != "ReadVariableOp" for way in ways):
        return None, None
    if sum(way.op == "Transpose" for way in ways) % 2:
        sizes = sizes[::-1]
    if any(way.op == "Reshape" for way in ways) and len(sizes) != 2:
        return None, None
    return product_widths(node, step, sizes)


def product_widths(node: Node, step: Step, shape: Sequence[int]) -> tuple[int | None, int | None]:
    """Inputs and outputs of a product whose weights have `shape`."""
    if node.op in ("Conv2D", "Conv3D") and len(shape) >= 3:
        return shape[-2], shape[-1]
    if node.op in TRANSPOSED and len(shape) >= 3:
        return shape[-1], shape[-2]
    if node.op == "DepthwiseConv2dNative" and len(shape) == 4:
        return shape[2], shape[2] * shape[3]
    if len(shape) == 1:
        return shape[0], 1
    if len(shape) < 2 or node.op == "Mul":
        return None, None
    rows, columns = shape[-2], shape[-1]
    if node.op == SPARSE:
        return (columns, rows) if node.flag("adjoint_b") else (rows, columns)
    if node.op == "Einsum":
        return _einsum_widths(node, step, shape)
    right = node.inputs[1] == step.weights
    return (rows, columns) if right != _turned(node, step) else (columns, rows)


def _turned(node: Node, step: Step) -> bool:
    """Whether the product itself transposes its weights."""
    right = node.inputs[1] == step.weights
    return node.flag("transpose_b" if right else "transpose_a") or node.flag("adj_y" if right else "adj_x")


def transposes(graph: Graph, step: Step) -> bool:
    """Whether the weights are a variable transposed: on their way to the product or by it."""
    ways = [way for name in step.variables for way in between(graph, name + ":0", step.weights)]
    node = graph.nodes[step.node]
    itself = node.op in TRANSPOSED or (node.op in ("MatMul", "BatchMatMulV2") and _turned(node, step))
    return itself != bool(sum(way.op == "Transpose" for way in ways) % 2)


def _einsum_widths(node: Node, step: Step, shape: Sequence[int]) -> tuple[int | None, int | None]:
    equation = node.attributes["equation"].s.decode("utf-8", "replace")
    left, _, result = equation.partition("->")
    operands = left.split(",")
    if len(operands) != 2:
        return None, None
    letters = operands[1 if node.inputs[1] == step.weights else 0].strip()
    if len(letters) != len(shape):
        return None, None
    inputs = outputs = 1
    for letter, size in zip(letters, shape, strict=True):
        if letter in result:
            outputs *= size
        else:
            inputs *= size
    return inputs, outputs


def between(graph: Graph, start: str, end: str) -> list[Node]:
    """The nodes on the ways of values from `start` (left out) to `end`, in order."""
    names = {node_of(t) for t in graph.descendants([start]) & graph.ancestors([end])} - {node_of(start)}
    return [graph.nodes[name] for name in sorted(names, key=graph.order.__getitem__)]


def static_activation(graph: Graph, start: str, end: str) -> str:
    """The activation between two tensors as the ops say it: a name, ``none``, or ``undecided``."""
    found = static_activations(graph, start, end)
    if found is None or len(found) > 1:
        return "undecided"
    return found[0] if found else "none"


def static_activations(graph: Graph, start: str, end: str) -> list[str] | None:
    """The activations between two tensors as the ops say it, in order; None where an op is none that is known."""
    found = []
    ways = between(graph, start, end)
    ops = [node.op for node in ways]
    at = ops.index("Softmax") if "Softmax" in ops else 0
    if "Transpose" in ops[:at] and "Transpose" in ops[at:]:
        return None  # it may be of the rows of a batch
    for node in ways:
        if node.op in RESHAPING or node.op in ("MaxPool", "AvgPool", "Pad", "ConcatV2"):
            continue
        if node.op == "LeakyRelu" and "alpha" in node.attributes and node.attributes["alpha"].f == 0:
            found.append("relu")
        elif node.op in OPS:
            found.append(OPS[node.op])
        elif node.op == "Maximum" and any(_is_zero(graph, read) for read in node.inputs):
            found.append("relu")
        else:
            return None
    return None if "MaxPool" in ops and not found else found  # the largest of a window is no linear function


def _is_zero(graph: Graph, tensor: str) -> bool:
    value = graph.constant(tensor)
    return value is not None and bool((value == 0).all())


def find_statistics(graph: Graph, trained: Graph, roles: Roles, evaluated: str | None) -> frozenset[str]:
    """Find the variables that hold statistics of the data, before the tensor that is `evaluated`.

    `graph` is as evaluation sees it, `trained` as training does.
    """
    images, labels = roles.images, roles.labels
    if evaluated is None or images is None:
        return frozenset()
    used = set(graph.variables_in(evaluated))
    kept = set()
    for update in all_updates(graph):
        if update.gradient is not None or update.variable not in used:
            continue
        above = graph.ancestors(graph.nodes[update.node].inputs[1:])
        if images in above and labels not in above:
            kept.add(update.variable)
    kept |= {name for name in used if _is_variance(graph, name)} - {update.variable for update in roles.updates}
    # What an optimizer moves is a weight, even where only the branch of evaluation reads it.
    moved = {update.variable for update in roles.updates if update.gradient}
    both = set(trained.variables_in(evaluated)) if evaluated in trained else used
    alone = {name for name in used - both if graph.nodes[name].rank() == 1}
    return frozenset(kept | (alone - moved))


def without_statistics(step: Step, statistics: frozenset[str]) -> Step:
    """Return a layer whose bias holds no statistics of the data: where it did, they normalise it."""
    parts = tuple(without_statistics(part, statistics) for part in step.parts)
    if not statistics & set(step.bias):
        return replace(step, parts=parts)
    bias = tuple(name for name in step.bias if name not in statistics)
    return replace(step, parts=parts, bias=bias, normalised=True)


def _is_variance(graph: Graph, name: str) -> bool:
    """Whether a vector is only ever used under a root that something is divided by: the place of a variance."""
    if graph.nodes[name].rank() != 1:
        return False
    todo = [name + ":0"]
    ends: list[bool] = []
    while todo and len(ends) < _MOST_USES:
        tensor = todo.pop()
        for reader in graph.consumers.get(tensor, ()):
            node = graph.nodes[reader]
            if node.op in _HANDING and tensor in graph.value_inputs(node):
                todo.extend(graph.outputs[reader])
            elif node.op in _NORMALISATIONS:
                ends.append(len(node.inputs) > _VARIANCE and node.inputs[_VARIANCE] == tensor)
            elif node.op not in ASSIGNMENTS:
                ends.append(node.op in _ROOTS)
    return any(ends)
