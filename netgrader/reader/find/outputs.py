"""What comes out of the layers? The scores, the loss and its terms, a prediction, an accuracy; and what comes to nothing.

Scores are one number for each class of each row, behind the last layer. Where a loss adds up several terms, the one
that says what the classes are is read: a second classifier, a picture that is rebuilt, or the same loss on another part of the
batch are terms of their own, each with its own way from the images. Weight decay is no term: it does not depend on the images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netgrader.reader.find.joining import join_linear, join_repeated
from netgrader.reader.find.layers import RESHAPING, between, find_steps, is_flow, static_activations
from netgrader.reader.find.losses import CROSS_ENTROPY, FUSED_LOSSES, LossMatch
from netgrader.reader.find.roles import PRODUCTS, all_updates
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
_MOST_TERMS = 40
_SQUARES = ("SquaredDifference", "Square")


LABEL_TESTS = words("Equal NotEqual InTopK InTopKV2 ApproximateEqual")
#: Candidates for an accuracy that nothing names.
_MOST_ACCURACIES = 6


@dataclass(frozen=True)
class Layers:
    """The layers, and where they lead."""

    steps: tuple[Step, ...] = ()
    """The linear step of each layer, in order."""
    scores: str | None = None
    """What the last layer's linear step puts out, before any activation; None where there is no such tensor."""
    chain: tuple[str, ...] = ()
    """The tensors that all ways from the images to the loss pass, from `scores` to where the labels come in."""
    term: str | None = None
    """The term of the loss that is read, where it is a sum of several; `aside` are the steps that only others need."""
    aside: tuple[Step, ...] = ()


@dataclass(frozen=True)
class LossReading:
    """What is known of the loss."""

    match: LossMatch | None = None
    """The formula that it is; None where undecided."""
    logits: str | None = None
    """The tensor behind the last layer that `match` is a formula of."""
    last_activation: str = "undecided"
    """What stands between the scores and `logits`; of several functions the last one, `inner_activations` are the
    others."""
    inner_activations: tuple[str, ...] = ()
    reduction: str = "undecided"
    """``mean``, ``sum``, ``none``, ``other`` or ``undecided``."""
    form: str = ""
    """How the scores stand where they were tried, ``rows`` or ``columns``; empty where they do not stand in either."""
    finite: bool | None = None
    finite_at_extremes: bool | None = None
    """Whether it is a number for ordinary scores, and for scores of which a softmax makes zeros; None where that was
    not asked."""


@dataclass(frozen=True)
class Outputs:
    """The tensors that come out beside the loss, None where there is none; `accuracies` are all that might be one."""

    prediction: str | None = None
    accuracy: str | None = None
    logits: str | None = None
    accuracies: tuple[str, ...] = ()


def find_layers(graph: Graph, roles: Roles, hints: Mapping[str, str], loss: str | None, ends: Sequence[str]) -> Layers:
    """Find the layers before the loss, and the scores; where the loss is of several terms, those of the term that is read.

    Where there is no loss, the layers end in what the network is said to put out: `ends`.
    """

    def steps_before(ends: Sequence[str]) -> tuple[Step, ...]:
        steps = join_repeated(graph, find_steps(graph, ends, roles.images), roles.images)
        return tuple(join_linear(graph, steps, ends))

    whole = steps_before(ends)
    scores, chain = _find_scores(graph, roles, whole, loss)
    named = hints.get("logits")
    later = steps_before([named]) if loss is not None and named is not None and named in graph else ()
    if later:
        trained = {update.variable for update in roles.updates}
        further = [step for step in later if step.product not in {step.product for step in whole}]
        if len(later) == len(whole) + len(further) and further and trained.issuperset(later[-1].variables):
            # The loss gathers rows of the last weights by the labels, and is no function of scores.
            return Layers(later)
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
    reached = graph.descendants([labels])
    before = [tensor for tensor in graph.dominators(images, loss) if tensor not in reached]
    products = {step.product for step in steps}
    for index, tensor in enumerate(before):
        behind = products <= graph.ancestors([tensor]) and not is_flow(graph, tensor)
        if behind and not _joined_later(graph, tensor, before[-1]):
            return tensor, tuple(one for one in before[index:] if not is_flow(graph, one))
    return None, ()


def _joined_later(graph: Graph, tensor: str, end: str) -> bool:
    """Whether between `tensor` and `end` something comes in that is made from variables."""
    below = graph.descendants([tensor])
    reads = {read for inner in below & graph.ancestors([end]) - {tensor} for read in graph.value_inputs(graph[inner])}
    return any(node_of(read) in graph.varied for read in reads - below)


def _terms(graph: Graph, roles: Roles, hints: Mapping[str, str], loss: str | None, steps: Sequence[Step]) -> list[str]:
    """The terms that depend on images and labels, the likeliest first: what the student calls logits, then the deepest.

    Empty where the loss is one term only.
    """
    images, labels = roles.images, roles.labels
    if loss is None or images is None or labels is None:
        return []
    claimed = [hints[key] for key in ("logits", "prediction") if key in hints]
    products = {step.product for step in steps}
    above = {tensor: graph.ancestors([tensor]) for tensor in _parts(graph, loss)}
    found = [tensor for tensor in above if tensor != loss and {images, labels} <= above[tensor]]
    return sorted(found, key=lambda tensor: (above[tensor].isdisjoint(claimed), -len(above[tensor] & products)))


