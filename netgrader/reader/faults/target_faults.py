"""Faults of a regression: of the loss, of what it compares with the targets, and of what can come out at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netgrader.faults import Severity, fault
from netgrader.phrases import say
from netgrader.reader.find.layers import RESHAPING, between
from netgrader.reader.find.target_losses import ASKED, CLASSIFICATION, OF_AVERAGES, PAIRS, SIGNED
from netgrader.reader.graph.nodes import node_of
from netgrader.reader.trial.target_trial import SCALED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netgrader.faults import Fault
    from netgrader.reader.reading import Reading

#: Of the targets' range so much may be out of reach: rounding, and a sigmoid that only comes close to 1.
EDGE = 0.02
_CLASS_OPS = ("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits", "Softmax", "LogSoftmax")


def _place(reading: Reading) -> str:
    return node_of(reading.found.loss or "")


def for_classes(reading: Reading) -> Iterator[Fault]:
    """A loss that compares classes."""
    found, match = reading.found, reading.loss.match
    if found.exercise is None:
        return  # of one number for each row nobody said whether it tells two classes apart
    ops = [] if found.loss is None else found.graph.ancestor_nodes([found.loss])
    softmax = any(found.graph.nodes[name].op in _CLASS_OPS for name in ops)
    if match is not None and (match.kind in CLASSIFICATION or match.kind.startswith("labels-")):
        yield fault("classification-loss", _place(reading), match.kind.replace("-", " "), _asked(reading))
    elif match is None and softmax and reading.targets.constant:
        yield fault("classification-loss", _place(reading), "softmax cross entropy", _asked(reading))


def _asked(reading: Reading) -> str:
    """The error that is asked for, in words."""
    exercise = reading.found.exercise
    kind = exercise.loss if exercise is not None else None
    return kind.replace("-", " ") if kind in ASKED else "an error such as the mean squared error"


def compared_wrongly(reading: Reading) -> Iterator[Fault]:
    """A loss in which outputs meet the targets of other rows, or differences cancel."""
    match = reading.loss.match
    if match is None or _is_constant(reading):
        return
    if match.detail == PAIRS:
        yield fault("broadcast-in-loss", _place(reading), "each prediction compared with every target", "with its own")
    elif match.kind in (SIGNED, OF_AVERAGES):
        yield fault("differences-cancel", _place(reading), match.kind.replace("-", " "), _asked(reading))


def _is_constant(reading: Reading) -> bool:
    """Whether one number comes out, whatever the last layer puts out."""
    return reading.targets.low is not None and reading.targets.low == reading.targets.high


def _is_error(reading: Reading) -> bool:
    """Whether numbers are come close to: an exercise says so, or the loss is an error and no loss of two classes."""
    match = reading.loss.match
    return reading.found.exercise is not None or (match is not None and match.kind not in CLASSIFICATION)


def of_one_score(reading: Reading) -> Iterator[Fault]:
    """A single score of two classes, where nobody asks for numbers, that goes into its loss in the wrong form."""
    match, last = reading.loss.match, reading.loss.last_activation
    if reading.found.exercise is not None or match is None or match.detail == PAIRS:
        return
    place = node_of(reading.loss.logits or "")
    if match.kind == "sigmoid-cross-entropy" and last in ("sigmoid", "hard-sigmoid"):
        yield fault("sigmoid-before-loss", place, last, "no activation")
    elif match.kind == "sigmoid-cross-entropy" and last == "relu":
        yield fault("relu-on-logits", place, last, "no activation")
    elif match.kind == "binary-cross-entropy" and (last == "none" or _is_clipped(reading)):
        grave = Severity.FATAL if reading.loss.finite is False else None
        told = "scores taken for probabilities", "a sigmoid first"
        yield fault("logits-are-probabilities", _place(reading), *told, grave)
    elif match.kind == "softmax-cross-entropy" and reading.targets.constant:
        yield fault("targets-out-of-reach", place, say("always {1:.3g}", 1.0), "a sigmoid")


def _is_clipped(reading: Reading) -> bool:
    """Whether scores are kept within bounds, and nothing else is done to them, before the loss."""
    found, tensor = reading.found, reading.loss.logits
    ways = between(found.graph, found.scores, tensor) if found.scores and tensor else []
    return bool(ways) and all(node.op in (*RESHAPING, "Maximum", "Minimum", "ClipByValue") for node in ways)


def always_one(reading: Reading) -> Iterator[Fault]:
    """A softmax of a single score, though the loss is right: Keras takes the score from before it."""
    graph, last = reading.found.graph, reading.found.steps[-1] if reading.found.steps else None
    if last is None or last.outputs != 1 or reading.targets.constant:
        return
    for node in graph.nodes.values():
        if node.op == "Softmax" and graph.past(node.inputs[0], ("Identity", "Cast")) == last.output:
            yield fault("targets-out-of-reach", node.name, say("always {1:.3g}", 1.0), "a sigmoid")
            return


def of_some_rows(reading: Reading) -> Iterator[Fault]:
    """A loss that some rows of a batch have no part in."""
    seen = reading.targets.rows_seen if _is_error(reading) else None
    if seen is not None and any(seen) and not all(seen):
        yield fault(
            "loss-of-some-rows",
            _place(reading),
            say("{1} of {2} rows that were tried", sum(seen), len(seen)),
            "all rows",
        )


def another_error(reading: Reading) -> Iterator[Fault]:
    """Another error than asked for, or not its mean."""
    exercise, match = reading.found.exercise, reading.loss.match
    asked = exercise.loss if exercise is not None else None
    if match is None or asked not in ASKED or match.kind in {SIGNED, OF_AVERAGES, *CLASSIFICATION}:
        return
    if match.kind != asked:
        yield fault("wrong-loss", _place(reading), match.kind.replace("-", " "), _asked(reading))
    elif reading.loss.reduction in ("sum", "none"):
        found = {"sum": "their sum", "none": "a number for each row"}[reading.loss.reduction]
        yield fault("loss-not-mean", _place(reading), found, "their mean")


def out_of_reach(reading: Reading) -> Iterator[Fault]:
    """An activation of the last layer that keeps the output from where targets are."""
    exercise, trial, last = reading.found.exercise, reading.targets, reading.loss.last_activation
    if trial.low is None or trial.high is None:
        return
    place = node_of(reading.loss.logits or reading.found.scores or "")
    bounds = say("from {1:.3g} to {2:.3g}", trial.low, trial.high)
    if _is_constant(reading):
        yield fault("targets-out-of-reach", place, say("always {1:.3g}", trial.low), "any number that a target is")
    elif exercise is None:
        return  # which numbers targets are nobody said
    elif exercise.targets is not None:
        low, high = exercise.targets
        edge = EDGE * (high - low)
        if trial.low > low + edge or trial.high < high - edge:
            yield fault("targets-out-of-reach", place, bounds, say("from {1:.3g} to {2:.3g}", low, high))
    elif exercise.activations and exercise.activations[-1] == "none" and np.isfinite([trial.low, trial.high]).any():
        yield fault("targets-out-of-reach", place, last if last != "undecided" else bounds, "no activation")


_OF_CLASSES = frozenset({"Cast", "Greater", "GreaterEqual", "Rint", "Round"})


def another_prediction(reading: Reading) -> Iterator[Fault]:
    """A prediction that is not what the loss compares with the targets."""
    tensor, match = reading.found.hints.get("prediction"), reading.loss.match
    if tensor is None or match is None or reading.targets.prediction_fits is not False or match.detail == PAIRS:
        return
    if not _is_error(reading):
        return
    if reading.found.exercise is None and reading.found.graph[tensor].op in _OF_CLASSES:
        return  # nobody said that a number is asked for: of a score it may be the class
    scaled = "a number in the scale that the loss works in" if match.detail == SCALED else "another number"
    yield fault("prediction-wrong", node_of(tensor), scaled, "the number that comes close to the target")


def placeholder(reading: Reading) -> Iterator[Fault]:
    """A placeholder that the targets do not fit."""
    found = reading.found
    labels, width = found.roles.labels, found.given.classes
    if labels is None or labels not in found.graph.sources or not found.given.has_parts:
        return
    shape = found.graph.static_shape(labels)
    sizes = shape[1:] if shape else ()
    fitting = (width, None) if len(sizes) == 1 else (1,)
    if shape is not None and (len(sizes) > 1 or (sizes or (1,))[0] not in fitting):
        wanted = "[None]" if width == 1 else say("[None, {1}]", width)
        yield fault("wrong-placeholder", node_of(labels), say("shape {1}", list(shape)), wanted, Severity.SERIOUS)


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (
    for_classes,
    compared_wrongly,
    of_one_score,
    always_one,
    of_some_rows,
    another_error,
    out_of_reach,
    another_prediction,
    placeholder,
)
