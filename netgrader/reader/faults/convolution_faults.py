"""Faults of networks with convolutions: how many there are, and what they look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.faults import fault
from netgrader.reader.faults.layer_faults import looped
from netgrader.reader.find.joining import depths
from netgrader.reader.find.layers import CONVOLUTIONS
from netgrader.reader.trial.probe import products
from netgrader.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netgrader.faults import Fault
    from netgrader.reader.find import Found
    from netgrader.reader.find.layers import Step
    from netgrader.reader.reading import Reading


def convolutions(reading: Reading) -> Iterator[Fault]:
    """Fewer convolutions than asked for, one behind the other."""
    found, exercise = reading.found, reading.found.exercise
    least = exercise.min_conv_layers if exercise is not None else None
    if least is None or not _measured(found) or looped(found):
        return
    known = [step for step in found.steps if _is_convolution(found, step)]
    count = max(depths(found.graph, known), default=0)
    if count < least:
        place = (known or found.steps)[-1].node
        yield fault("too-few-layers", place, Text("{count} convolutions", count=count), str(least))


def images(reading: Reading) -> Iterator[Fault]:
    """Images of which a convolution does not see neighbours as neighbours."""
    exercise = reading.found.exercise
    if exercise is None or exercise.image_shape is None or reading.rows.mixed:
        return
    for node, shape in reading.images.torn.items():
        asked = [*exercise.image_shape, 1][:3]
        yield fault(
            "image-torn", node, Text("neighbouring {pixels} apart, in shape {list}", list=list(shape)), str(asked)
        )


def _measured(found: Found) -> bool:
    """Whether the network was run: a product with weights of each place is not told from others before that."""
    return bool(found.steps) and all(part.places is not None for part in products(found.steps))


def _is_convolution(found: Found, step: Step) -> bool:
    """Whether a layer uses the same weights at several places; half of a separable convolution is none."""
    kinds = {CONVOLUTIONS.get(found.graph.nodes[part.node].op) for part in products([step])}
    if kinds == {"depthwise-conv2d"} and step.activation == "none" and step.followed:
        return False
    return kinds != {None} or any((part.places or 0) > 1 for part in products([step]))


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (convolutions, images)
