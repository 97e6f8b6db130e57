"""Faults of what the network hands out, and parts of it that are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.faults import Severity, fault
from netgrader.phrases import Verbatim, say
from netgrader.reader.find.losses import CROSS_ENTROPY
from netgrader.reader.find.outputs import LABEL_TESTS
from netgrader.reader.graph.functions import BRANCHES, LOOPS
from netgrader.reader.graph.nodes import node_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netgrader.faults import Fault
    from netgrader.reader.find import Found
    from netgrader.reader.graph.plain import Graph
    from netgrader.reader.reading import Reading

NOTHING_WITHOUT = frozenset({"X", "Y", "loss", "train_op"})
"""Parts without which no network can be trained."""

_WRONG_AXIS = ("accuracy-over-wrong-axis", "the largest over the images", "the largest over the classes")
_NO_ARGMAX, _CLASSES = "accuracy-without-argmax", "the classes compared"
#: By what was measured: code, what was found, what was expected.
_ACCURACIES = {
    "wrong-axis": _WRONG_AXIS,
    "wrong-axis-probabilities": _WRONG_AXIS,
    "no-argmax": (_NO_ARGMAX, "scores compared with labels", _CLASSES),
    "no-argmax-probabilities": (_NO_ARGMAX, "probabilities compared with labels", _CLASSES),
    "rounded": (_NO_ARGMAX, "rounded probabilities compared", _CLASSES),
    "percent": ("accuracy-not-mean", "a percentage", "a share from 0 to 1"),
    "count": ("accuracy-not-mean", "a count", "a share from 0 to 1"),
    "not-averaged": ("accuracy-not-mean", "a value for each image", "their mean"),
    "whole-number": ("accuracy-not-mean", "a whole number: the cast is missing", "a share from 0 to 1"),
    "error-rate": ("accuracy-not-mean", "the share that is wrong", "the share that is right"),
}


_LABELS_NEEDED = ("depends on the labels that are fed", "on the images only")
#: What is no activation on the logits: a softmax of it is that of the scores, or it is none of the bank.
_NO_ACTIVATION = frozenset({"none", "log-softmax", "classes", "distribution", "other"})


def claimed_logits(reading: Reading) -> Iterator[Fault]:
    """Logits that are probabilities already, where the loss is right all the same."""
    match, hints = reading.loss.match, reading.found.hints
    if match is None or match.kind != CROSS_ENTROPY or reading.loss.last_activation != "none":
        return
    if "logits" not in hints:
        return
    tensor, form = hints["logits"], reading.outputs.logits_is
    if form is None or form in _NO_ACTIVATION:
        return
    if form in ("softmax", "sigmoid", "hard-sigmoid"):
        yield fault("logits-are-probabilities", node_of(tensor), "probabilities", "scores before the softmax")
    else:
        yield fault("relu-on-logits", node_of(tensor), say("{1} on what is called logits", form), "no activation")


def uses_labels(reading: Reading) -> Iterator[Fault]:
    """A prediction for which the labels are needed."""
    found, roles = reading.found, reading.found.roles
    graph, labels = found.graph, roles.labels
    if labels is None or labels == roles.images:
        return
    claimed = [found.hints[key] for key in ("logits", "prediction") if found.hints.get(key) in graph]
    # Where no loss is understood, a product of a gradient may be taken for a layer.
    forward = graph.ancestor_nodes([found.loss, *claimed])
    for tensor in (*claimed, *(step.data for step in found.steps if step.node in forward)):
        if labels in graph.ancestors([tensor]):
            yield fault("prediction-uses-labels", node_of(tensor), *_LABELS_NEEDED)
            return
    late, seen = graph.descendants([labels]), graph.descendants([roles.images])
    backward = graph.ancestor_nodes([update.gradient for update in roles.updates])
    for node in graph.of_ops(LABEL_TESTS):
        # What the labels are compared with has to come from the images alone; a gradient compares for its own ends.
        chosen = [read for read in node.inputs if read in seen and _is_choice(graph, read)]
        if node.name not in backward and chosen and len(node.inputs) > 1 and set(node.inputs) <= late:
            yield fault("prediction-uses-labels", node.name, *_LABELS_NEEDED)
            return


def _is_choice(graph: Graph, tensor: str) -> bool:
    """Whether a tensor holds classes that were chosen: the places of what is largest, or rounded shares."""
    chosen = graph.past(tensor, ("Cast", "Identity", "Reshape", "Squeeze", "StridedSlice"))
    return graph[chosen].op in ("ArgMax", "ArgMin", "TopKV2", "Round", "Rint")


def accuracy(reading: Reading) -> Iterator[Fault]:
    """An accuracy that is computed in another way."""
    form, tensor = reading.outputs.accuracy_is, reading.found.outputs.accuracy
    if form not in _ACCURACIES or tensor is None:
        return
    code, found, expected = _ACCURACIES[form]
    if code == "accuracy-not-mean" and reading.found.exercise is None:
        return
    yield fault(code, node_of(tensor), found, expected)


def prediction(reading: Reading) -> Iterator[Fault]:
    """A prediction that the student names and that says another class than the scores, for no reason named already."""
    found, match = reading.found, reading.loss.match
    tensor = found.hints.get("prediction")
    if reading.rows.shared == "prediction":
        place = node_of(found.outputs.prediction or "")
        yield fault("prediction-wrong", place, "a softmax over the rows of a batch", "over the classes of a row")
    if tensor is None or tensor != found.outputs.prediction or reading.outputs.prediction_ranks:
        return
    graph, labels = found.graph, found.roles.labels
    varied = reading.rows.mixed or reading.rows.repeats is False
    if varied or (labels is not None and labels in graph.ancestors([tensor])):
        return
    loss, measured = found.roles.loss, found.outputs.accuracy
    if loss is not None and match is None:
        return  # which score is the best one is not known
    in_loss = loss is not None and tensor in graph.ancestors([loss])
    if in_loss and (match is None or match.kind != CROSS_ENTROPY):
        return
    if measured is not None and measured in graph.descendants([tensor]) and reading.outputs.accuracy_is in _ACCURACIES:
        return
    yield fault(
        "prediction-wrong", node_of(tensor), "another class than the largest score", "the class with the largest logit"
    )


def missing(reading: Reading) -> Iterator[Fault]:
    """Parts that an exercise asks for and that are nowhere in the graph."""
    found, roles = reading.found, reading.found.roles
    if found.exercise is None:
        return
    parts = {"X": roles.images, "Y": roles.labels, "loss": roles.loss, "train_op": roles.train_op}
    if found.given.has_parts:
        parts["prediction"] = found.outputs.prediction
    if found.given.has_parts and not found.given.regression:
        untried = () if reading.setup.opened else found.outputs.accuracies
        parts["accuracy"] = found.outputs.accuracy or next(iter(untried), None)
    unread = roles.loss is not None and found.hints.get("Y") in found.graph  # the loss does without: that is told of it
    lacking = [name for name, tensor in parts.items() if tensor is None and not (name == "Y" and unread)]
    if lacking and found.given.names is not None:  # no net has these attributes, and one cause is told once
        yield fault("missing-tensor", "", "no step of training", "compile(optimizer=…, loss=…)", Severity.FATAL)
        lacking = []
    for name in lacking:
        grave = Severity.FATAL if name in NOTHING_WITHOUT else None
        yield fault("missing-tensor", name, say("no {1} in the graph", Verbatim(name)), f"net.{name}", grave)
    hidden = any(found.graph.nodes[name].op in BRANCHES + LOOPS for name in found.graph.ancestor_nodes([roles.loss]))
    if not found.steps and (roles.loss or roles.images) and not hidden and not _scales(found):
        yield fault("missing-tensor", "logits", "no layer between images and loss", "net.logits", Severity.FATAL)


def _scales(found: Found) -> bool:
    """Whether single numbers that are fed are multiplied by a variable of one number: a layer of one input and one output."""
    graph = found.graph
    for node in (graph.nodes[name] for name in graph.ancestor_nodes([found.roles.loss])):
        data = [read for read in node.inputs if node_of(read) in graph.fed]
        if node.op != "Mul" or len(data) != 1:
            continue
        shape = graph.static_shape(data[0])
        held = [name for read in node.inputs if read not in data for name in graph.variables_in(read)]
        single = any(set(graph.nodes[name].shape() or ()) <= {1} for name in held)
        if single and (shape is None or set(shape[1:]) <= {1}):
            return True
    return False


def misnamed(reading: Reading) -> Iterator[Fault]:
    """Attributes of `net` that hold another tensor than the one that plays the part: a remark, names being hints only."""
    found = reading.found
    graph, roles, hints = found.graph, found.roles, found.hints
    played = {"X": roles.images, "Y": roles.labels, "train_op": roles.train_op}
    played["loss"] = found.loss if found.loss and hints.get("loss") not in (found.loss, *roles.losses) else None
    for part, tensor in played.items():
        if tensor is not None and hints.get(part, tensor) != tensor:
            yield _misnamed(
                part, hints[part], f"{node_of(tensor)} ({roles.reasons.get(part, 'by what it is made from')})"
            )
    late = graph.descendants([roles.labels])
    last = [step for step in found.steps if not step.followed and step.bias and not step.parts]
    for part in ("logits", "prediction"):
        tensor = hints.get(part)
        if tensor is None or not found.weights or tensor in late:
            continue
        if not graph.variables_in(tensor):
            yield _misnamed(part, tensor, "what is made from the images by the layers")
        elif any(tensor == step.product != step.output for step in last):
            yield _misnamed(part, tensor, "the scores with their bias")
    tensor = hints.get("accuracy")
    if tensor is not None and roles.images is not None and roles.labels is not None:
        above = graph.ancestors([tensor])
        if tensor in (found.loss, *roles.losses[:1]) or not {roles.images, roles.labels} <= above:
            constant = node_of(tensor) not in graph.fed | graph.varied  # as where Python compared, and not the session
            code = "accuracy-wrong" if constant else "misnamed-part"
            yield _misnamed("accuracy", tensor, "the share of images whose class is right", code)


def _misnamed(part: str, tensor: str, expected: str, code: str = "misnamed-part") -> Fault:
    return fault(code, part, say("net.{1} is {2}", Verbatim(part), Verbatim(node_of(tensor))), expected)


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (
    claimed_logits,
    uses_labels,
    accuracy,
    prediction,
    missing,
    misnamed,
)
