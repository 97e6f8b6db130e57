"""Digits, weights and gradients as small pictures that a page carries inside itself."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["digit_picture", "grey_picture", "signed_picture"]

SIDE = 28
# Ends of the diverging scale, told apart with any colour vision, and the same way round as in the notebooks.
LESS, ZERO, MORE = (178, 56, 24), (247, 247, 245), (33, 102, 172)


def digit_picture(levels: npt.NDArray[np.uint8]) -> str:
    """A test image, dark on light as ink on paper, as a ``data:`` address."""
    return _png(255 - levels.reshape(SIDE, SIDE))


def grey_picture(image: str) -> str:
    """An image of `observations.Images`, base64 of grey levels."""
    return _png(_levels(image))


def signed_picture(image: str) -> str:
    """An image of `observations.Images` with signs: 128 is zero."""
    share = (_levels(image).astype(np.float64) - 128) / 127
    strength = np.clip(np.abs(share), 0, 1)[..., None]
    ends = np.where(share[..., None] < 0, np.array(LESS), np.array(MORE))
    return _png(np.rint(np.array(ZERO) * (1 - strength) + ends * strength).astype(np.uint8))


def _levels(image: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(base64.b64decode(image, validate=True), dtype=np.uint8).reshape(SIDE, SIDE)


def _png(pixels: npt.NDArray[np.uint8]) -> str:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
