"""Faults of the network's outputs, and missing parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphread.fault import fault
from graphread.fault_kinds import Severity
from graphread.faults.loss_faults import PROBABILITIES, is_asked
from graphread.find.losses import CROSS_ENTROPY
from graphread.graph.nodes import node_of
from graphread.text import Text
from graphread.trial.output_trial import OF_A_SINGLE
from graphread.trial.probe import SINGLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from graphread.fault import Fault
    from graphread.reading import Reading

NOTHING_WITHOUT = frozenset({"X", "Y", "loss", "train_op"})
"""Parts without which no network can be trained."""

_WRONG_AXIS = ("accuracy-over-wrong-axis", Text("the largest over the {images}"), Text("the largest over the classes"))
_NO_ARGMAX, _CLASSES = "accuracy-without-argmax", Text("the classes compared")
_HALF = Text("class 1 where the probability is over 0.5, which is where the logit is over 0")
_FIRST = Text("class 0 for every row, as the largest of a single number is always the first")
#: Form of the accuracy: code, what was found, what was expected.
_ACCURACIES = {
    "wrong-axis": _WRONG_AXIS,
    "wrong-axis-probabilities": _WRONG_AXIS,
    "labels-over-wrong-axis": _WRONG_AXIS,
    "scores-over-wrong-axis": _WRONG_AXIS,
    "probabilities-over-wrong-axis": _WRONG_AXIS,
    "no-argmax": (_NO_ARGMAX, Text("scores compared with {labels}"), _CLASSES),
    "no-argmax-probabilities": (_NO_ARGMAX, Text("probabilities compared with {labels}"), _CLASSES),
    "rounded": (_NO_ARGMAX, Text("rounded probabilities compared"), _CLASSES),
    "of-pairs": ("accuracy-wrong", Text("each answer compared with every {label}"), Text("with its own")),
    "logit-over-half": ("accuracy-wrong", Text("the logit compared with 0.5"), _HALF),
    "always-second": (
        "accuracy-wrong",
        Text("class 1 for every row, as when the probability is compared with 0"),
        _HALF,
    ),
    "always-first": ("accuracy-wrong", _FIRST, _HALF),
    "always-right": ("accuracy-wrong", Text("1 for any answer of the network"), Text("the fraction that is right")),
    "percent": ("accuracy-not-mean", Text("a percentage"), Text("a fraction from 0 to 1")),
    "count": ("accuracy-not-mean", Text("a count"), Text("a fraction from 0 to 1")),
    "not-averaged": ("accuracy-not-mean", Text("a value for each {image}"), Text("their mean")),
    "whole-number": ("accuracy-not-mean", Text("a whole number: the cast is missing"), Text("a fraction from 0 to 1")),
    "error-rate": ("accuracy-not-mean", Text("the fraction that is wrong"), Text("the fraction that is right")),
}


_OF_LARGEST = Text("another class than the largest score"), Text("the class with the largest logit")
_CLASS_OF = {
    SINGLE: (
        Text("another class than the logit says"),
        Text("the sigmoid of the logit, or class 1 where the logit is over 0"),
    )
}
#: Forms of the logits that are not faults: a softmax of them equals that of the scores, or they are unknown.
_NO_ACTIVATION = frozenset({None, "none", "log-softmax", "classes", "distribution", "other", *PROBABILITIES})


def claimed_logits(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if an activation was applied to `logits`; a loss that takes them for logits brings it."""
    form, loss, place = reading.outputs.logits_is, reading.loss, node_of(reading.found.hints.get("logits"))
    crossed = loss.match.kind == CROSS_ENTROPY
    if form in PROBABILITIES and (crossed or (loss.decided and is_asked(reading))):
        yield fault("logits-are-probabilities", place, "probabilities", Text("scores before the softmax"))
    elif crossed and loss.last_activation == "none" and form not in _NO_ACTIVATION:
        yield fault(
            "relu-on-logits", place, Text("{form} on the tensor called logits", form=form), Text("no activation")
        )


