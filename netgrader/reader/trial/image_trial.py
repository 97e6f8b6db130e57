"""Is what the first convolutions look at still an image? Pixels that hold their row and their column are looked for there.

Where an image is only moved, turned, cut, resized or laid out otherwise, the row and the column of the pixel at a place follow
from the place by one linear rule. Only that is looked at: what is warped or shuffled on purpose has other ops on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.find.layers import ops_between
from netgrader.reader.graph.nodes import words
from netgrader.reader.trial.probe import Sample, products

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.reader.find import Found
    from netgrader.reader.find.layers import Step
    from netgrader.reader.graph.nodes import Array
    from netgrader.reader.trial.probe import GraphProbe

_LAYING_OUT = words(
    "Reshape Squeeze ExpandDims Identity IdentityN Cast Transpose Snapshot StopGradient EnsureShape CheckNumerics "
    "PreventGradient Pad PadV2 Mul Sub Add AddV2 RealDiv Div Neg StridedSlice Slice ReverseV2 SpaceToBatchND "
    "ResizeBilinear ResizeNearestNeighbor ResizeBicubic ResizeArea"
)
_OVER_IMAGES = words("Conv2D DepthwiseConv2dNative")
SEEN = 1e-6
"""A place that holds no larger share of the images is padding."""
#: By how many pixels, or which share of a side, a place may lie off; and for which share of the places the image is torn.
OFF, SHARE_OFF, MANY = 1.5, 0.1, 0.2


@dataclass(frozen=True)
class ImageTrial:
    """What became of the images before the first convolutions."""

    torn: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """The shape (height, width, channels) in which they are torn apart, by the convolution's op."""


def try_images(found: Found, probe: GraphProbe) -> ImageTrial:
    """Look where the pixels of an image lie before each convolution that reads the images themselves."""
    size = found.asked.image_shape
    if size is None or probe.batch is not None:
        return ImageTrial()
    first = [part for part in products(found.steps) if _is_first(found, part)]
    read = {part.node: probe.ask(None, _torn, found, probe, part, size) for part in first}
    return ImageTrial({node: shape for node, shape in read.items() if shape is not None})


def _is_first(found: Found, step: Step) -> bool:
    """Whether a convolution with windows of rows and columns reads images that were laid out, and nothing else."""
    way = ops_between(found.graph, found.roles.images, step.data)
    is_over_images = found.graph.nodes[step.node].op in _OVER_IMAGES and min(step.window, default=1) > 1
    return is_over_images and _LAYING_OUT.issuperset(way)


def _torn(found: Found, probe: GraphProbe, step: Step, size: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape of what a convolution reads, where neighbours there are no neighbours among the pixels; else None.

    The images that are fed hold nothing, one, the row and the column of each pixel, and the mean of both.
    """
    height, width = size[:2]
    sides = np.array([height, width])
    row, column = np.indices((height, width)) / sides[:, None, None]
    drawn = np.stack([0 * row, 0 * row + 1, row, column, (row + column) / 2])
    images = np.repeat(drawn.reshape(len(drawn), -1, 1), probe.pixels // (height * width), axis=2)
    value = probe.fetch(found.graph.past(step.data, ("SpaceToBatchND",)), probe.feed(_sample(probe, images)))
    if value.ndim != 4 or len(value) != len(images) or not value.size:
        return None
    if found.graph.nodes[step.node].attributes["data_format"].s == b"NCHW":
        value = value.transpose(0, 2, 3, 1)
    nothing, whole, *seen = value[..., 0].astype(np.float64)  # of the channels the first
    inside = np.abs(whole - nothing) > SEEN
    rows, columns, means = ((one - nothing)[inside] / (whole - nothing)[inside] for one in seen)
    places, pixels = np.argwhere(inside), np.column_stack([rows, columns]) * sides
    is_sum = np.allclose(rows + columns, 2 * means, atol=1e-2)  # and no image that is multiplied with itself
    in_line = min(value.shape[1:3]) == 1 < min(height, width)
    return value.shape[1:] if is_sum and (in_line or _is_apart(places, pixels, sides)) else None


def _sample(probe: GraphProbe, images: Array) -> Sample:
    """Images with labels that are all one."""
    labels = np.repeat(probe.sample(1).labels[:1], len(images), 0)
    return Sample(images.reshape(len(images), -1).astype(np.float32), labels)


def _is_apart(places: Array, pixels: Array, sides: Array) -> bool:
    """Whether no one linear rule says which pixel lies at a place: a row goes on at the beginning of another."""
    known = np.column_stack([places, np.ones(len(places))])
    off = np.abs(known @ np.linalg.lstsq(known, pixels, rcond=None)[0] - pixels)
    return bool((off > np.maximum(OFF, SHARE_OFF * sides)).any(axis=1).sum() > MANY * len(places))
