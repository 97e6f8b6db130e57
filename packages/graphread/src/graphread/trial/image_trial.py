"""Do the first convolutions see an image? A trial that changes one pixel after another.

Where an image is only moved, turned, cut, resized or laid out otherwise, the place of a pixel is found from its row and its
column by one rule for all. Only that is looked at: what is warped or shuffled on purpose has other ops on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from graphread.find.layers import ops_between
from graphread.graph.nodes import words
from graphread.trial.probe import Sample, products

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphread.find import Found
    from graphread.find.layers import Step
    from graphread.graph.nodes import Array
    from graphread.trial.probe import GraphProbe

_LAYING_OUT = words(
    "Reshape Squeeze ExpandDims Identity IdentityN Cast Transpose Snapshot StopGradient EnsureShape CheckNumerics "
    "PreventGradient Pad PadV2 Mul Sub Add AddV2 RealDiv Div Neg StridedSlice Slice ReverseV2 SpaceToBatchND "
    "ResizeBilinear ResizeNearestNeighbor ResizeBicubic ResizeArea"
)
_OVER_IMAGES = words("Conv2D DepthwiseConv2dNative")


class ImageTrials:
    """How many pixels tell what a convolution sees."""

    PIXELS = 60
    LEAST_PIXELS = 12
    """Pixels that are changed, and fewest of them that must be found again: an image may be cut."""
    #: By how many places, or by which share of the places, a pixel may lie off; and for which share of them it is torn.
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
    way = ops_between(found.graph, found.roles.images, step.data)
    return found.graph.nodes[step.node].op in _OVER_IMAGES and _LAYING_OUT.issuperset(way)


def _torn(found: Found, probe: GraphProbe, step: Step, size: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the shape that a convolution reads if pixel neighbors are torn apart there; else None."""
    height, width = size[:2]
    random = np.random.default_rng(11)
    chosen = random.permutation(height * width)[: ImageTrials.PIXELS]
    base = random.uniform(0.1, 0.4, (1, height * width, probe.pixels // (height * width)))
    images = np.repeat(base, len(chosen) + 1, 0)
    images[1 + np.arange(len(chosen)), chosen] += 0.5
    value = probe.fetch(found.graph.past(step.data, ("SpaceToBatchND",)), probe.feed(_sample(probe, images)))
    if value.ndim != 4 or len(value) != len(images):
        return None
    if found.graph.nodes[step.node].attributes["data_format"].s == b"NCHW":
        value = value.transpose(0, 2, 3, 1)
    changed = np.abs(value[1:] - value[:1]).max(axis=3) > 1e-6
    # A pixel that is cut off, or lies at several places as in an image that its mirror image is added to, has no place.
    places = [np.argwhere(one) for one in changed]
    once = [index for index, at in enumerate(places) if _is_one_place(at, value.shape[1:3])]
    if len(once) < max(ImageTrials.LEAST_PIXELS, int(changed.any(axis=(1, 2)).sum()) / 2):
        return None
    pixels = np.stack(np.divmod(chosen[once], width), 1)
    centres = np.array([places[index].mean(axis=0) for index in once])
    torn = _is_apart(pixels, centres, value.shape[1:3]) or _is_a_line(pixels, centres, step.window)
    return value.shape[1:] if torn else None


def _is_one_place(at: Array, sizes: tuple[int, ...]) -> bool:
    """Whether a pixel lies somewhere, and nowhere far from there."""
    return len(at) > 0 and bool((np.ptp(at, axis=0) <= 2 * _most_off(sizes)).all())


def _sample(probe: GraphProbe, images: Array) -> Sample:
    """Images with labels that are all one."""
    labels = np.repeat(probe.sample(1).labels[:1], len(images), 0)
    return Sample(images.reshape(len(images), -1).astype(np.float32), labels)


def _most_off(sizes: tuple[int, ...]) -> Array:
    return np.maximum(ImageTrials.OFF, ImageTrials.SHARE_OFF * np.array(sizes))


def _rule(pixels: Array, places: Array) -> tuple[Array, Array]:
    """Return the linear rule that fits the places best, by row and column, and each place's error."""
    known = np.column_stack([pixels, np.ones(len(pixels))])
    rule = np.linalg.lstsq(known, places, rcond=None)[0]
    return rule[:2], np.abs(known @ rule - places)


def _is_apart(pixels: Array, places: Array, sizes: tuple[int, ...]) -> bool:
    """Whether no one rule says where pixels lie: a row goes on at the beginning of another."""
    _, off = _rule(pixels, places)
    return bool((off > _most_off(sizes)).any(axis=1).mean() > ImageTrials.MANY)


def _is_a_line(pixels: Array, places: Array, window: tuple[int, ...]) -> bool:
    """Whether windows with rows and columns cover pixels in one line: the others became channels."""
    if len(window) != 2 or min(window) < 2:
        return False
    rule, _ = _rule(pixels, places)
    return bool(np.linalg.svd(np.ptp(pixels, axis=0)[:, None] * rule, compute_uv=False)[-1] < 1)
