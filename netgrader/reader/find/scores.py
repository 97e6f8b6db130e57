"""What lies between the last layer and the loss? The scores, the terms of the loss, and which loss the ops alone say it is.

Scores are one number for each class of each row, behind the last layer. Where a loss adds up several terms, the one
that says what the classes are is read: a second classifier, a picture that is rebuilt, or the same loss on another part of the
batch are terms of their own, each with its own way from the images. Weight decay is no term: it does not depend on the images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.reader.find.layers import RESHAPING, between, is_flow, static_activations
from netgrader.reader.find.losses import CROSS_ENTROPY, LossMatch
from netgrader.reader.graph.nodes import node_of, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.reader.graph.nodes import Node
    from netgrader.reader.graph.plain import Graph
    from netgrader.reader.state import Reading

__all__ = ["find_scores", "read_loss", "terms"]


def find_scores(reading: Reading) -> None:
    """Find what the last layer puts out: from there to the loss, variables come in no more."""
    graph, loss, images = reading.graph, reading.read, reading.roles.images
    if loss is None or images is None or not reading.steps:
        return
    labels = reading.roles.labels
    reached = graph.descendants([labels]) if labels else set()
    chain = graph.dominators(images, loss)
    before = [tensor for tensor in chain if tensor not in reached]
    products = {step.product for step in reading.steps}
    for index, tensor in enumerate(before):
        above = graph.ancestors([tensor])
        if is_flow(graph, tensor) or not products <= above or _joined_later(reading, tensor, before[-1]):
            continue
        reading.scores, reading.chain = tensor, before[index:]
        return


def _joined_later(reading: Reading, tensor: str, end: str) -> bool:
    """Whether between `tensor` and `end` something comes in that is made from variables."""
    graph = reading.graph
    below = graph.descendants([tensor])
    for inner in below & graph.ancestors([end]):
        if inner == tensor:
            continue
        for read in graph.value_inputs(graph[inner]):
            if read not in below and node_of(read) in graph.varied:
                return True
    return False


_ADDING = words("Add AddV2 AddN Sub")
_SCALING = words("Mul RealDiv DivNoNan Div")
_HANDING = words("Identity Mean Sum Reshape Squeeze Cast Neg StopGradient CheckNumerics")
#: Gather what a loop over rows writes row by row.
_GATHERING = words(
    "Pack TensorArrayGatherV3 TensorArrayConcatV3 TensorArrayWriteV3 TensorListStack TensorListSetItem TensorListConcatV2"
)
_MOST = 40


def terms(reading: Reading) -> list[str]:
    """The terms that depend on images and labels, the likeliest first: what the student calls logits, then the deepest.

    Empty where the loss is one term only.
    """
    graph, loss, images, labels = reading.graph, reading.loss, reading.roles.images, reading.roles.labels
    if loss is None or images is None or labels is None:
        return []
    found: list[tuple[int, str]] = []
    for depth, tensor in enumerate(_parts(graph, loss)):
        above = graph.ancestors([tensor])
        if images in above and labels in above:
            found.append((depth, tensor))
    claimed = [reading.hints[key] for key in ("logits", "prediction") if key in reading.hints]
    products = [step.product for step in reading.steps]

    def rank(item: tuple[int, str]) -> tuple[bool, int, int]:
        depth, tensor = item
        above = graph.ancestors([tensor])
        return not any(name in above for name in claimed), -sum(product in above for product in products), depth

    return [tensor for _, tensor in sorted(found, key=rank) if tensor != loss]


def _parts(graph: Graph, loss: str) -> Iterator[str]:
    """All that the loss is a sum of, sums of sums included, from the loss down."""
    todo = [loss]
    seen: set[str] = set()
    while todo and len(seen) < _MOST:
        tensor = todo.pop(0)
        if tensor in seen:
            continue
        seen.add(tensor)
        yield tensor
        node = graph[tensor]
        reads = graph.value_inputs(node)
        if node.op in _ADDING or node.op in _GATHERING:
            todo.extend(reads)
        elif node.op in _HANDING:
            todo.extend(reads[:1])
        elif node.op in _SCALING:
            fed = [read for read in reads if node_of(read) in graph.fed]
            # What a loss is divided by may be counted from the rows, but holds no loss itself.
            varied = [read for read in fed if node_of(read) in graph.varied]
            todo.extend(varied if len(varied) == 1 else fed if len(fed) == 1 else [])


_FUSED = ("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits")
_SQUARES = ("SquaredDifference", "Square")


def read_loss(reading: Reading) -> None:
    """Recognise TensorFlow's own cross-entropy ops, and a mean of squares, between the scores and the loss."""
    graph, scores, loss = reading.graph, reading.scores, reading.loss
    if scores is None or loss is None:
        return
    nodes = between(graph, scores, loss)
    fused = [node for node in nodes if node.op in _FUSED]
    squares = [node for node in nodes if node.op in _SQUARES or _is_square(graph, node)]
    if len(fused) == 1 and not squares:
        below = graph.descendants([scores])
        if fused[0].inputs[0] not in below:
            return
        kind = CROSS_ENTROPY if fused[0].inputs[1] not in below else "labels-logits-swapped"
        start = fused[0].inputs[0]
    elif len(squares) == 1 and not fused and not any(node.op in ("Log", "Exp") for node in nodes):
        kind, start = "mean-squared-error", next(t for t in squares[0].inputs if t in graph.descendants([scores]))
        while graph[start].op in ("Sub", *RESHAPING):
            start = next((t for t in graph[start].inputs if t in graph.descendants([scores])), start)
            if start == scores:
                break
    else:
        return
    reading.loss_match = LossMatch(kind, 1.0, 0.0, 0.0)
    reading.logits = start
    found = static_activations(graph, scores, start)
    if found is not None:
        reading.last_activation, reading.inner_activations = (found or ["none"])[-1], tuple(found[:-1])
    reading.reduction = _reduction(graph, reading.loss or loss)


def _is_square(graph: Graph, node: Node) -> bool:
    power = graph.constant(node.inputs[1]) if node.op == "Pow" else None
    return power is not None and power.size == 1 and float(power.reshape(())) == 2.0


def _reduction(graph: Graph, loss: str) -> str:
    node, divided = graph[loss], False
    for _ in range(20):
        if node.op in ("Mean", "Sum"):
            # TensorFlow's own losses divide a sum by how many numbers there were.
            return "mean" if divided or node.op == "Mean" else "sum"
        divided = divided or node.op in ("RealDiv", "DivNoNan")
        if node.op in (*_FUSED, "Reshape"):
            return "none"
        inputs = [t for t in node.inputs if node_of(t) in graph.fed]
        if len(inputs) != 1:
            return "undecided"
        node = graph[inputs[0]]
    return "undecided"
