"""Draw a network as an SVG: boxes for layers, loss and optimizer, with the faults of each.

Styling uses presentation attributes only: a style sheet would be stripped, or would affect the surrounding page.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from graphread.fault import kind_of
from graphread.text import Plural, Said, Text, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from graphread.fault import Fault
    from graphread.model import Network

__all__ = ["NAMES", "NetworkBox", "boxes_of", "svg", "title_of"]

LAYERS = Plural("{number} layer", "{number} layers")


class Drawn:
    """Sizes of a drawing in pixels, and of its lines in characters."""

    # Narrow enough for a phone, where it is shown at almost its own size.
    WIDTH = 380
    LEFT, TOP, GAP, PADDING = 8, 10, 22, 10
    LINE = 18
    CHARACTERS = 52


# Display names of activations and optimizers; others are shown under the reader's names.
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


@dataclass(frozen=True)
class NetworkBox:
    """A box of a network's drawing: name, details in smaller letters, and the sentences of its faults."""

    name: Said
    detail: Said
    faults: tuple[Said, ...] = ()


@dataclass
class _Place:
    """A box under construction: texts, places in the graph, drawing category of faults, and faults."""

    name: Said
    detail: Said
    places: Collection[str] = ()
    about: str = ""
    faults: list[Fault] = field(default_factory=list)

    def holds(self, fault: Fault) -> bool:
        """Whether the fault's place belongs to this box."""
        return bool(fault.place) and fault.place in self.places


def boxes_of(network: Network) -> tuple[NetworkBox, ...]:
    """Return the boxes of a network's drawing from the images down, each fault in its box."""
    places = _places(network)
    _mark(network.faults, places)
    return tuple(
        NetworkBox(one.name, one.detail, tuple(fault.sentence for fault in one.faults))
        for one in places
        if one.name or one.faults
    )


def svg(boxes: Sequence[NetworkBox], title: str, say: Callable[[Said], str] = str) -> str:
    """Return boxes stacked vertically as an SVG; `say` renders their texts."""
    body, height = _draw(boxes, say)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" '
        f'viewBox="0 0 {Drawn.WIDTH} {height}" width="{Drawn.WIDTH}" height="{height}" '
        'font-family="system-ui, Liberation Sans, sans-serif" font-size="13">'
        f'<title>{escape(title)}</title><rect width="{Drawn.WIDTH}" height="{height}" rx="6" fill="#ffffff"/>{body}</svg>'
    )


def title_of(network: Network) -> Text:
    """Return the title of a network's drawing."""
    count = len(network.faults)
    layers = LAYERS.of(len(network.layers))
    found = Text("faults found: {count}", count=count) if count else Text("no fault found")
    return Text("A network of {layers}, {found}", layers=layers, found=found)


def _lines(box: NetworkBox, say: Callable[[Said], str]) -> list[tuple[str, str]]:
    """Return text and style of each line of a box."""
    lines = [(line, "name") for line in textwrap.wrap(say(box.name), Drawn.CHARACTERS - 6)]
    lines += [(line, "detail") for line in textwrap.wrap(say(box.detail), Drawn.CHARACTERS)]
    return lines + [
        (line, "fault") for said in box.faults for line in textwrap.wrap(f"✗ {say(said)}", Drawn.CHARACTERS)
    ]


def _places(network: Network) -> list[_Place]:
    """Return all possible boxes.

    The last two boxes (outputs, whole network) have no name until they have a fault.
    """
    places = [_Place(Text("{Images}"), _row_of(network), {"X"})]
    for number, layer in enumerate(network.layers, 1):
        kind, sizes, *more = layer.described
        name = Text("Layer {number}: {kind}, {sizes}", number=number, kind=kind, sizes=sizes)
        about = "last layer" if number == len(network.layers) else ""
        places.append(_Place(name, joined(map(_named, more), ", "), {layer.place, layer.name, *layer.variables}, about))
    loss = network.loss.place if network.loss else ""
    places.append(_Place(Text("Loss"), network.describe_loss(), {loss, "loss"}, "loss"))
    optimizer = network.optimizer.place if network.optimizer else ""
    places.append(_Place(Text("Optimizer"), network.describe_optimizer(), {optimizer, "train_op"}, "optimizer"))
    return [*places, _Place("", "", {"prediction", "accuracy"}, "outputs"), _Place("", "")]


def _row_of(network: Network) -> Said:
    """Return the size of an input row; empty if unknown.

    The inputs of a convolution are channels, and a layer that reads single pixels has one input.
    """
    first = {layer.inputs or 0 for layer in network.layers[:1] if layer.kind == "dense"} - {0, 1}
    return Text("{inputs:,} numbers each", inputs=first.pop()) if first else ""


def _named(word: Said) -> Said:
    """Return the display name of an activation."""
    return NAMES.get(word, word) if isinstance(word, str) else word


def _mark(faults: Collection[Fault], boxes: list[_Place]) -> None:
    """Put each fault into the box of its place, else of its category, else of the whole network."""
    *_, outputs, whole = boxes
    for fault in faults:
        drawn = kind_of(fault.code).drawn
        about = [box for box in boxes if drawn and box.about == drawn]
        here = [box for box in boxes if box.holds(fault)]
        box, *_ = (*about, *here, whole) if drawn == "loss" else (*here, *about, whole)
        box.faults.append(fault)
    outputs.name = Text("Prediction and accuracy") if outputs.faults else ""
    whole.name = Text("The network as a whole") if whole.faults else ""


def _draw(boxes: Sequence[NetworkBox], say: Callable[[Said], str]) -> tuple[str, int]:
    """Return SVG elements of boxes, those with faults in red, and their total height."""
    parts, top = [], Drawn.TOP
    middle = Drawn.WIDTH // 2
    for index, box in enumerate(boxes):
        lines = _lines(box, say)
        height = len(lines) * Drawn.LINE + 2 * Drawn.PADDING - 4
        if index:
            parts.append(
                f'<path d="M{middle} {top - Drawn.GAP}v{Drawn.GAP - 5}m-4 -4l4 5l4 -5" fill="none" stroke="{MUTED}" '
                'stroke-width="1.4"/>'
            )
        fill, stroke, width = (FAULT_PALE, FAULT, 2.5) if box.faults else (PALE, EDGE, 1)
        parts.append(
            f'<rect x="{Drawn.LEFT}" y="{top}" width="{Drawn.WIDTH - 2 * Drawn.LEFT}" height="{height}" rx="6" fill="{fill}" '
            f'stroke="{stroke}" stroke-width="{width}"/>'
        )
        for row, (line, kind) in enumerate(lines):
            look = {
                "name": f'fill="{INK}" font-weight="600"',
                "detail": f'fill="{MUTED}" font-size="12"',
                "fault": f'fill="{FAULT}" font-size="12"',
            }[kind]
            parts.append(
                f'<text x="{Drawn.LEFT + 12}" y="{top + Drawn.PADDING + 11 + row * Drawn.LINE}" {look}>{escape(line)}</text>'
            )
        top += height + Drawn.GAP
    return "".join(parts), top - Drawn.GAP + Drawn.TOP
