"""Faults of a regression: the loss, the values that it compares, and the range of outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphread.fault import fault
from graphread.fault_kinds import Severity
from graphread.find.losses import CROSS_ENTROPY, UNDECIDED
from graphread.find.target_losses import ASKED, CLASSIFICATION, OF_AVERAGES, PAIRS, SIGNED
from graphread.graph.nodes import node_of
from graphread.text import Said, Text
from graphread.trial.probe import source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from graphread.fault import Fault
    from graphread.reading import Reading
    from graphread.trial.target_trial import TargetTrial

#: Fraction of the targets' range that may be out of reach: rounding, and a sigmoid that never quite reaches 1.
EDGE = 0.02
_CANCELLING = frozenset({SIGNED, OF_AVERAGES})
_NO_MEANS = {"sum": Text("their sum"), "none": Text("a number for each row")}
#: Operations of a cross entropy. A softmax may stand before an error of numbers, and a logarithm in a Poisson loss.
_CLASS_OPS = ("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits", "LogSoftmax")


def _place(reading: Reading) -> str:
    return node_of(reading.found.loss)


def for_classes(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if a regression has a classification loss."""
    graph, kind = reading.found.graph, reading.loss.match.kind
    ops = graph.ops_above([reading.found.loss])
    told: Said = kind.replace("-", " ")
    if not reading.loss.decided and reading.targets.constant and not ops.isdisjoint(_CLASS_OPS):
        kind, told = CROSS_ENTROPY, Text("softmax cross entropy")
    if not reading.free and kind in CLASSIFICATION:
        yield fault("classification-loss", _place(reading), told, _asked(reading))


def _asked(reading: Reading) -> Said:
    """Return the required error, in words."""
    kind = reading.asked.loss
    return kind.replace("-", " ") if kind in ASKED else Text("an error such as the mean squared error")


def compared_wrongly(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if the loss compares each output with other rows' targets, or if differences cancel."""
    match, place = reading.loss.match, _place(reading)
    if _is_constant(reading):
        return
    if match.detail == PAIRS:
        yield fault(
            "broadcast-in-loss", place, Text("each prediction compared with every target"), Text("with its own")
        )
    elif match.kind in _CANCELLING:
        yield fault("differences-cancel", place, match.kind.replace("-", " "), _asked(reading))


def _is_constant(reading: Reading) -> bool:
    """Whether the output is constant for any value of the last layer."""
    return reading.targets.low == reading.targets.high


def another_error(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if the error is not the required one, or not its mean."""
    asked, kind = reading.asked.loss, reading.loss.match.kind
    if asked not in ASKED or kind in _CANCELLING | CLASSIFICATION | {UNDECIDED.kind}:
        return
    if kind != asked:
        yield fault("wrong-loss", _place(reading), kind.replace("-", " "), _asked(reading))
    elif reading.loss.reduction in _NO_MEANS:
        yield fault("loss-not-mean", _place(reading), _NO_MEANS[reading.loss.reduction], Text("their mean"))


def out_of_reach(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if the last activation keeps the output from reaching the targets."""
    trial, last = reading.targets, reading.loss.last_activation
    targets, bounds = reading.asked.targets, _span(trial.low, trial.high)
    linear = (reading.asked.activations or ("",))[-1] == "none" and targets is None
    code, place = "targets-out-of-reach", reading.output
    if _is_constant(reading):
        yield fault(code, place, Text("always {low:.3g}", low=trial.low), Text("any number that a target may be"))
    elif targets is not None and _is_beyond(trial, *targets):
        yield fault(code, place, bounds, _span(*targets))
    elif linear and trial.bounded:
        yield fault(code, place, last if last != "undecided" else bounds, Text("no activation"))


def _span(low: float, high: float) -> Text:
    """Return a range of numbers in words."""
    return Text("from {low:.3g} to {high:.3g}", low=low, high=high)


def _is_beyond(trial: TargetTrial, low: float, high: float) -> bool:
    """Whether the smallest or the largest target is out of reach."""
    edge = EDGE * (high - low)
    return trial.low > low + edge or trial.high < high - edge


def another_prediction(reading: Reading) -> Iterator[Fault]:
    """Yield a prediction that is not the tensor in the loss; without an exercise it may be a class."""
    place, detail = node_of(reading.found.hints.get("prediction")), reading.loss.match.detail
    if reading.free or detail == PAIRS or reading.targets.prediction_fits is not False:
        return
    found = Text("another number, such as one on another scale")
    yield fault("prediction-wrong", place, found, Text("the number that comes close to the target, in its unit"))


def placeholder(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if the targets do not fit their placeholder."""
    found = reading.found
    source, width = source_of(found.graph, found.roles.labels), found.given.classes
    if found.given.has_parts and not source.takes([width]) and not source.takes([]):
        wanted = "[None]" if width == 1 else Text("[None, {width}]", width=width)
        told = Text("shape {list}", list=list(source.sizes))
        yield fault("wrong-placeholder", node_of(source.name), told, wanted, Severity.SERIOUS)


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (
    for_classes,
    compared_wrongly,
    another_error,
    out_of_reach,
    another_prediction,
    placeholder,
)
