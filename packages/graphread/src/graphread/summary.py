"""The result of a reading: the `Network`, the places of its faults, and open questions."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from graphread.faults import find_faults
from graphread.find.losses import CROSS_ENTROPY, OVER_ROWS
from graphread.graph.nodes import node_of
from graphread.model import Layer, Loss, Network, Optimizer, Role, total
from graphread.open_questions import left_open
from graphread.text import Said, Text
from graphread.trial.probe import SINGLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from graphread.fault import Fault
    from graphread.find import Found, Given
    from graphread.find.layers import Step
    from graphread.reading import Reading
    from graphread.trial.optimizer_trial import Descent

SAME_RATE = 1e-6
"""Relative difference; smaller ones are rounding errors."""
NO_PENALTY = 1e-4
"""Largest offset of a loss of order one that rounding alone explains."""
PENALTY = Text("a term that does not depend on the images, such as weight decay")

_REPORTED_KINDS = {
    **dict.fromkeys(
        ("labels-off-by-one-up", "labels-off-by-one-down", "labels-logits-swapped", "label-logit-swapped"),
        CROSS_ENTROPY,
    ),
    "cross-entropy-of-one-class": CROSS_ENTROPY,
    **dict.fromkeys(OVER_ROWS - {"root-mean-squared-error"}, CROSS_ENTROPY),
    **dict.fromkeys(("cross-entropy-of-scores", "log-of-scores", "log-of-scores-tight"), "cross-entropy"),
}

_OF_A_SINGLE = {(SINGLE, CROSS_ENTROPY): "sigmoid-cross-entropy"}


def network_of(reading: Reading) -> Network:
    """Return the `Network` of a finished reading."""
    faults, remarks, brought = find_faults(reading)
    found = reading.found
    undecided = tuple(_undecided(reading))
    roles, unknown = _roles(reading), left_open(reading, {fault.code for fault in faults})
    optimizer = None if found.roles.train_op is None else _optimizer(reading)
    parts, made = (_layers(reading), _loss(reading), optimizer), reading.outputs.prediction_is
    network = Network(*parts, (), (), roles, found.exercise, undecided, unknown, made, brought)
    placed = [_with_places(some, network, found.given) for some in (faults, remarks)]
    return replace(network, faults=placed[0], remarks=placed[1])


def _loss(reading: Reading) -> Loss | None:
    found, match, last = reading.found, reading.loss.match, reading.loss.last_activation
    if found.loss is None:
        return None
    of = {"none": "logits", "softmax": "probabilities", "sigmoid": "probabilities"}.get(last, last)
    kind = _REPORTED_KINDS.get(match.kind, match.kind)
    kind = _OF_A_SINGLE.get((reading.loss.form, kind), kind)
    if found.given.regression:
        of, kind = "prediction", match.kind
    detail = match.detail or (PENALTY if abs(match.offset) > NO_PENALTY else "")
    return Loss(kind, of, reading.loss.reduction, node_of(found.loss), detail)


def _optimizer(reading: Reading) -> Optimizer:
    descent = reading.descent
    return Optimizer(descent.kind or "undecided", descent.rate, _moved(reading), descent.place, _use_of_rate(descent))


def _moved(reading: Reading) -> tuple[str, ...]:
    """Return the variables that training updates: the layers', and others with an optimizer's gradient."""
    found = reading.found
    others = [name for name in found.roles.gradients if name not in found.weights]
    return tuple(dict.fromkeys([*reading.descent.moved, *others]))


def _use_of_rate(descent: Descent) -> str:
    """Return how a learning rate varies; empty if it is constant."""
    rates = descent.rates or (0.0,)
    if np.ptp(rates) > SAME_RATE * np.abs(rates).max():
        return "decays" if rates[0] == max(rates) else "varies"
    return "fed" if descent.rate_from else ""


def _layers(reading: Reading) -> tuple[Layer, ...]:
    return tuple(_layer(reading, step) for step in reading.found.steps)


def _layer(reading: Reading, step: Step) -> Layer:
    """Return the public `Layer`; the activation of the last one is what precedes the loss."""
    graph, names, last = reading.found.graph, reading.found.given.names or {}, reading.loss.last_activation
    activation = step.activation if step.followed or last in ("undecided", "none") else last
    variables = tuple(dict.fromkeys((*step.variables, *step.bias)))
    count = total([graph.nodes[name].size() for name in variables])
    bias, name = bool(step.bias) or step.normalised, names.get("".join(variables[:1]), "")
    return Layer(step.kind, step.inputs, step.outputs, activation, bias, variables, step.node, count, name)


def _roles(reading: Reading) -> dict[str, Role]:
    found, roles, reasons = reading.found, reading.found.roles, reading.found.roles.reasons
    played: dict[str, tuple[str | None, Said, tuple[str, ...]]] = {
        "X": (roles.images, reasons.get("X", ""), ()),
        "Y": (roles.labels, reasons.get("Y", ""), roles.label_candidates),
        "loss": (found.loss, reasons.get("loss", ""), roles.losses),
        "train_op": (roles.train_op, reasons.get("train_op", ""), ()),
        "logits": (reading.scores, Text("the output of the last layer, which the loss takes"), ()),
        "prediction": (found.outputs.prediction, Text("made from the scores without the {labels}"), ()),
        "accuracy": (found.outputs.accuracy, Text("compares a result of the scores with the {labels}"), ()),
        "learning_rate": (reading.descent.rate_of, Text("the optimizer multiplies its step by it"), ()),
    }
    return {
        key: Role(key, name, reason if name else Text("nothing in the graph plays this part"), candidates)
        for key, (name, reason, candidates) in played.items()
    }


def _undecided(reading: Reading) -> Iterator[Said]:
    """Yield a sentence for each undecided question."""
    found, descent, setup = reading.found, reading.descent, reading.setup
    if not found.judged:
        yield Text("It is fed no {labels}, so this reader does not judge it.")
        return
    trained, several = found.roles.train_op is not None, "+" in (descent.kind or "")  # a sum has several rates
    refused, problem = setup.refused, "" if setup.runs is not False else setup.problem
    open_now: tuple[tuple[object, Said], ...] = (
        (refused, Text("The graph was not tried out: {why}", why=refused)),
        (problem, Text("The network was not tried out: {why}", why=problem)),
        (found.loss and not reading.loss.decided, Text("The loss could not be identified.")),
        *(
            (step.activation == "undecided", Text("The function after {op} could not be identified.", op=step.node))
            for step in found.steps
        ),
        (trained and descent.kind is None, Text("The optimizer could not be identified.")),
        (
            trained and descent.rate is None and not several,
            Text("The learning rate could not be determined."),
        ),
    )
    yield from _lacking(found)
    yield from (sentence for is_open, sentence in open_now if is_open)


def _lacking(found: Found) -> Iterator[Said]:
    """Yield what the graph lacks to be read as a network."""
    graph, loss = found.graph, found.loss or found.hints.get("loss")
    if not graph.variables:
        yield Text("There are no variables in the graph: nothing in it can be trained.")
    elif loss is None:
        yield Text("There is no loss in the graph: nothing depends on {labels} and on what layers compute.")
    elif not graph.variables_in(loss):
        yield Text("The loss {op!r} depends on no variable.", op=node_of(loss)[:80])


PART = Text("net.{part}")
LAYER, ONLY_LAYER, NAMED_LAYER = Text("layer {number} of {count}"), Text("the layer"), Text("layer {name}")
PARTS = {
    "X": Text("the placeholder of the {images}"),
    "Y": Text("the placeholder of the {labels}"),
    "logits": Text("the logits"),
    "prediction": Text("the prediction"),
    "loss": Text("the loss"),
    "train_op": Text("the training operation"),
    "accuracy": Text("the accuracy"),
}
"""The student's names of parts, and their descriptions where `net` has no such attribute."""


