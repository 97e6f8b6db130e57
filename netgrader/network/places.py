"""Where a fault is, as a student knows it: a layer by its number, a part by its name in `net`, not the name of an op."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from netgrader.network.graph import node_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netgrader.faults import Fault
    from netgrader.network.model import Layer, Network

__all__ = ["with_places"]

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
        return PART.format(part=own[place])
    if place in hints:
        # A part that is missing, or misnamed, has a name and no op.
        return PART.format(part=place)
    number = next((number for number, layer in enumerate(network.layers, 1) if _is_in(place, layer)), None)
    if number is not None:
        count = len(network.layers)
        return ONLY_LAYER if count == 1 else LAYER.format(number=number, count=count)
    played = {node_of(role.name): part for part, role in network.roles.items() if role.name}
    if network.optimizer is not None and network.optimizer.place:
        played.setdefault(network.optimizer.place, "train_op")
    return PARTS.get(played.get(place, ""), "")


def _is_in(place: str, layer: Layer) -> bool:
    return place == layer.place or place in layer.variables
