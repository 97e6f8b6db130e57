"""Faults of convolutions: their number and their input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphread.fault import fault
from graphread.faults.layer_faults import looped
from graphread.find.joining import depths
from graphread.find.layers import CONVOLUTIONS
from graphread.text import Text
from graphread.trial.probe import products

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from graphread.fault import Fault
    from graphread.find import Found
    from graphread.find.layers import Step
    from graphread.reading import Reading


def convolutions(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if there are fewer successive convolutions than required."""
    found, least = reading.found, reading.asked.min_conv_layers
    if least is None or not _measured(found) or looped(found):
        return
    known = [step for step in found.steps if _is_convolution(found, step)]
    count = max(depths(found.graph, known), default=0)
    if count < least:
        place = (known or found.steps)[-1].node
        yield fault("too-few-layers", place, Text("{count} convolutions", count=count), str(least))


def images(reading: Reading) -> Iterator[Fault]:
    """Yield a fault for each convolution that does not see neighboring pixels as neighbors."""
    asked = str([*(reading.asked.image_shape or ()), 1][:3])
    for node, shape in reading.images.torn.items():
        if not reading.rows.mixed:
            told = Text("neighboring {pixels} apart, in shape {list}", list=list(shape))
            yield fault("image-torn", node, told, asked)


def _measured(found: Found) -> bool:
    """Whether the network ran: only a run tells a convolution from weights that differ by position."""
    return bool(found.steps) and all(part.places is not None for part in products(found.steps))


def _is_convolution(found: Found, step: Step) -> bool:
    """Whether a layer reuses weights at several positions; half of a separable convolution does not count."""
    kinds = {CONVOLUTIONS.get(found.graph.nodes[part.node].op) for part in products([step])}
    if kinds == {"depthwise-conv2d"} and step.activation == "none" and step.followed:
        return False
    return kinds != {None} or any((part.places or 0) > 1 for part in products([step]))


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (convolutions, images)
