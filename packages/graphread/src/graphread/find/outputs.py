"""What comes out of the layers? Scores, loss and its terms, a prediction, an accuracy; unused parts.

Scores are one number for each class of each row, behind the last layer. Where a loss adds up several terms, the one
that says what the classes are is read: a second classifier, a picture that is rebuilt, or the same loss on another part of the
batch are terms of their own, each with its own way from the images. Weight decay is not a term: it does not depend on the images.
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
#: What reads of an op may be terms of a sum.
_SUMMED = {
    **dict.fromkeys(_ADDING, slice(None)),
    **dict.fromkeys(words("Identity Mean Sum Reshape Squeeze Cast Neg StopGradient CheckNumerics"), slice(1)),
}
_MOST_TERMS = 40


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

    match: LossMatch = UNDECIDED
    """The formula that it is."""
    logits: str | None = None
    """The tensor behind the last layer that `match` is a formula of."""
    last_activation: str = "undecided"
    """What stands between the scores and `logits`; of several functions the last one, `inner_activations` are the
    others."""
    inner_activations: tuple[str, ...] = ()
    reduction: str = "undecided"
    """``mean``, ``sum``, ``none``, ``other`` or ``undecided``."""
    form: str = ""
    """How the tried scores are arranged, ``rows`` or ``columns``; empty for neither."""
    finite: bool | None = None
    finite_at_extremes: bool | None = None
    """Whether it is a number for ordinary scores, and for scores of which a softmax makes zeros; None where that was
    not asked."""

    @property
    def decided(self) -> bool:
        """Whether its formula is known."""
        return self.match is not UNDECIDED


@dataclass(frozen=True)
class Outputs:
    """The tensors that come out in addition to the loss, None if missing; `accuracies` are candidates."""

    prediction: str | None = None
    accuracy: str | None = None
    logits: str | None = None
    accuracies: tuple[str, ...] = ()


def find_layers(graph: Graph, roles: Roles, hints: Mapping[str, str], loss: str | None, ends: Sequence[str]) -> Layers:
    """Return the layers before the loss, and the scores.

    Where the loss has several terms, those of the term that is read.

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
    """Return layers and what they are joined of."""
    return [part for step in steps for part in (step, *step.parts)]


def _find_scores(
    graph: Graph, roles: Roles, steps: Sequence[Step], loss: str | None
) -> tuple[str | None, tuple[str, ...]]:
    """Return the last layer's output, and the way from there to the loss without further variables."""
    reads_labels = graph.descendants([roles.labels])
    before = [tensor for tensor in graph.dominators(roles.images, loss) if tensor not in reads_labels]
    products = {part.product for part in _parts(steps)}
    behind = (tensor for tensor in before if products and products <= graph.ancestors([tensor]))
    scores = next((tensor for tensor in behind if not _joined_later(graph, tensor, before[-1])), None)
    return scores, tuple(dropwhile(lambda tensor: tensor != scores, before))


def _joined_later(graph: Graph, tensor: str, end: str) -> bool:
    """Whether between `tensor` and `end` something comes in that is made from variables."""
    below = graph.descendants([tensor])
    reads = graph.values_read(below.intersection(graph.ancestors([end])) - {tensor})
    return not graph.varied.isdisjoint(map(node_of, reads - below))


def _terms(graph: Graph, roles: Roles, hints: Mapping[str, str], loss: str | None, steps: Sequence[Step]) -> list[str]:
    """Return the terms that depend on images and labels, likeliest first: named logits, then deepest.

    Empty where the loss is one term only.
    """
    claimed = [hints.get("logits"), hints.get("prediction")]
    products = {step.product for step in steps}
    summed = sorted(_summands(graph, loss) - {loss}, key=lambda tensor: -graph.order[node_of(tensor)])
    above = {tensor: graph.ancestors([tensor]) for tensor in summed[:_MOST_TERMS]}
    found = [tensor for tensor in above if {roles.images, roles.labels} <= above[tensor]]
    return sorted(found, key=lambda tensor: (above[tensor].isdisjoint(claimed), -len(above[tensor] & products)))


def _summands(graph: Graph, loss: str | None) -> set[str]:
    """Return all that the loss is a sum of, sums of sums included, and the loss."""
    learned = graph.fed & graph.varied

    def terms(tensor: str) -> Iterable[str]:
        node = graph[tensor]
        reads = graph.value_inputs(node)
        # What a loss is divided by may be counted from the rows, but holds no loss itself.
        varied = [read for read in reads if node_of(read) in learned]
        return varied[:1] if node.op in _SCALING and len(varied) == 1 else reads[_SUMMED.get(node.op, slice(0))]

    return graph.walked([loss], terms)


def find_outputs(graph: Graph, roles: Roles, hints: Mapping[str, str], scores: str | None) -> Outputs:
    """Find candidates for prediction and accuracy, from the student's names first, then from the graph."""
    prediction, accuracy, logits = hints.get("prediction"), hints.get("accuracy"), hints.get("logits")
    # By the images, not by the scores: what is evaluated may be another tower than the one that is trained.
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
    """Return candidates for an accuracy made from `both`, and whether anything compares the two.

    Where nothing does, it may be what else both lead to at last: a confusion matrix.
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

    `used` are the layers of the network, those of all terms of its loss.
    """
    if roles.images is None or not used:
        return ()
    needed = graph.ancestors([*claimed, *roles.losses]) | written(graph, roles.updates)
    loose = graph.made_by(PRODUCTS) - needed - {f"{name}:0" for name in graph.untaken}
    late = graph.descendants([roles.labels])
    # The same weights once more, as tracing leaves them behind, are no layer of their own.
    own = set(chain.from_iterable(step.variables for step in used))
    steps = find_steps(graph, loose, roles.images)
    return tuple(
        step for step in steps if step.product in loose and step.data not in late and not own.issuperset(step.variables)
    )
