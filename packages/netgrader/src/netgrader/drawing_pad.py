"""A drawing pad with a trained network that answers live: HTML for feedback pages and notebooks.

The HTML contains the weights as data; the script next to this file, ``drawing_pad.js``, computes with them.
"""

from __future__ import annotations

import functools
import html
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np

from graphread.text import Said, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from graphread.plain_network import PlainNetwork
    from netgrader.data import DataSpec

__all__ = ["FALLBACK", "PadFrame", "can_be_drawn", "frame_of", "pad_html", "script", "style", "title"]

SAMPLE = 1_000
"""The number of course images that set the frame of a drawing."""
INKED = 0.1
"""The fraction of the largest gray level above which a pixel is ink."""
WORDS = {
    "paper": Text("Paper to draw on. Arrow keys move the pen, space sets it down and lifts it."),
    "help": Text("Draw with mouse, finger or pen; or with the arrow keys, where space sets the pen down and lifts it."),
    "clear": Text("Clear"),
    "seen": Text("What the network sees: cut out, scaled to the size of its training {images}, centered"),
    "ink": Text("Ink that speaks for {name} (blue) and against it (red)"),
    "ink_nothing": Text("Ink that speaks for the answer, and against it"),
    "empty": Text("Nothing is drawn yet."),
    "next": Text("Next comes {name}: {share}."),
    "bars": Text("Probability of each class"),
    "choose": Text("Show the ink that speaks for {name} and against it"),
    "down": Text("Pen down."),
    "up": Text("Pen up."),
}
OF_A_NETWORK = {
    "answer": Text("The network says {name}: {share}."),
    "exact": Text("This network was given as plain data. Nothing leaves this page."),
}
OF_ONES_OWN = {
    "answer": Text("Your network says {name}: {share}."),
    "exact": Text(
        "This is your own network, with its weights rounded to eight bits. On {agrees} of {tried} "
        "test {images} it gives the same answer as in TensorFlow; its probabilities differ by "
        "{differs} percentage points at most. Nothing leaves this page."
    ),
}
FALLBACK = Text("You can draw here, and your network answers. This needs a script: in a notebook, run the cell again.")
TITLE, TITLE_AN = Text("Draw a {called}, and your network answers"), Text("Draw an {called}, and your network answers")


Side = Annotated[float, msgspec.Meta(gt=0, le=1_000)]
"""Height or width of a drawn image, in pixels."""


class PadFrame(msgspec.Struct, frozen=True):
    """The geometry of the course's images, which drawings must match."""

    height: int
    width: int
    box: tuple[float, float]
    """Height and width of the ink's bounding box in most images, in pixels."""
    centre: tuple[float, float]
    """The center of mass of the ink, in pixels from the top and from the left."""

    def __post_init__(self) -> None:
        msgspec.convert((self.height, self.width, *self.box), tuple[Side, ...])


def can_be_drawn(spec: DataSpec) -> bool:
    """Whether the course's inputs are gray images, with more than one output for classes."""
    return spec.is_images and spec.label_width > 1 and spec.shape[2:] in {(), (1,)}


def frame_of(images: npt.NDArray[Any], largest: int) -> PadFrame:
    """Return the frame of images (n, height, width), levels up to `largest`; MNIST's box is 20 of 28."""
    shown = images[:SAMPLE].reshape(-1, *images.shape[1:3]).astype(np.float64)
    height, width = shown.shape[1:]
    inked = shown > INKED * largest
    there = inked.any(axis=(1, 2))
    if not there.any():
        return PadFrame(height, width, (height, width), (height / 2, width / 2))
    shown, inked = shown[there], inked[there]
    boxes = np.stack([_extent(inked.any(axis=2)), _extent(inked.any(axis=1))], axis=1)
    mass = shown.sum(axis=(1, 2))
    rows, columns = shown.sum(axis=2) @ (np.arange(height) + 0.5), shown.sum(axis=1) @ (np.arange(width) + 0.5)
    # A 1 is narrow and a dash is low: the 95th percentile shows the size of full images.
    box = np.quantile(boxes.astype(np.float64), 0.95, axis=0)
    centre = np.median(np.stack([rows, columns], axis=1) / mass[:, None], axis=0)
    return PadFrame(
        height, width, (float(box[0]), float(box[1])), (round(float(centre[0]), 2), round(float(centre[1]), 2))
    )


def _extent(inked: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return for each row (n, size) the span (n,) from its first to its last true value, inclusive."""
    extent: npt.NDArray[np.int64] = inked.shape[1] - inked[:, ::-1].argmax(axis=1) - inked.argmax(axis=1)
    return extent


def title(spec: DataSpec) -> Said:
    """Return the pad's heading."""
    return (TITLE_AN if spec.called[0] in "aeiou" else TITLE).format(called=spec.called)


def pad_html(
    network: PlainNetwork,
    frame: PadFrame,
    spec: DataSpec,
    tried: int,
    say: Callable[[Said], str],
    *,
    alone: bool = False,
) -> str:
    """Return the pad as HTML; its page must include `style` and `script` once.

    Parameters
    ----------
    network
        The network that answers.
    frame, spec
        The geometry of the course's images, and the specification of its data.
    tried
        The number of test images on which it was compared with the student's own network; 0 if it was not.
    say
        Renders a text in the course's language.
    alone
        Whether the pad is in a notebook's output, whose colors differ from the page's.
    """
    measured = {"tried": tried, "agrees": round(network.agrees * tried), "differs": f"{100 * network.differs:.2g}"}
    later = {name: f"{{{name}}}" for name in ("name", "share")}  # the script fills these placeholders
    texts = WORDS | (OF_ONES_OWN if tried else OF_A_NETWORK)
    words = {key: say(text.format(**later, **measured)) for key, text in texts.items()}
    told = {
        "frame": frame,
        "names": [spec.name(number) for number in range(network.layers[-1].outputs)],
        "layers": network.layers,
        "words": words,
    }
    # The JSON must not close the element or open a comment.
    data = json.dumps(msgspec.to_builtins(told), separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    classes = f"widget draw-pad{' w-alone' if alone else ''}"
    return (
        f'<div class="{classes}" role="group" aria-label="{html.escape(say(title(spec)))}">'
        f'<div class="w-fallback"><p>{html.escape(say(FALLBACK))}</p></div>'
        f'<script type="application/json">{data}</script></div>'
    )


def script() -> str:
    """Return the pad's JavaScript."""
    return _beside(".js")


def style() -> str:
    """Return the pad's CSS."""
    return _beside(".css")


@functools.cache
def _beside(suffix: str) -> str:
    return Path(__file__).with_suffix(suffix).read_text(encoding="utf-8")
