"""Check by perturbation that the first convolutions see pixels in place.

If an image is only shifted, mirrored, cropped, resized or rearranged, one linear rule maps the row and column of every pixel
to its place. Only such paths are checked: intended distortion or shuffling uses other ops.
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
    """Numbers of pixels and tolerances for locating them."""

    PIXELS = 60
    LEAST_PIXELS = 12
    """Pixels to change, and the minimum that must be found again: an image may be cropped."""
    #: Tolerance of a pixel's place, in positions or as a fraction of the size; fraction of misplaced pixels that counts as
    #: torn.
    OFF, SHARE_OFF, MANY = 1.5, 0.1, 0.2


@dataclass(frozen=True)
class ImageTrial:
    """The images as seen by the first convolutions."""

    torn: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Shape (height, width, channels) in which they are torn apart, by the convolution's op."""


def try_images(found: Found, probe: GraphProbe) -> ImageTrial:
    """Locate the pixels of an image before each convolution that reads the images directly."""
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
    # Pixels that are cropped, or appear at several places, as when a mirror image is added, are ignored.
    places = [np.argwhere(one) for one in changed]
    once = [index for index, at in enumerate(places) if _is_one_place(at, value.shape[1:3])]
    if len(once) < max(ImageTrials.LEAST_PIXELS, int(changed.any(axis=(1, 2)).sum()) / 2):
        return None
    pixels = np.stack(np.divmod(chosen[once], width), 1)
    centres = np.array([places[index].mean(axis=0) for index in once])
    torn = _is_apart(pixels, centres, value.shape[1:3]) or _is_a_line(pixels, centres, step.window)
    return value.shape[1:] if torn else None


def _is_one_place(at: Array, sizes: tuple[int, ...]) -> bool:
    """Whether a pixel appears at a single place."""
    return len(at) > 0 and bool((np.ptp(at, axis=0) <= 2 * _most_off(sizes)).all())


def _sample(probe: GraphProbe, images: Array) -> Sample:
    """Return a sample of these images with equal labels."""
    labels = np.repeat(probe.sample(1).labels[:1], len(images), 0)
    return Sample(images.reshape(len(images), -1).astype(np.float32), labels)


def _most_off(sizes: tuple[int, ...]) -> Array:
    return np.maximum(ImageTrials.OFF, ImageTrials.SHARE_OFF * np.array(sizes))


def _rule(pixels: Array, places: Array) -> tuple[Array, Array]:
    """Return the linear rule from row and column that fits the places best, and each place's error."""
    known = np.column_stack([pixels, np.ones(len(pixels))])
    rule = np.linalg.lstsq(known, places, rcond=None)[0]
    return rule[:2], np.abs(known @ rule - places)


def _is_apart(pixels: Array, places: Array, sizes: tuple[int, ...]) -> bool:
    """Whether no single rule explains the places of pixels: rows wrap around."""
    _, off = _rule(pixels, places)
    return bool((off > _most_off(sizes)).any(axis=1).mean() > ImageTrials.MANY)


def _is_a_line(pixels: Array, places: Array, window: tuple[int, ...]) -> bool:
    """Whether two-dimensional kernels see pixels along one line only: the rest became channels."""
    if len(window) != 2 or min(window) < 2:
        return False
    rule, _ = _rule(pixels, places)
    return bool(np.linalg.svd(np.ptp(pixels, axis=0)[:, None] * rule, compute_uv=False)[-1] < 1)