def _with_places(faults: Iterable[Fault], network: Network, given: Given) -> tuple[Fault, ...]:
    """Return the faults, which are at ops of the network, with locations in words."""
    if given.names is not None:
        names = given.names
        return tuple(_by_layer(fault, _in_words(fault.op, network, {}), network, names) for fault in faults)
    own = {node_of(name): part for part, name in given.hints.items()}
    # A missing or misnamed part has a name but no op; an op that bears its part's name needs no second name.
    known = {**{part: part for part in given.hints}, **own}
    placed = [(fault, _in_words(fault.op, network, known)) for fault in faults]
    return tuple(replace(fault, at=at, named=known.get(fault.op) == fault.op) for fault, at in placed)


def _by_layer(fault: Fault, at: Said, network: Network, names: Mapping[str, str]) -> Fault:
    """Return a fault of a traced model, located by the layer's name instead of an op."""
    layers = {place: layer.name for layer in network.layers for place in (layer.place, *layer.variables)}
    name = layers.get(fault.op) or names.get(fault.op) or ""
    if not name and not at:
        name = _layer_in(fault.op, set(layers.values()) - {""})
    return replace(fault, place=name, at=NAMED_LAYER.format(name=name) if name else at, named=bool(name))


def _layer_in(op: str, layers: Iterable[str]) -> str:
    """Return an op's layer from its path; Keras numbers the ops of reused layers, as in `dense_2_1`."""
    ends = {name: re.escape(name.split("/")[-1]) for name in layers}
    found = [name for name, end in ends.items() if re.search(rf"(^|/){end}(_\d+)*(/|$)", op)]
    return max(found, key=len, default="")


def _in_words(place: str, network: Network, known: Mapping[str, str]) -> Said:
    """Return the location of an op in words: a `known` part, a layer, or another part."""
    if place in known:
        return PART.format(part=known[place])
    count = len(network.layers)
    layers = {op: number for number, layer in enumerate(network.layers, 1) for op in (layer.place, *layer.variables)}
    if place in layers:
        return ONLY_LAYER if count == 1 else LAYER.format(number=layers[place], count=count)
    played = {} if network.optimizer is None else {network.optimizer.place: "train_op"}
    played |= {node_of(role.name): part for part, role in network.roles.items()}
    return PARTS.get(played.get(place, ""), "") if place else ""