def uses_labels(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if the prediction depends on the labels."""
    found, graph, labels = reading.found, reading.found.graph, reading.found.roles.labels
    claimed = found.given.named("logits", "prediction")
    # If the loss is not understood, a product in a gradient may be mistaken for a layer.
    forward = graph.ancestor_nodes([found.loss, *claimed])
    made = [*claimed, *(step.data for step in found.steps if step.node in forward)]
    told = Text("depends on the {labels} that are fed"), Text("on the {images} only")
    for tensor in [one for one in made if labels in graph.ancestors([one]) - {found.roles.images}][:1]:
        yield fault("prediction-uses-labels", node_of(tensor), *told)


def accuracy(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if the accuracy is computed wrongly; without an exercise it need not be a fraction."""
    form, tensor = reading.outputs.accuracy_is, reading.found.outputs.accuracy
    if form in _ACCURACIES:
        code, found, expected = _ACCURACIES[form]
        if code != "accuracy-not-mean" or not reading.free:
            yield fault(code, node_of(tensor), found, expected)


def prediction(reading: Reading) -> Iterator[Fault]:
    """Yield a named prediction that differs from the logits' class with no other fault to explain it."""
    found, graph = reading.found, reading.found.graph
    tensor = found.hints.get("prediction")
    if tensor is None or reading.outputs.prediction_ranks or not reading.loss.decided:
        return
    varied = reading.rows.mixed or not reading.rows.repeats
    in_loss = tensor in graph.ancestors([found.roles.loss]) and reading.loss.match.kind != CROSS_ENTROPY
    counted = reading.outputs.accuracy_is in _ACCURACIES.keys() - OF_A_SINGLE
    if not (varied or in_loss or counted or list(uses_labels(reading))):
        yield fault("prediction-wrong", node_of(tensor), *_CLASS_OF.get(reading.loss.form, _OF_LARGEST))


def missing(reading: Reading) -> Iterator[Fault]:
    """Yield the required parts that are nowhere in the graph."""
    found, roles = reading.found, reading.found.roles
    if reading.free:
        return
    lacking = _lacking(reading)
    if lacking and found.given.names is not None:  # a traced model has no `net`, and one cause is reported once
        yield fault("missing-tensor", "", Text("no step of training"), "compile(optimizer=…, loss=…)", Severity.FATAL)
        return
    for name in lacking:
        grave = Severity.FATAL if name in NOTHING_WITHOUT else None
        yield fault("missing-tensor", name, Text("no {name} in the graph", name=name), f"net.{name}", grave)
    # If variables are present, layers may be hidden in a loop or consist of scalars.
    if not found.steps and (roles.loss or roles.images) and not found.graph.variables_in(roles.loss):
        told = Text("no trained layer between {images} and loss")
        yield fault("missing-tensor", "logits", told, "net.logits", Severity.FATAL)


def _lacking(reading: Reading) -> list[str]:
    """Return the names of missing parts; labels that only the loss ignores are not missing."""
    found, roles, outputs = reading.found, reading.found.roles, reading.found.outputs
    labels = roles.labels or (roles.loss and found.hints.get("Y"))
    parts = {"X": roles.images, "Y": labels, "loss": roles.loss or found.hints.get("loss"), "train_op": roles.train_op}
    if found.given.has_parts:
        parts["prediction"] = outputs.prediction
        if not found.given.regression:
            parts["accuracy"] = outputs.accuracy or _untried_accuracy(reading)
    elif not found.graph.sources:
        return []  # the data may be constants of the graph, so nothing else can be told from them
    return [name for name, tensor in parts.items() if tensor is None]


def _untried_accuracy(reading: Reading) -> str | None:
    """Return a tensor that may be the accuracy, if nothing could be run."""
    untried = () if reading.setup.opened else reading.found.outputs.accuracies
    return next(iter(untried), None)


def misnamed(reading: Reading) -> Iterator[Fault]:
    """Yield a remark on each attribute of `net` that names another tensor than its role; names are hints."""
    found, roles, hints = reading.found, reading.found.roles, reading.found.hints
    played = {"X": roles.images, "Y": roles.labels, "train_op": roles.train_op}
    if hints.get("loss") not in roles.losses:
        played["loss"] = found.loss
    for part, tensor in played.items():
        if tensor is not None and hints.get(part, tensor) != tensor:
            told = Text("net.{part} is {hints}", part=part, hints=node_of(hints[part]))
            reason = roles.reasons.get(part, Text("because of its inputs"))
            yield fault("misnamed-part", part, told, f"{node_of(tensor)} ({reason})")
    measure = node_of(hints.get("accuracy"))
    made = map(node_of, found.graph.descendants({*found.graph.sources} - {roles.labels}))
    if measure and measure not in found.graph.varied.union(made):
        # For example, Python compared objects in place of the session, or labels are compared with labels.
        told = Text("net.{value} is {tensor}", value="accuracy", tensor=measure)
        yield fault("accuracy-wrong", Text("accuracy"), told, Text("the fraction of {images} whose class is right"))


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (
    claimed_logits,
    uses_labels,
    accuracy,
    prediction,
    missing,
    misnamed,
)