def _parts(graph: Graph, loss: str) -> Iterator[str]:
    """All that the loss is a sum of, sums of sums included, from the loss down."""
    todo = [loss]
    seen: set[str] = set()
    while todo and len(seen) < _MOST_TERMS:
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
    fused = [node for node in nodes if node.op in FUSED_LOSSES]
    squares = [node for node in nodes if node.op in _SQUARES or _is_square(graph, node)]
    below = graph.descendants([scores])
    if len(fused) == 1 and not squares:
        given, labels = fused[0].inputs[:2]
        if given not in below and node_of(given) in graph.varied:
            return LossReading()
        kind = CROSS_ENTROPY if labels not in below else "labels-logits-swapped"
        start = given if given in below else labels
    elif len(squares) == 1 and not fused and not any(node.op in ("Log", "Exp", "LogSoftmax") for node in nodes):
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
        if node.op in (*FUSED_LOSSES, "Reshape"):
            return "none"
        inputs = [t for t in node.inputs if node_of(t) in graph.fed]
        if len(inputs) != 1:
            return "undecided"
        node = graph[inputs[0]]
    return "undecided"


def find_outputs(graph: Graph, roles: Roles, hints: Mapping[str, str], scores: str | None) -> Outputs:
    """Find candidates for prediction and accuracy, from the student's names first, then from the graph."""
    named = (hints.get(key) for key in ("prediction", "accuracy", "logits"))
    prediction, accuracy, logits = (tensor if tensor in graph else None for tensor in named)
    images, labels = roles.images, roles.labels
    if images is None:
        return Outputs(prediction, accuracy, logits)
    # By the images, not by the scores: what is evaluated may be another tower than the one that is trained.
    below = graph.descendants([images])
    late = graph.descendants([labels])
    accuracies: tuple[str, ...] = ()
    if labels is not None and accuracy is None:
        accuracies, compared = _find_accuracies(graph, roles, scores, below, late)
        accuracy = accuracies[0] if compared and accuracies else None
    if prediction is None:
        last = graph.descendants([scores]) if scores is not None else below
        above = graph.ancestors([accuracy])
        made = [node.name + ":0" for node in graph.of_ops(["Softmax", "ArgMax", "Sigmoid"])]
        free = [t for t in made if t not in late and (t in last or (t in above and t in below))]
        prediction = min(free, key=lambda t: (t not in above, -graph.order[node_of(t)]), default=None)
    return Outputs(prediction, accuracy, logits, accuracies)


def _find_accuracies(
    graph: Graph, roles: Roles, scores: str | None, below: set[str], late: set[str]
) -> tuple[tuple[str, ...], bool]:
    """What may be an accuracy, and whether something is compared with the labels.

    Where nothing is, it may be what else both images and labels lead to at last.
    """
    updating = graph.ancestors([t for u in roles.updates for t in graph.nodes[u.node].inputs[1:]])
    own = set(graph.variables_in(scores))
    trained = {update.variable for update in all_updates(graph) if update.gradient}

    def of_another_network(tensor: str) -> bool:
        """Whether it is made with weights that an optimizer trains, and with none of those of the scores."""
        used = set(graph.variables_in(tensor))
        return bool(own) and bool(used & trained) and not used & own

    tests = [node.name + ":0" for node in graph.of_ops(LABEL_TESTS)]
    tests = [t for t in tests if t in below and t in late and t not in updating]
    compared = graph.descendants(tests)
    # A confusion matrix compares nothing; whether one is an accuracy shows when it is tried.
    found = [
        t
        for t in compared or (below & late) - updating - set(roles.losses)
        if (compared and graph[t].op in ("Mean", "RealDiv"))
        or not any(f"{r}:0" in below for r in graph.consumers.get(t, ()))
    ]
    ends = [
        t
        for t in found
        if not graph[t].op.endswith("Summary") and node_of(t) in graph.fed and not of_another_network(t)
    ]
    ends.sort(key=lambda t: graph.order[node_of(t)])
    return tuple(ends[:_MOST_ACCURACIES]), bool(compared)


def find_unused(graph: Graph, roles: Roles, used: Sequence[Step], claimed: Sequence[str]) -> tuple[Step, ...]:
    """Find layers that read the images but that neither the loss nor what is `claimed` to be an output depends on.

    `used` are the layers of the network, those of all terms of its loss.
    """
    images = roles.images
    if images is None or not used:
        return ()
    known = {part.node for step in used for part in (step.parts or (step,))}
    updating = {t for u in roles.updates for t in graph.ancestors(graph.nodes[u.node].inputs[1:])}
    outside = [
        f"{node.name}:0"
        for node in graph.nodes.values()
        if node.name not in known | graph.untaken
        and node.op in PRODUCTS
        and f"{node.name}:0" not in updating
    ]
    wanted = graph.ancestors([*claimed, *roles.losses])
    loose = [tensor for tensor in outside if tensor not in wanted]
    below = graph.descendants([images])
    found = [s for s in find_steps(graph, loose, images) if s.node not in known and s.product in below]
    told = graph.ancestors(claimed)
    found = [step for step in found if step.product not in updating and step.product not in told]
    # The same weights once more, as tracing leaves them behind, are no layer of their own.
    own = {name for step in used for name in step.variables}
    labelled = graph.descendants([roles.labels])
    return tuple(step for step in found if not own.issuperset(step.variables) and step.data not in labelled)
