"""Find the outputs of the layers: logits, loss terms, prediction, accuracy; find unused layers.

Logits are one number for each class of each row, from the last layer. If a loss adds several terms, the one that scores the
classes is read: an auxiliary classifier, a reconstruction, or the same loss on another part of the batch are separate terms,
each with its own path from the images. Weight decay is not a term: it does not depend on the images.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, dropwhile
from typing import TYPE_CHECKING

from graphread.find.joining import join_parts
from graphread.find.layers import find_steps
from graphread.find.losses import UNDECIDED, LossMatch
from graphread.find.roles import PRODUCTS, all_updates, moved_by_gradients, written
from graphread.graph.nodes import node_of, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from graphread.find.layers import Step
    from graphread.find.roles import Roles
    from graphread.graph.plain import Graph

_SCALING = words("Mul RealDiv DivNoNan Div")
_ADDING = words("Add AddV2 AddN Sub Pack")
#: Inputs of an op that may be terms of a sum.
_SUMMED = {
    **dict.fromkeys(_ADDING, slice(None)),
    **dict.fromkeys(words("Identity Mean Sum Reshape Squeeze Cast Neg StopGradient CheckNumerics"), slice(1)),
}
_MOST_TERMS = 40


LABEL_TESTS = words("Equal NotEqual InTopK InTopKV2 ApproximateEqual")
#: Number of candidates for an unnamed accuracy.
_MOST_ACCURACIES = 6


@dataclass(frozen=True)
class Layers:
    """The layers, and the tensors that they lead to."""

    steps: tuple[Step, ...] = ()
    """The linear step of each layer, in order."""
    scores: str | None = None
    """The output of the last layer's linear step, before any activation; None if there is no such tensor."""
    chain: tuple[str, ...] = ()
    """The tensors on every path from the images to the loss, from `scores` to the last before the labels enter."""
    term: str | None = None
    """The term of the loss that is read, if there are several; `aside` are the steps that only the others need."""
    aside: tuple[Step, ...] = ()


@dataclass(frozen=True)
class LossReading:
    """The facts known about the loss."""

    match: LossMatch = UNDECIDED
    """Its formula."""
    logits: str | None = None
    """The tensor after the last layer that is the argument of `match`."""
    last_activation: str = "undecided"
    """The function between the scores and `logits`; the last of several, `inner_activations` are the others."""
    inner_activations: tuple[str, ...] = ()
    reduction: str = "undecided"
    """``mean``, ``sum``, ``none``, ``other`` or ``undecided``."""
    form: str = ""
    """Layout of the logits in the experiment, ``rows`` or ``columns``; empty if neither."""
    finite: bool | None = None
    finite_at_extremes: bool | None = None
    """Whether the loss is finite for ordinary logits, and for logits whose softmax contains zeros; None if untested."""

    @property
    def decided(self) -> bool:
        """Whether its formula is known."""
        return self.match is not UNDECIDED


@dataclass(frozen=True)
class Outputs:
    """The output tensors in addition to the loss, None if missing; `accuracies` are candidates."""

    prediction: str | None = None
    accuracy: str | None = None
    logits: str | None = None
    accuracies: tuple[str, ...] = ()


def find_layers(graph: Graph, roles: Roles, hints: Mapping[str, str], loss: str | None, ends: Sequence[str]) -> Layers:
    """Return the layers before the loss, and the logits.

    If the loss has several terms, return the layers of the term that is read.

    Without a loss, the layers end in the network's named outputs: `ends`.
    """

    def steps_before(ends: Sequence[str | None]) -> tuple[Step, ...]:
        return tuple(join_parts(graph, find_steps(graph, ends, roles.images), ends, roles.images))

    whole = steps_before(ends)
    for term in [loss, *_terms(graph, roles, hints, loss, whole)]:
        steps = whole if term == loss else steps_before([term])
        scores, way = _find_scores(graph, roles, steps, term)
        if scores is not None:
            own = {part.node for part in _parts(steps)}
            aside = tuple(part for part in _parts(whole) if part.node not in own)
            return Layers(steps, scores, way, None if term == loss else term, aside)
    return Layers(whole)


def _parts(steps: Iterable[Step]) -> list[Step]:
    """Return the layers and their parts."""
    return [part for step in steps for part in (step, *step.parts)]


def _find_scores(
    graph: Graph, roles: Roles, steps: Sequence[Step], loss: str | None
) -> tuple[str | None, tuple[str, ...]]:
    """Return the last layer's output, and the path from it to the loss without further variables."""
    reads_labels = graph.descendants([roles.labels])
    before = [tensor for tensor in graph.dominators(roles.images, loss) if tensor not in reads_labels]
    products = {part.product for part in _parts(steps)}
    behind = (tensor for tensor in before if products and products <= graph.ancestors([tensor]))
    scores = next((tensor for tensor in behind if not _joined_later(graph, tensor, before[-1])), None)
    return scores, tuple(dropwhile(lambda tensor: tensor != scores, before))


