"""A network as an SVG: boxes for layers, loss and optimizer; faulty boxes have their sentence.

All looks are presentation attributes: a style sheet would be stripped, or would reach into the page around it.
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
    """Sizes of a drawing in pixels, and of its texts in characters."""

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


@dataclass(frozen=True)
class NetworkBox:
    """A box of a network's drawing: what it is, more in smaller letters, and the sentences of its faults."""

    name: Said
    detail: Said
    faults: tuple[Said, ...] = ()


@dataclass
class _Place:
    """A box to be: what it says, its places in the graph, its name in the catalogue, and its faults."""

    name: Said
    detail: Said
    places: Collection[str] = ()
    about: str = ""
    faults: list[Fault] = field(default_factory=list)

    def holds(self, fault: Fault) -> bool:
        """Whether the fault's place is this box's."""
        return bool(fault.place) and fault.place in self.places


def boxes_of(network: Network) -> tuple[NetworkBox, ...]:
    """Return what is drawn of a network, from the images down, each fault in the box that it is about."""
    places = _places(network)
    _mark(network.faults, places)
    return tuple(
        NetworkBox(one.name, one.detail, tuple(fault.sentence for fault in one.faults))
        for one in places
        if one.name or one.faults
    )


def svg(boxes: Sequence[NetworkBox], title: str, say: Callable[[Said], str] = str) -> str:
    """Return boxes one below the other as an SVG, their texts as `say` renders them."""
    body, height = _draw([_lines(box, say) for box in boxes], [bool(box.faults) for box in boxes])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" '
        f'viewBox="0 0 {Drawn.WIDTH} {height}" width="{Drawn.WIDTH}" height="{height}" '
        'font-family="system-ui, Liberation Sans, sans-serif" font-size="13">'
        f'<title>{escape(title)}</title><rect width="{Drawn.WIDTH}" height="{height}" rx="6" fill="#ffffff"/>{body}</svg>'
    )


def title_of(network: Network) -> Text:
    """Return what the drawing of a network is called."""
    count = len(network.faults)
    layers = LAYERS.of(len(network.layers))
    found = Text("faults found: {count}", count=count) if count else Text("no fault found")
    return Text("A network of {layers}, {found}", layers=layers, found=found)


def _lines(box: NetworkBox, say: Callable[[Said], str]) -> list[tuple[str, str]]:
    """Return text and kind of each line of a box."""
    lines = [(line, "name") for line in textwrap.wrap(say(box.name), Drawn.CHARACTERS - 6)]
    lines += [(line, "detail") for line in textwrap.wrap(say(box.detail), Drawn.CHARACTERS)]
    return lines + [
        (line, "fault") for said in box.faults for line in textwrap.wrap(f"✗ {say(said)}", Drawn.CHARACTERS)
    ]


def _places(network: Network) -> list[_Place]:
    """Return the boxes that may be drawn.

    The box of other outputs, and the last, have no name until they have a fault.
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
    """Return how many numbers a row has.

    The inputs of a convolution are channels, and a layer that reads single pixels has one.
    """
    first = {layer.inputs or 0 for layer in network.layers[:1] if layer.kind == "dense"} - {0, 1}
    return Text("{inputs:,} numbers each", inputs=first.pop()) if first else ""


def _named(word: Said) -> Said:
    """Return the name of an activation as people write it."""
    return NAMES.get(word, word) if isinstance(word, str) else word


def _mark(faults: Collection[Fault], boxes: list[_Place]) -> None:
    """Put each fault at its place, else at what it is about, else at the network as a whole."""
    *_, outputs, whole = boxes
    for fault in faults:
        drawn = kind_of(fault.code).drawn
        about = [box for box in boxes if drawn and box.about == drawn]
        here = [box for box in boxes if box.holds(fault)]
        box, *_ = (*about, *here, whole) if drawn == "loss" else (*here, *about, whole)
        box.faults.append(fault)
    outputs.name = Text("Prediction and accuracy") if outputs.faults else ""
    whole.name = Text("The network as a whole") if whole.faults else ""


def _draw(boxes: list[list[tuple[str, str]]], marked: list[bool]) -> tuple[str, int]:
    """Return the boxes with these lines, those that are `marked` in red, and how high they are together."""
    parts, top = [], Drawn.TOP
    middle = Drawn.WIDTH // 2
    for index, lines in enumerate(boxes):
        height = len(lines) * Drawn.LINE + 2 * Drawn.PADDING - 4
        if index:
            parts.append(
                f'<path d="M{middle} {top - Drawn.GAP}v{Drawn.GAP - 5}m-4 -4l4 5l4 -5" fill="none" stroke="{MUTED}" '
                'stroke-width="1.4"/>'
            )
        fill, stroke, width = (FAULT_PALE, FAULT, 2.5) if marked[index] else (PALE, EDGE, 1)
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
