"""Faults of the loss and of its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphread.fault import fault
from graphread.fault_kinds import Severity
from graphread.find.activations import CLIPPED_LOG
from graphread.find.layers import between
from graphread.find.losses import CONSTANT, CROSS_ENTROPY, FUSED_LOSSES, OVER_ROWS, UNDECIDED
from graphread.find.optimizers import DUAL_AVERAGING
from graphread.find.roles import all_updates, moved_by_gradients
from graphread.graph.nodes import node_of, words
from graphread.text import Said, Text
from graphread.trial.probe import SINGLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from graphread.fault import Fault
    from graphread.find import Found
    from graphread.reading import Reading

_SQUARED = ("mean-squared-error", "root-mean-squared-error", "euclidean-distance")
_SIGMOID = ("sigmoid-cross-entropy", "binary-cross-entropy", "log-of-sigmoid")
_SCORES = ("cross-entropy-of-scores", "log-of-scores", "log-of-scores-tight")
_LOGARITHMS = ("Log", "LogSoftmax", *FUSED_LOSSES)
#: Activations that turn logits into probabilities, and the code if one precedes the loss.
PROBABILITIES = {
    "softmax": "softmax-before-loss",
    "sigmoid": "sigmoid-before-loss",
    "hard-sigmoid": "sigmoid-before-loss",
}
_SHIFTED = frozenset({"labels-off-by-one-up", "labels-off-by-one-down"})
#: Ops that can move a label to another class.
_SHIFTING = words("Add AddV2 ConcatV2 FloorMod GatherNd GatherV2 MatMul PadV2 Pad ReverseV2 Roll StridedSlice Sub")
_SWAPPED = "labels-logits-swapped"
_UNTOUCHED = ("none", "log-softmax", CLIPPED_LOG, "undecided", "other")
_AXIS = ("loss-over-wrong-axis", Text("over the rows of a batch"), Text("over the classes of a row"))
#: Kinds of losses that are wrong for any classifier: code, what was found, what is expected.
_BROKEN: Mapping[str, tuple[str, Said, Said]] = {
    **dict.fromkeys(OVER_ROWS.difference(_SQUARED), _AXIS),
    "labels-off-by-one-up": ("labels-off-by-one", Text("{label} {step}", step="+1"), Text("the {label} itself")),
    "labels-off-by-one-down": ("labels-off-by-one", Text("{label} {step}", step="-1"), Text("the {label} itself")),
    **dict.fromkeys((_SWAPPED, "label-logit-swapped"), (_SWAPPED, "", "")),
    CONSTANT.kind: ("targets-out-of-reach", Text("always 1: the softmax of a single number"), Text("its sigmoid")),
    "cross-entropy-of-pairs": (
        "broadcast-in-loss",
        Text("each prediction compared with every {label}"),
        Text("with its own"),
    ),
    "cross-entropy-of-one-class": (
        "wrong-loss",
        Text("only rows of class 1 count"),
        Text("rows of class 0, too: -(y log p + (1 - y) log(1 - p))"),
    ),
}
#: The expected loss, indexed by whether a single logit separates two classes.
_EXPECTED = Text("softmax cross-entropy"), Text("sigmoid cross-entropy")
_FIRST = Text("a softmax first"), Text("a sigmoid first")
#: Codes other than `wrong-loss` for kinds of losses, if cross-entropy is required.
_OTHER = {**dict.fromkeys(_SIGMOID, "sigmoid-cross-entropy"), **dict.fromkeys(_SQUARED, "mse-on-logits")}


def is_asked(reading: Reading) -> bool:
    """Whether the exercise requires softmax cross-entropy."""
    return reading.asked.loss == CROSS_ENTROPY


def _place(reading: Reading) -> str:
    return node_of(reading.found.loss)


def _kind(reading: Reading) -> str:
    """Return the kind of the loss."""
    return _SWAPPED if _log_of_labels(reading) else reading.loss.match.kind


def squashed_before_loss(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if an activation precedes a loss that applies softmax or sigmoid itself."""
    activation = reading.loss.last_activation
    if _kind(reading) in {CROSS_ENTROPY, _SWAPPED, *_SHIFTED} and activation not in _UNTOUCHED:
        told = Text("{activation} before the loss", activation=activation)
        # The softmax or sigmoid may belong to the prediction: the fault is in the loss that takes it for logits.
        place = _place(reading) if activation in PROBABILITIES else reading.output
        yield fault(PROBABILITIES.get(activation, "relu-on-logits"), place, told, Text("no activation"))


