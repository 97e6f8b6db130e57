"""A network as an SVG: a box for each layer, the loss and the optimizer, the faulty ones marked with their sentence.

All looks are presentation attributes: a style sheet would be stripped, or would reach into the page around it.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from netgrader.faults import kind_of
from netgrader.phrases import say

if TYPE_CHECKING:
    from collections.abc import Collection

    from netgrader.faults import Fault
    from netgrader.reader.model import Network

__all__ = ["svg"]

# Narrow enough to be read on a telephone, where it is shown at almost its own size.
WIDTH = 380
LEFT, TOP, GAP, PADDING = 8, 10, 22, 10
LINE = 18
CHARACTERS = 52
# As people write them; what is not here is shown as the reader calls it.
NAMES = {
    "relu": "ReLU",
    "elu": "ELU",
    "selu": "SELU",
    "gelu": "GELU",
    "adam": "Adam",
    "adamw": "AdamW",
    "adamax": "AdaMax",
    "adagrad": "AdaGrad",
    "adadelta": "AdaDelta",
    "rmsprop": "RMSProp",
    "sgd": "SGD",
    "ftrl": "FTRL",
}
INK, MUTED, PALE, EDGE, FAULT, FAULT_PALE = "#1b1b1f", "#4c535c", "#f2f6fa", "#3b5b92", "#a3261c", "#fdf0ee"


@dataclass
class _Box:
    """A box: what it is, more in smaller letters, its places in the graph, its name in the catalogue, and its faults."""

    name: str
    detail: str
    places: Collection[str] = ()
    about: str = ""
    faults: list[Fault] = field(default_factory=list)

    def holds(self, fault: Fault) -> bool:
        """Whether the fault's place is this box's."""
        return bool(fault.place) and fault.place in self.places

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Text and kind of each line."""
        lines = [(line, "name") for line in textwrap.wrap(say(self.name), CHARACTERS - 6)]
        lines += [(line, "detail") for line in textwrap.wrap(_said(self.detail), CHARACTERS)]
        for fault in self.faults:
            lines += [(line, "fault") for line in textwrap.wrap(f"✗ {say(fault.sentence)}", CHARACTERS)]
        return lines


def svg(network: Network) -> str:
    """Draw a network. All text from the graph is escaped; nothing is loaded from elsewhere."""
    boxes = _boxes(network)
    _mark(network.faults, boxes)
    boxes = [box for box in boxes if box.name or box.faults]
    body, height = _draw(boxes)
    count = len(network.faults)
    layers = say("1 layer") if len(network.layers) == 1 else say("{1} layers", len(network.layers))
    found = say("faults found: {1}", count) if count else say("no fault found")
    title = say("A network of {1}, {2}", layers, found)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" '
        f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="system-ui, Liberation Sans, sans-serif" font-size="13">'
        f'<title>{escape(title)}</title><rect width="{WIDTH}" height="{height}" rx="6" fill="#ffffff"/>{body}</svg>'
    )


def _boxes(network: Network) -> list[_Box]:
    """What is drawn, from the images down; the box of other outputs has no name until it has a fault."""
    first = network.layers[0] if network.layers else None
    # Of a convolution the inputs are channels, and a layer that reads single pixels has one.
    known = first is not None and first.inputs is not None and first.inputs > 1 and first.kind == "dense"
    boxes = [_Box("Images", say("{1:,} numbers each", first.inputs) if first is not None and known else "", {"X"})]
    for number, layer in enumerate(network.layers, 1):
        kind, sizes, *more = layer.describe().split(", ", 2)
        boxes.append(
            _Box(
                say("Layer {1}: {2}, {3}", number, kind, sizes),
                _named(", ".join(more)),
                {layer.place, layer.name, *layer.variables},
                "last layer" if number == len(network.layers) else "",
            )
        )
    boxes.append(_Box("Loss", network.describe_loss(), {network.loss.place if network.loss else "", "loss"}, "loss"))
    optimizer = network.optimizer.place if network.optimizer else ""
    boxes.append(_Box("Optimizer", _named(network.describe_optimizer()), {optimizer, "train_op"}, "optimizer"))
    boxes.append(_Box("", "", {"prediction", "accuracy"}, "outputs"))
    boxes.append(_Box("", ""))
    return boxes


def _said(detail: str) -> str:
    """In the course's language: as a whole if it is known so, else what stands between its commas."""
    whole = say(detail)
    return whole if whole != detail else ", ".join(map(say, detail.split(", ")))


def _named(words: str) -> str:
    """What stands before the first comma as people write it."""
    name, comma, more = words.partition(",")
    return NAMES.get(name, name) + comma + more


def _mark(faults: Collection[Fault], boxes: list[_Box]) -> None:
    """Put each fault at its place, else at what it is about, else at the network as a whole."""
    *_, outputs, whole = boxes
    for fault in faults:
        drawn = kind_of(fault.code).drawn
        about = next((box for box in boxes if drawn and box.about == drawn), None)
        here = next((box for box in boxes if box.holds(fault)), None)
        (about if about is not None and drawn == "loss" else here or about or whole).faults.append(fault)
    if outputs.faults:
        outputs.name = "Prediction and accuracy"
    if whole.faults:
        whole.name = "The network as a whole"


def _draw(boxes: list[_Box]) -> tuple[str, int]:
    parts, top = [], TOP
    middle = WIDTH // 2
    for index, box in enumerate(boxes):
        lines = box.lines
        height = len(lines) * LINE + 2 * PADDING - 4
        if index:
            parts.append(
                f'<path d="M{middle} {top - GAP}v{GAP - 5}m-4 -4l4 5l4 -5" fill="none" stroke="{MUTED}" '
                'stroke-width="1.4"/>'
            )
        fill, stroke, width = (FAULT_PALE, FAULT, 2.5) if box.faults else (PALE, EDGE, 1)
        parts.append(
            f'<rect x="{LEFT}" y="{top}" width="{WIDTH - 2 * LEFT}" height="{height}" rx="6" fill="{fill}" '
            f'stroke="{stroke}" stroke-width="{width}"/>'
        )
        for row, (line, kind) in enumerate(lines):
            look = {
                "name": f'fill="{INK}" font-weight="600"',
                "detail": f'fill="{MUTED}" font-size="12"',
                "fault": f'fill="{FAULT}" font-size="12"',
            }[kind]
            parts.append(f'<text x="{LEFT + 12}" y="{top + PADDING + 11 + row * LINE}" {look}>{escape(line)}</text>')
        top += height + GAP
    return "".join(parts), top - GAP + TOP
