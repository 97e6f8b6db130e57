"""What lies between the last layer and the loss? The scores, the terms of the loss, and which loss the ops alone say it is.

Scores are one number for each class of each row, behind the last layer. Where a loss adds up several terms, the one
that says what the classes are is read: a second classifier, a picture that is rebuilt, or the same loss on another part of the
batch are terms of their own, each with its own way from the images. Weight decay is no term: it does not depend on the images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netgrader.reader.find.joining import join_linear, join_repeated
from netgrader.reader.find.layers import RESHAPING, between, find_steps, is_flow, static_activations
from netgrader.reader.find.losses import CROSS_ENTROPY, LossMatch
from netgrader.reader.graph.nodes import node_of, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netgrader.reader.find.layers import Step
    from netgrader.reader.find.roles import Roles
    from netgrader.reader.graph.nodes import Node
    from netgrader.reader.graph.plain import Graph

_ADDING = words("Add AddV2 AddN Sub")
_SCALING = words("Mul RealDiv DivNoNan Div")
_HANDING = words("Identity Mean Sum Reshape Squeeze Cast Neg StopGradient CheckNumerics")
#: Gather what a loop over rows writes row by row.
_GATHERING = words(
    "Pack TensorArrayGatherV3 TensorArrayConcatV3 TensorArrayWriteV3 TensorListStack TensorListSetItem TensorListConcatV2"
)
_MOST = 40
_FUSED = ("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits")
_SQUARES = ("SquaredDifference", "Square")


@dataclass(frozen=True)
class Layers:
    """The layers, and where they lead.

    Attributes
    ----------
    steps
        The linear step of each layer, in order.
    scores
        What the last layer's linear step puts out, before any activation; None where there is no such tensor.
    chain
        The tensors that all ways from the images to the loss pass, from `scores` to where the labels come in.
    term
        The term of the loss that is read, where it is a sum of several; `aside` are the steps that only others need.
    """

    steps: tuple[Step, ...] = ()
    scores: str | None = None
    chain: tuple[str, ...] = ()
    term: str | None = None
    aside: tuple[Step, ...] = ()


@dataclass(frozen=True)
class LossReading:
    """What is known of the loss.

    Attributes
    ----------
    match
        The formula that it is; None where undecided.
    logits
        The tensor behind the last layer that `match` is a formula of.
    last_activation
        What stands between the scores and `logits`; of several functions the last one, `inner_activations` are the others.
    reduction
        ``mean``, ``sum``, ``none``, ``other`` or ``undecided``.
    finite, finite_at_extremes
        Whether it is a number for ordinary scores, and for scores of which a softmax makes zeros; None where that was not asked.
    """

    match: LossMatch | None = None
    logits: str | None = None
    last_activation: str = "undecided"
    inner_activations: tuple[str, ...] = ()
    reduction: str = "undecided"
    finite: bool | None = None
    finite_at_extremes: bool | None = None


def find_layers(graph: Graph, roles: Roles, hints: Mapping[str, str], loss: str | None, ends: Sequence[str]) -> Layers:
    """Find the layers before the loss, and the scores; where the loss is of several terms, those of the term that is read.

    Parameters
    ----------
    graph, roles, hints
        The graph, what was found of roles, and the student's names for parts.
    loss
        What is minimised; None where there is nothing.
    ends
        Where the layers end: the loss, or where there is none, what the network is said to put out.
    """

    def steps_before(ends: Sequence[str]) -> tuple[Step, ...]:
        steps = join_repeated(graph, find_steps(graph, ends, roles.images), roles.images)
        return tuple(join_linear(graph, steps, ends))

    whole = steps_before(ends)
    scores, chain = _find_scores(graph, roles, whole, loss)
    if scores is not None or not whole:
        return Layers(whole, scores, chain)
    for term in _terms(graph, roles, hints, loss, whole):
        steps = steps_before([term])
        scores, chain = _find_scores(graph, roles, steps, term)
        if scores is not None:
            own = {part.node for step in steps for part in (step, *step.parts)}
            aside = tuple(part for step in whole for part in (step, *step.parts) if part.node not in own)
            return Layers(steps, scores, chain, term, aside)
    return Layers(whole)


def _find_scores(
    graph: Graph, roles: Roles, steps: Sequence[Step], loss: str | None
) -> tuple[str | None, tuple[str, ...]]:
    """What the last layer puts out, and the way from there to the loss, on which variables come in no more."""
    images, labels = roles.images, roles.labels
    if loss is None or images is None or not steps:
        return None, ()
    reached = graph.descendants([labels]) if labels else set()
    before = [tensor for tensor in graph.dominators(images, loss) if tensor not in reached]
    products = {step.product for step in steps}
    for index, tensor in enumerate(before):
        above = graph.ancestors([tensor])
        if is_flow(graph, tensor) or not products <= above or _joined_later(graph, tensor, before[-1]):
            continue
        return tensor, tuple(before[index:])
    return None, ()


def _joined_later(graph: Graph, tensor: str, end: str) -> bool:
    """Whether between `tensor` and `end` something comes in that is made from variables."""
    below = graph.descendants([tensor])
    for inner in below & graph.ancestors([end]):
        if inner == tensor:
            continue
        for read in graph.value_inputs(graph[inner]):
            if read not in below and node_of(read) in graph.varied:
                return True
    return False


def _terms(graph: Graph, roles: Roles, hints: Mapping[str, str], loss: str | None, steps: Sequence[Step]) -> list[str]:
    """The terms that depend on images and labels, the likeliest first: what the student calls logits, then the deepest.

    Empty where the loss is one term only.
    """
    images, labels = roles.images, roles.labels
    if loss is None or images is None or labels is None:
        return []
    found: list[tuple[int, str]] = []
    for depth, tensor in enumerate(_parts(graph, loss)):
        above = graph.ancestors([tensor])
        if images in above and labels in above:
            found.append((depth, tensor))
    claimed = [hints[key] for key in ("logits", "prediction") if key in hints]
    products = [step.product for step in steps]

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


def read_loss(graph: Graph, scores: str | None, loss: str | None) -> LossReading:
    """Recognise TensorFlow's own cross-entropy ops, and a mean of squares, between the scores and the loss."""
    if scores is None or loss is None:
        return LossReading()
    nodes = between(graph, scores, loss)
    fused = [node for node in nodes if node.op in _FUSED]
    squares = [node for node in nodes if node.op in _SQUARES or _is_square(graph, node)]
    below = graph.descendants([scores])
    if len(fused) == 1 and not squares:
        if fused[0].inputs[0] not in below:
            return LossReading()
        kind = CROSS_ENTROPY if fused[0].inputs[1] not in below else "labels-logits-swapped"
        start = fused[0].inputs[0]
    elif len(squares) == 1 and not fused and not any(node.op in ("Log", "Exp") for node in nodes):
        kind, start = "mean-squared-error", next(t for t in squares[0].inputs if t in below)
        while graph[start].op in ("Sub", *RESHAPING):
            start = next((t for t in graph[start].inputs if t in below), start)
            if start == scores:
                break
    else:
        return LossReading()
    found = static_activations(graph, scores, start)
    *inner, last = ["undecided"] if found is None else found or ["none"]
    return LossReading(LossMatch(kind, 1.0, 0.0, 0.0), start, last, tuple(inner), _reduction(graph, loss))


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
