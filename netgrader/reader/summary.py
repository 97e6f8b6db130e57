"""A network in words and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netgrader.phrases import say

if TYPE_CHECKING:
    from netgrader.faults import Fault
    from netgrader.reader.model import Layer, Network

__all__ = ["as_json", "describe", "describe_loss", "describe_optimizer", "summary"]


def as_json(network: Network) -> dict[str, Any]:
    """The object of ``netgrader read --json``: layers, loss, optimizer, and the codes of faults and remarks."""
    loss, optimizer = network.loss, network.optimizer
    return {
        "layers": [
            {
                "kind": layer.kind,
                "inputs": layer.inputs,
                "outputs": layer.outputs,
                "activation": layer.activation,
                "bias": layer.bias,
                "variables": list(layer.variables),
            }
            for layer in network.layers
        ],
        "loss": None if loss is None else {"kind": loss.kind, "of": loss.of, "reduction": loss.reduction},
        "optimizer": None
        if optimizer is None
        else {
            "kind": optimizer.kind,
            "learning_rate": optimizer.learning_rate,
            "variables": list(optimizer.variables),
        },
        "faults": [fault.code for fault in network.faults],
        "remarks": [fault.code for fault in network.remarks],
    }


def describe(layer: Layer) -> str:
    """One layer in a line."""
    sizes = f"{_number(layer.inputs)} → {_number(layer.outputs)}"
    activation = {"none": "no activation", "undecided": "activation undecided", "other": "an activation of its own"}
    words = [layer.kind, sizes, activation.get(layer.activation, layer.activation)]
    if not layer.bias:
        words.append("no bias")
    if layer.parameters is not None:
        words.append(say("{1:,} parameters", layer.parameters))
    return ", ".join(words)


def describe_loss(network: Network) -> str:
    """The loss in a few words."""
    loss = network.loss
    if loss is None:
        return "none found"
    detail = f", {loss.detail}" if loss.detail else ""
    return say("{1} of {2}, reduction: {3}{4}", loss.kind.replace("-", " "), loss.of, loss.reduction, detail)


def describe_optimizer(network: Network) -> str:
    """The optimizer in a few words."""
    optimizer = network.optimizer
    if optimizer is None:
        return "none found"
    known = None if optimizer.learning_rate is None else f"{optimizer.learning_rate:.4g}"
    match optimizer.rate, known:
        case "fed", None:
            rate = "learning rate fed"
        case _, None:
            rate = "learning rate undecided"
        case "fed", _:
            rate = say("learning rate fed, {1} by default", known)
        case "decays", _:
            rate = say("learning rate decays from {1}", known)
        case "varies", _:
            rate = say("learning rate varies, {1} at most", known)
        case _:
            rate = say("learning rate {1}", known)
    count = len(optimizer.variables)
    return f"{optimizer.kind}, {rate}, {count} variable{'s' * (count != 1)}"


def summary(network: Network) -> str:
    """The network for people to read."""
    lines = ["Network"]
    lines += [f"  {index}. {describe(layer)}" for index, layer in enumerate(network.layers, 1)] or ["  no layers found"]
    lines.append(f"  loss: {describe_loss(network)}")
    lines.append(f"  optimizer: {describe_optimizer(network)}")
    for title, faults in (("Faults", network.faults), ("Remarks", network.remarks)):
        if faults:
            lines.append(title)
            lines += [f"  {line}" for fault in faults for line in _fault_lines(fault)]
    if network.undecided:
        lines.append("Undecided")
        lines += [f"  {sentence}" for sentence in network.undecided]
    return "\n".join(lines)


def _fault_lines(fault: Fault) -> list[str]:
    place = f" (at {fault.where})" if fault.place else ""
    lines = [f"{fault.code}: {fault.sentence}{place}"]
    if fault.found:
        expected = f", expected {fault.expected}" if fault.expected else ""
        lines.append(f"  found {fault.found}{expected}")
    return lines


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)
