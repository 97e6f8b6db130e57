"""What a reading amounts to: the `Network` that is handed out, where its faults are, and what stayed undecided, in sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from netgrader.phrases import say
from netgrader.reader.faults import find_faults
from netgrader.reader.find.losses import CROSS_ENTROPY, TOGETHER
from netgrader.reader.find.optimizers import FUSED
from netgrader.reader.graph.nodes import node_of
from netgrader.reader.model import Layer, Loss, Network, Optimizer, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from netgrader.faults import Fault
    from netgrader.reader.state import Reading

__all__ = ["network_of"]

SAME_RATE = 1e-6
"""Relative; what differs by less is rounding."""

_REPORTED_KINDS = {
    "labels-off-by-one-up": CROSS_ENTROPY,
    "labels-off-by-one-down": CROSS_ENTROPY,
    "labels-logits-swapped": CROSS_ENTROPY,
    "softmax-over-batch": CROSS_ENTROPY,
    "softmax-over-all": CROSS_ENTROPY,
    "sum-over-batch-log": CROSS_ENTROPY,
    "log-sum-over-batch": CROSS_ENTROPY,
    TOGETHER: "undecided",
    "cross-entropy-of-scores": "cross-entropy",
    "log-of-scores": "cross-entropy",
    "log-of-scores-tight": "cross-entropy",
}


def network_of(reading: Reading) -> Network:
    """The `Network` of a finished reading."""
    faults, remarks = find_faults(reading)
    training, match = reading.training, reading.loss_match
    loss = None
    if reading.loss is not None:
        kind = "undecided" if match is None else _REPORTED_KINDS.get(match.kind, match.kind)
        of = {"none": "logits", "softmax": "probabilities", "sigmoid": "probabilities"}.get(
            reading.last_activation, reading.last_activation
        )
        detail = match.detail if match is not None else ""
        loss = Loss(kind, of, reading.reduction, node_of(reading.loss), detail)
    optimizer = None
    if reading.roles.train_op is not None:
        kind = training.kind or "undecided"
        optimizer = Optimizer(kind, training.rate, _moved(reading), training.place, _use_of_rate(reading))
    network = Network(
        layers=_layers(reading),
        loss=loss,
        optimizer=optimizer,
        roles=_roles(reading),
        exercise=reading.exercise,
        undecided=tuple(_undecided(reading)),
    )
    return replace(
        network,
        faults=with_places(faults, network, reading.hints),
        remarks=with_places(remarks, network, reading.hints),
    )


def _moved(reading: Reading) -> tuple[str, ...]:
    """The variables that training moves: the layers', and what else an optimizer's own op is given a gradient for."""
    own = [update.variable for update in reading.roles.updates if update.kind in FUSED and update.gradient]
    return tuple(dict.fromkeys([*reading.training.moved, *(name for name in own if name not in reading.weights)]))


def _use_of_rate(reading: Reading) -> str:
    """How the rate is used where it is no constant."""
    rates = reading.training.rates
    if rates and max(rates) - min(rates) > SAME_RATE * max(map(abs, rates)):
        return "decays" if rates[0] == max(rates) else "varies"
    return "fed" if reading.training.rate_from else ""


def _layers(reading: Reading) -> tuple[Layer, ...]:
    layers = []
    for step in reading.steps:
        activation = step.activation
        if not step.followed and reading.last_activation not in ("undecided", "none"):
            activation = reading.last_activation
        variables = tuple(dict.fromkeys((*step.variables, *step.bias)))
        sizes = [reading.graph.nodes[name].shape() for name in variables]
        known = [
            int(np.prod([size or 0 for size in shape])) for shape in sizes if shape is not None and None not in shape
        ]
        count = sum(known) if len(known) == len(sizes) else None
        bias = bool(step.bias) or step.normalised
        layers.append(Layer(step.kind, step.inputs, step.outputs, activation, bias, variables, step.node, count))
    return tuple(layers)


def _roles(reading: Reading) -> dict[str, Role]:
    roles, reasons = reading.roles, reading.roles.reasons
    found = {
        "X": (roles.images, reasons.get("X", ""), ()),
        "Y": (roles.labels, reasons.get("Y", ""), tuple(roles.label_candidates)),
        "loss": (reading.loss, reasons.get("loss", ""), tuple(roles.losses)),
        "train_op": (roles.train_op, reasons.get("train_op", ""), ()),
        "logits": (reading.logits or reading.scores, "what the last layer puts out, and the loss is of", ()),
        "prediction": (reading.measured.get("prediction"), "made from the scores without the labels", ()),
        "accuracy": (reading.measured.get("accuracy"), "compares what is made from the scores with the labels", ()),
    }
    switches = _switches(reading)
    found["switches"] = (
        switches[0] if switches else None,
        "what layers compute depends on it, and evaluation fixes it",
        switches,
    )
    found["learning_rate"] = (reading.training.rate_of, "the optimizer multiplies its step with it", ())
    found["probabilities"] = (_probabilities(reading), "a softmax of the scores", ())
    return {
        key: Role(key, name, reason if name else "nothing in the graph plays it", tuple(candidates))
        for key, (name, reason, candidates) in found.items()
    }


def _switches(reading: Reading) -> tuple[str, ...]:
    """What is fed beside images and labels, or has a default, and decides what the layers compute."""
    graph, roles = reading.graph, reading.roles
    end = reading.scores or reading.loss
    if end is None:
        return ()
    above = graph.ancestors([end], control=True) | graph.known.keys()
    return tuple(source for source in graph.sources if source in above and source not in (roles.images, roles.labels))


def _probabilities(reading: Reading) -> str | None:
    """The softmax of the scores that the labels have no part in; the last one where there are several."""
    graph, scores, labels = reading.graph, reading.scores, reading.roles.labels
    if scores is None:
        return None
    below = graph.descendants([scores]) - (graph.descendants([labels]) if labels is not None else set())
    made = [node.name + ":0" for node in graph.of_ops(["Softmax"]) if node.name + ":0" in below]
    if reading.measured.get("prediction-is") == "softmax":
        return str(reading.measured["prediction"])
    return max(made, key=lambda tensor: graph.order[node_of(tensor)], default=None)


def _undecided(reading: Reading) -> Iterator[str]:
    yield from _lacking(reading)
    if "refused" in reading.measured:
        yield f"The graph was not tried out: {reading.measured['refused']}"
    if reading.measured.get("runs") is False and reading.bench is not None and reading.bench.problems:
        yield f"The network was not tried out: {reading.bench.problems[0]}"
    alike = _alike(reading)
    if alike:
        named = " or ".join(node_of(source)[:80] for source in alike)
        yield f"Which of them is fed the labels could not be decided: {named}."
    if reading.loss is not None and reading.loss_match is None:
        yield "Which loss this is could not be decided."
    for step in reading.steps:
        if step.activation == "undecided":
            yield f"What stands after {step.node} could not be decided."
    if reading.roles.train_op is not None and reading.training.kind is None:
        yield "Which optimizer this is could not be decided."
    several = "+" in (reading.training.kind or "")
    if reading.roles.train_op is not None and reading.training.rate is None and not several:
        yield "At which rate it learns could not be decided."


def _alike(reading: Reading) -> list[str]:
    """What may hold the labels as well as what was taken for them: fed the same, and no accuracy tells them apart."""
    graph, labels, accuracy = reading.graph, reading.roles.labels, reading.measured.get("accuracy")
    if labels is None or labels == reading.hints.get("Y") or labels not in graph.sources:
        return []
    form = graph.static_shape(labels), graph.static_dtype(labels)
    found = [
        source
        for source in reading.roles.label_candidates
        if source in graph.sources and (graph.static_shape(source), graph.static_dtype(source)) == form
    ]
    compared = graph.ancestors([accuracy]) if accuracy is not None else set()
    told_apart = labels in compared and not any(source in compared for source in found if source != labels)
    return [] if told_apart or len(found) < 2 else found


def _lacking(reading: Reading) -> Iterator[str]:
    """What the graph, or what was given with it, does not have, so that it cannot be read as a network."""
    graph, loss = reading.graph, reading.loss or reading.hints.get("loss")
    if not graph.variables:
        yield "There are no variables in the graph: nothing in it can be trained."
    elif loss is None:
        yield "There is no loss in the graph: nothing depends on labels and on what layers compute."
    elif not graph.variables_in(loss):
        yield f"The loss {node_of(loss)[:80]!r} depends on no variable."
    for source in graph.sources:
        if graph.static_dtype(source) in ("", "unknown"):
            yield f"The placeholder {node_of(source)[:80]!r} has a type that is not known."
    for name, value in reading.values.items():
        shape = graph.nodes[name].shape() if name in graph.nodes else None
        if name not in graph.variables:
            yield f"A value was given for {name[:80]!r}, which is no variable of the graph."
        elif shape is not None and (
            len(shape) != value.ndim or any(a not in (None, b) for a, b in zip(shape, value.shape, strict=True))
        ):
            yield f"The value given for {name[:80]!r} has shape {list(value.shape)}, the variable {list(shape)}."
        elif value.dtype.kind == "f" and not np.isfinite(value).all():
            yield f"The value given for {name[:80]!r} is not finite."


PART = "net.{part}"
LAYER, ONLY_LAYER = "layer {number} of {count}", "the layer"
PARTS = {
    "X": "the placeholder of the images",
    "Y": "the placeholder of the labels",
    "logits": "the logits",
    "prediction": "the prediction",
    "loss": "the loss",
    "accuracy": "the accuracy",
    "train_op": "the training operation",
}
"""What parts are called where nobody said which attribute of `net` they are."""


def with_places(faults: Iterable[Fault], network: Network, hints: Mapping[str, str]) -> tuple[Fault, ...]:
    """The faults, each with where it is in words.

    Parameters
    ----------
    faults
        As they were found, at ops.
    network
        The network that they were found in.
    hints
        The student's parts: tensors or ops by the name of the attribute.
    """
    own = {node_of(name): part for part, name in hints.items()}
    return tuple(replace(fault, at=_in_words(fault.place, network, own, hints)) for fault in faults)


def _in_words(place: str, network: Network, own: Mapping[str, str], hints: Mapping[str, str]) -> str:
    if not place:
        return ""
    if place in own:
        return say(PART, part=own[place])
    if place in hints:
        # A part that is missing, or misnamed, has a name and no op.
        return say(PART, part=place)
    number = next((number for number, layer in enumerate(network.layers, 1) if _is_in(place, layer)), None)
    if number is not None:
        count = len(network.layers)
        return ONLY_LAYER if count == 1 else say(LAYER, number=number, count=count)
    played = {node_of(role.name): part for part, role in network.roles.items() if role.name}
    if network.optimizer is not None and network.optimizer.place:
        played.setdefault(network.optimizer.place, "train_op")
    return PARTS.get(played.get(place, ""), "")


def _is_in(place: str, layer: Layer) -> bool:
    return place == layer.place or place in layer.variables
