"""What the loss is, as far as ops alone say it: for reading without a lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.network.graph import node_of
from netgrader.network.layers import RESHAPING, between, static_activations
from netgrader.network.losses import CROSS_ENTROPY, LossMatch

if TYPE_CHECKING:
    from netgrader.network.graph import Graph, Node
    from netgrader.network.reading import Reading

__all__ = ["read_loss"]

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