def another_loss(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if the loss is not the required cross-entropy."""
    kind, last = _kind(reading), reading.loss.last_activation
    known = {UNDECIDED.kind, CROSS_ENTROPY, *_SCORES, *_BROKEN}
    if not is_asked(reading) or kind in known or _of_scores(reading):
        return
    code = _OTHER.get(kind, "wrong-loss")
    if code == "mse-on-logits":
        code = {"undecided": "wrong-loss", **dict.fromkeys(PROBABILITIES, "mse-on-softmax")}.get(last, code)
    yield fault(code, _place(reading), kind.replace("-", " "), _EXPECTED[reading.loss.form == SINGLE])


def broken_cross_entropy(reading: Reading) -> Iterator[Fault]:
    """Yield a fault for a formula that is wrong for any classifier."""
    kind = _kind(reading)
    if kind in _BROKEN:
        code, told, expected = _BROKEN[kind]
        yield fault(code, _PLACES.get(kind, _place)(reading), told, expected)
    elif _of_scores(reading) and reading.loss.last_activation not in PROBABILITIES:
        grave = Severity.FATAL if reading.loss.finite is False else None
        told = Text("scores treated as probabilities")
        yield fault("logits-are-probabilities", _place(reading), told, _FIRST[reading.loss.form == SINGLE], grave)


def _shift(reading: Reading) -> str:
    """Return the first op that may shift the labels before they meet the network's output, else the loss."""
    graph, roles, loss = reading.found.graph, reading.found.roles, reading.found.loss
    moved = graph.made_by(_SHIFTING) & graph.descendants([roles.labels]) & graph.ancestors([loss])
    first = min(moved - graph.descendants([roles.images]), key=lambda one: graph.order[node_of(one)], default=loss)
    return node_of(first)


#: Kinds of losses whose fault is elsewhere than in the loss.
_PLACES = dict.fromkeys(_SHIFTED, _shift)


def _of_scores(reading: Reading) -> bool:
    """Whether the loss takes logits for probabilities: it computes the logarithm of raw scores."""
    loss, kind = reading.loss, _kind(reading)
    if kind == "binary-cross-entropy":
        return loss.last_activation == "none" and not is_asked(reading)
    if kind == CROSS_ENTROPY:
        return loss.last_activation == CLIPPED_LOG and not loss.inner_activations
    return kind in _SCORES


def _log_of_labels(reading: Reading) -> bool:
    """Whether the loss takes the logarithm of the labels, or of their softmax, instead of the scores.

    For one-hot y, the sum of p log(y + e) is affine in p at the label: by values alone, it is the negative probability.
    """
    found = reading.found
    if reading.loss.match.kind != "negative-probability":
        return False
    late = found.graph.descendants([found.scores])
    way = between(found.graph, found.roles.labels, found.loss)
    return any(node.op in _LOGARITHMS and node.inputs[0] not in late for node in way)


def climbing(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if a training step increases the loss."""
    # Dual averaging starts with a jump toward zero from any weights: McMahan et al., 2013, algorithm 1.
    if reading.descent.climbs and reading.descent.kind not in DUAL_AVERAGING and reading.loss.match != CONSTANT:
        places = node_of(reading.found.roles.train_op), _place(reading)  # of a right loss the step is wrong
        place = places[reading.loss.match.scale <= 0]
        yield fault("maximises-loss", place, Text("each step makes the loss larger"), "smaller")


def not_finite(reading: Reading) -> Iterator[Fault]:
    """Yield a fault for NaN or infinity at ordinary logits, or for the logarithm of a possible zero."""
    if reading.loss.finite is False and not _of_scores(reading):
        yield fault("loss-not-finite", _place(reading))
    if reading.loss.finite_at_extremes is False:
        yield fault("unclipped-log", _place(reading))


def wrong_tensor(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if the gradient is of a tensor that does not depend on the labels."""
    found, given = reading.found, reading.found.roles.gradients
    labels = found.roles.labels or found.hints.get("Y")
    if labels is None or labels in found.graph.ancestors(given.values()) or not _is_shown(found):
        return
    # Adversarial networks each have their own loss, and some of these use no labels.
    others = moved_by_gradients(all_updates(found.graph)) - given.keys()
    if not (reading.free and others):
        told = Text("a tensor without the {labels}"), Text("the loss")
        yield fault("minimises-wrong-tensor", node_of(found.roles.train_op), *told)


def _is_shown(found: Found) -> bool:
    """Whether there are gradients that show the tensors they were computed from.

    Gradients of a loop are built from stacks, and accumulated ones pass through variables: they show neither images nor
    labels.
    """
    graph, given = found.graph, found.roles.gradients
    gathered = graph.ancestor_nodes(given.values()).intersection(graph.variables) - given.keys()
    if "StackPopV2" in graph.ops_above(given.values()):
        return False
    return found.roles.images in graph.ancestors(given.values()) or (bool(given) and not gathered)


ANY_LOSS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (climbing, not_finite, wrong_tensor)
CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (
    squashed_before_loss,
    another_loss,
    broken_cross_entropy,
    *ANY_LOSS,
)