def _joined_later(graph: Graph, tensor: str, end: str) -> bool:
    """Whether another tensor computed from variables joins in between `tensor` and `end`."""
    below = graph.descendants([tensor])
    reads = graph.values_read(below.intersection(graph.ancestors([end])) - {tensor})
    return not graph.varied.isdisjoint(map(node_of, reads - below))


def _terms(graph: Graph, roles: Roles, hints: Mapping[str, str], loss: str | None, steps: Sequence[Step]) -> list[str]:
    """Return the terms that depend on images and labels, likeliest first: named logits, then deepest.

    Empty if the loss is a single term.
    """
    claimed = [hints.get("logits"), hints.get("prediction")]
    products = {step.product for step in steps}
    summed = sorted(_summands(graph, loss) - {loss}, key=lambda tensor: -graph.order[node_of(tensor)])
    above = {tensor: graph.ancestors([tensor]) for tensor in summed[:_MOST_TERMS]}
    found = [tensor for tensor in above if {roles.images, roles.labels} <= above[tensor]]
    return sorted(found, key=lambda tensor: (above[tensor].isdisjoint(claimed), -len(above[tensor] & products)))


def _summands(graph: Graph, loss: str | None) -> set[str]:
    """Return all summands of the loss, including nested sums and the loss itself."""
    learned = graph.fed & graph.varied

    def terms(tensor: str) -> Iterable[str]:
        node = graph[tensor]
        reads = graph.value_inputs(node)
        # A divisor of the loss may be a count of rows, but contains no loss itself.
        varied = [read for read in reads if node_of(read) in learned]
        return varied[:1] if node.op in _SCALING and len(varied) == 1 else reads[_SUMMED.get(node.op, slice(0))]

    return graph.walked([loss], terms)


def find_outputs(graph: Graph, roles: Roles, hints: Mapping[str, str], scores: str | None) -> Outputs:
    """Return prediction and accuracy, by the student's names first, then by the graph."""
    prediction, accuracy, logits = hints.get("prediction"), hints.get("accuracy"), hints.get("logits")
    # Search from the images, not from the logits: evaluation may use another tower than training.
    below, late = graph.descendants([roles.images]), graph.descendants([roles.labels])
    accuracies: tuple[str, ...] = ()
    if accuracy is None:
        accuracies, compared = _find_accuracies(graph, roles, scores, below & late)
        accuracy = next(iter(accuracies), None) if compared else None
    if prediction is None:
        last = graph.descendants([scores]) or below
        above = graph.ancestors([accuracy])
        free = (graph.made_by(["Softmax", "ArgMax", "Sigmoid"]) - late) & (last | (above & below))
        prediction = min(free, key=lambda tensor: (tensor not in above, -graph.order[node_of(tensor)]), default=None)
    return Outputs(prediction, accuracy, logits, accuracies)


def _find_accuracies(graph: Graph, roles: Roles, scores: str | None, both: set[str]) -> tuple[tuple[str, ...], bool]:
    """Return candidates for an accuracy among `both`, and whether any op compares predictions and labels.

    If none does, a candidate may be another result of both, such as a confusion matrix.
    """
    updating = written(graph, roles.updates)
    compared = graph.descendants(graph.made_by(LABEL_TESTS) & both - updating)
    pool = compared or both - updating - set(roles.losses)
    means = graph.made_by(["Mean", "RealDiv"]) & compared
    ends = sorted(means | (pool - graph.values_read(both)), key=lambda tensor: graph.order[node_of(tensor)])
    own = set(graph.variables_in(scores))
    trained = moved_by_gradients(all_updates(graph)) if own else set()
    found = [one for one in ends if node_of(one) in graph.fed and _is_ours(graph, one, own, trained)]
    return tuple(found[:_MOST_ACCURACIES]), bool(compared)


def _is_ours(graph: Graph, tensor: str, own: set[str], trained: set[str]) -> bool:
    """Whether a tensor is not a summary, and uses no `trained` weights except the scores' `own`."""
    used = set(graph.variables_in(tensor))
    return not graph[tensor].op.endswith("Summary") and (used.isdisjoint(trained) or not used.isdisjoint(own))


def find_unused(graph: Graph, roles: Roles, used: Sequence[Step], claimed: Sequence[str]) -> tuple[Step, ...]:
    """Return layers that read the images but affect neither the loss nor a `claimed` output.

    `used` are the layers of the network, including those of all loss terms.
    """
    if roles.images is None or not used:
        return ()
    needed = graph.ancestors([*claimed, *roles.losses]) | written(graph, roles.updates)
    loose = graph.made_by(PRODUCTS) - needed - {f"{name}:0" for name in graph.untaken}
    late = graph.descendants([roles.labels])
    # A second use of the same weights, which tracing leaves behind, is not a layer of its own.
    own = set(chain.from_iterable(step.variables for step in used))
    steps = find_steps(graph, loose, roles.images)
    return tuple(
        step for step in steps if step.product in loose and step.data not in late and not own.issuperset(step.variables)
    )
