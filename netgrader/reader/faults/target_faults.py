"""Faults of a regression: of the loss, of what it compares with the targets, and of what can come out at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.faults import Severity, fault
from netgrader.reader.find.target_losses import ASKED, CLASSIFICATION, OF_AVERAGES, PAIRS, SIGNED
from netgrader.reader.graph.nodes import fits, node_of
from netgrader.reader.trial.target_trial import SCALED
from netgrader.text import Said, Text

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
    """A loss that compares classes; of one number for each row that nobody asks for it may be right."""
    found, match = reading.found, reading.loss.match
    if found.exercise is None:
        return
    ops = {found.graph.nodes[name].op for name in found.graph.ancestor_nodes([found.loss])}
    if match is not None and (match.kind in CLASSIFICATION or match.kind.startswith("labels-")):
        yield fault("classification-loss", _place(reading), match.kind.replace("-", " "), _asked(reading))
    elif match is None and reading.targets.constant and not ops.isdisjoint(_CLASS_OPS):
        yield fault("classification-loss", _place(reading), Text("softmax cross entropy"), _asked(reading))


def _asked(reading: Reading) -> Said:
    """The error that is asked for, in words."""
    exercise = reading.found.exercise
    kind = exercise.loss if exercise is not None else None
    return kind.replace("-", " ") if kind in ASKED else Text("an error such as the mean squared error")


def compared_wrongly(reading: Reading) -> Iterator[Fault]:
    """A loss in which outputs meet the targets of other rows, or differences cancel."""
    match = reading.loss.match
    if match is None or _is_constant(reading):
        return
    if match.detail == PAIRS:
        yield fault(
            "broadcast-in-loss",
            _place(reading),
            Text("each prediction compared with every target"),
            Text("with its own"),
        )
    elif match.kind in (SIGNED, OF_AVERAGES):
        yield fault("differences-cancel", _place(reading), match.kind.replace("-", " "), _asked(reading))


def _is_constant(reading: Reading) -> bool:
    """Whether one number comes out, whatever the last layer puts out."""
    return reading.targets.low is not None and reading.targets.low == reading.targets.high


def another_error(reading: Reading) -> Iterator[Fault]:
    """Another error than asked for, or not its mean."""
    exercise, match = reading.found.exercise, reading.loss.match
    asked = exercise.loss if exercise is not None else None
    if match is None or asked not in ASKED or match.kind in {SIGNED, OF_AVERAGES, *CLASSIFICATION}:
        return
    if match.kind != asked:
        yield fault("wrong-loss", _place(reading), match.kind.replace("-", " "), _asked(reading))
    elif reading.loss.reduction in ("sum", "none"):
        found = {"sum": Text("their sum"), "none": Text("a number for each row")}[reading.loss.reduction]
        yield fault("loss-not-mean", _place(reading), found, Text("their mean"))


def out_of_reach(reading: Reading) -> Iterator[Fault]:
    """An activation of the last layer that keeps the output from where targets are."""
    exercise, trial, last = reading.found.exercise, reading.targets, reading.loss.last_activation
    if trial.low is None or trial.high is None:
        return
    place = reading.output
    bounds = Text("from {low:.3g} to {high:.3g}", low=trial.low, high=trial.high)
    if _is_constant(reading):
        yield fault(
            "targets-out-of-reach", place, Text("always {low:.3g}", low=trial.low), Text("any number that a target is")
        )
    elif exercise is not None and exercise.targets is not None:
        low, high = exercise.targets
        edge = EDGE * (high - low)
        if trial.low > low + edge or trial.high < high - edge:
            yield fault("targets-out-of-reach", place, bounds, Text("from {low:.3g} to {high:.3g}", low=low, high=high))
    elif exercise is not None and (exercise.activations or ("",))[-1] == "none" and trial.bounded:
        yield fault("targets-out-of-reach", place, last if last != "undecided" else bounds, Text("no activation"))


def another_prediction(reading: Reading) -> Iterator[Fault]:
    """A prediction that is not what the loss compares with the targets; where nobody asks it may be a class."""
    tensor, match = reading.found.hints.get("prediction"), reading.loss.match
    if reading.found.exercise is None or tensor is None or match is None or match.detail == PAIRS:
        return
    if reading.targets.prediction_fits is False:
        scaled = (
            Text("a number in the scale that the loss works in") if match.detail == SCALED else Text("another number")
        )
        yield fault("prediction-wrong", node_of(tensor), scaled, Text("the number that comes close to the target"))


def placeholder(reading: Reading) -> Iterator[Fault]:
    """A placeholder that the targets do not fit."""
    found = reading.found
    labels, width = found.roles.labels, found.given.classes
    shape = found.graph.static_shape(labels) if labels in found.graph.sources and found.given.has_parts else None
    if labels is None or shape is None:
        return
    if not any(fits((1, *sizes), (None, *shape[1:])) for sizes in ((width,), ())):
        wanted = "[None]" if width == 1 else Text("[None, {width}]", width=width)
        yield fault(
            "wrong-placeholder", node_of(labels), Text("shape {list}", list=list(shape)), wanted, Severity.SERIOUS
        )


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (
    for_classes,
    compared_wrongly,
    another_error,
    out_of_reach,
    another_prediction,
    placeholder,
)
