"""Faults of the loss and of what goes into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.faults import Severity, fault
from netgrader.reader.find.activations import CLIPPED_LOG
from netgrader.reader.find.layers import between
from netgrader.reader.find.losses import CROSS_ENTROPY, FUSED_LOSSES, OVER_ROWS
from netgrader.reader.find.optimizers import DUAL_AVERAGING
from netgrader.reader.find.roles import all_updates
from netgrader.reader.graph.nodes import node_of
from netgrader.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netgrader.faults import Fault
    from netgrader.reader.graph.plain import Graph
    from netgrader.reader.reading import Reading

_SQUARED = ("mean-squared-error", "root-mean-squared-error", "euclidean-distance")
_SIGMOID = ("sigmoid-cross-entropy", "binary-cross-entropy", "log-of-sigmoid")
_SCORES = ("cross-entropy-of-scores", "log-of-scores", "log-of-scores-tight")
_ENTERING = frozenset({"Enter", "RefEnter"})
#: What turns scores into shares, and how that is called before a loss.
_BEFORE = {
    "softmax": "softmax-before-loss",
    "sigmoid": "sigmoid-before-loss",
    "hard-sigmoid": "sigmoid-before-loss",
}


_MISREAD = ("labels-off-by-one-up", "labels-off-by-one-down", "labels-logits-swapped")
_UNTOUCHED = ("none", "log-softmax", CLIPPED_LOG, "undecided", "other")


def is_asked(reading: Reading) -> bool:
    """Whether the exercise asks for softmax cross-entropy."""
    exercise = reading.found.exercise
    return exercise is not None and exercise.loss == CROSS_ENTROPY


def _place(reading: Reading) -> str:
    return node_of(reading.found.loss or "")


def squashed_before_loss(reading: Reading) -> Iterator[Fault]:
    """An activation on what the loss itself turns into probabilities."""
    match, activation = reading.loss.match, reading.loss.last_activation
    softened = match is not None and (match.kind == CROSS_ENTROPY or match.kind in _MISREAD)
    if softened and activation not in _UNTOUCHED:
        code, told = (
            _BEFORE.get(activation, "relu-on-logits"),
            Text("{activation} before the loss", activation=activation),
        )
        yield fault(code, reading.output, told, Text("no activation"))


def another_loss(reading: Reading) -> Iterator[Fault]:
    """Another loss than the cross-entropy that was asked for."""
    match, last = reading.loss.match, reading.loss.last_activation
    broken = list(broken_cross_entropy(reading))
    if match is None or not is_asked(reading) or match.kind == CROSS_ENTROPY or broken:
        return
    code = "sigmoid-cross-entropy" if match.kind in _SIGMOID else "wrong-loss"
    if match.kind in _SQUARED and last != "undecided":
        code = "mse-on-softmax" if last in _BEFORE else "mse-on-logits"
    if match.kind not in _SCORES:
        yield fault(code, _place(reading), match.kind.replace("-", " "), Text("softmax cross-entropy"))


def broken_cross_entropy(reading: Reading) -> Iterator[Fault]:
    """Formulas that are wrong for any classifier."""
    match, place = reading.loss.match, _place(reading)
    if match is None:
        return
    if match.kind in OVER_ROWS and match.kind not in _SQUARED:
        yield fault("loss-over-wrong-axis", place, Text("over the rows of a batch"), Text("over the classes of a row"))
    elif match.kind.startswith("labels-off-by-one"):
        step = "+1" if match.kind.endswith("up") else "-1"
        yield fault("labels-off-by-one", place, Text("{label} {step}", step=step), Text("the {label} itself"))
    elif match.kind == "labels-logits-swapped" or _log_of_labels(reading):
        yield fault("labels-logits-swapped", place)
    elif _of_scores(reading) and reading.loss.last_activation not in _BEFORE:
        grave = Severity.FATAL if reading.loss.finite is False else None
        yield fault(
            "logits-are-probabilities", place, Text("scores taken for probabilities"), Text("a softmax first"), grave
        )


def _of_scores(reading: Reading) -> bool:
    """Whether the loss takes scores for probabilities: its logarithm is of the scores themselves."""
    loss = reading.loss
    alone = loss.last_activation == CLIPPED_LOG and not loss.inner_activations
    if loss.match is not None and loss.match.kind == "binary-cross-entropy":
        return loss.last_activation == "none" and not is_asked(reading)
    return loss.match is not None and (loss.match.kind in _SCORES or (loss.match.kind == CROSS_ENTROPY and alone))


def _log_of_labels(reading: Reading) -> bool:
    """Whether the loss goes with the probability of the label because the logarithm is taken of the labels, or of their softmax.

    The sum of p log(y + e) is an affine function of p at the label: by its values alone it is the negative probability.
    """
    match, found = reading.loss.match, reading.found
    graph, labels = found.graph, found.roles.labels
    if match is None or match.kind != "negative-probability" or labels is None or found.loss is None:
        return False
    late = graph.descendants([found.scores])
    logarithms = ("Log", "LogSoftmax", *FUSED_LOSSES)
    return any(node.op in logarithms and node.inputs[0] not in late for node in between(graph, labels, found.loss))


def climbing(reading: Reading) -> Iterator[Fault]:
    """A step that makes the loss larger."""
    # Dual averaging begins with a jump towards zero, wherever the weights are: McMahan et al., 2013, algorithm 1.
    if reading.descent.climbs and reading.descent.kind not in DUAL_AVERAGING:
        yield fault("maximises-loss", _place(reading), Text("each step makes the loss larger"), "smaller")


def not_finite(reading: Reading) -> Iterator[Fault]:
    """NaN or infinity for ordinary scores, or a logarithm of a probability that can be zero."""
    if reading.loss.finite is False and not _of_scores(reading):
        yield fault("loss-not-finite", _place(reading))
    if reading.loss.finite_at_extremes is False:
        yield fault("unclipped-log", _place(reading))


def wrong_tensor(reading: Reading) -> Iterator[Fault]:
    """A gradient of something that the labels have no part in."""
    found, graph = reading.found, reading.found.graph
    given = {update.variable: update.gradient for update in found.roles.updates if update.gradient}
    labels = found.roles.labels or found.hints.get("Y")
    above = set().union(*(_made_from(graph, gradient) for gradient in given.values()))
    if labels is None or not given or labels in above:
        return
    # Of several networks that train against each other, each has a loss of its own, some without labels.
    others = {update.variable for update in all_updates(graph) if update.gradient} - given.keys()
    # A gradient that is gathered in variables first shows neither images nor labels.
    shown = (
        found.roles.images in above
        or graph.ancestor_nodes(given.values()).intersection(graph.variables) <= given.keys()
    )
    if shown and not (found.exercise is None and others):
        yield fault(
            "minimises-wrong-tensor",
            found.roles.train_op or "",
            Text("a tensor without the {labels}"),
            Text("the loss"),
        )


def _made_from(graph: Graph, gradient: str) -> set[str]:
    """What a gradient is made from, also by way of the stacks on which a loop leaves values for its gradient."""
    pushes = [(graph.past(push.inputs[0], _ENTERING), push.inputs[1]) for push in graph.of_ops({"StackPushV2"})]
    found, before = graph.ancestors([gradient]), 0
    while pushes and len(found) > before:
        before = len(found)
        pops = (graph[tensor] for tensor in found if graph[tensor].op == "StackPopV2")
        stacks = {graph.past(pop.inputs[0], _ENTERING) for pop in pops}
        found |= graph.ancestors(value for stack, value in pushes if stack in stacks)
    return found


ANY_LOSS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (climbing, not_finite, wrong_tensor)
CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (
    squashed_before_loss,
    another_loss,
    broken_cross_entropy,
    *ANY_LOSS,
)
