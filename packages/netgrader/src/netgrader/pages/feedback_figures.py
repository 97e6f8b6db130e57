"""Observations as figures: networks with faults, curves, claims, misclassified images, sweeps, rows."""

from __future__ import annotations

import base64
import functools
import io
import operator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup
from PIL import Image

from graphread.drawing import svg
from netgrader import drawing_pad
from netgrader import observations as seen
from netgrader.catalogue import OF_NO_COURSE, CourseTexts
from netgrader.line_chart import Axis, Line, line_chart, number
from netgrader.pages import safe, words
from netgrader.pages.feedback_view import Figure
from netgrader.pages.shell import percent, piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from netgrader.data import DataSpec

__all__ = ["NO_DATA", "PageData", "figure"]


class FigureLimits:
    """Limits on a figure of a feedback page."""

    MOST_WRONG = 20
    MOST_LINES = 6
    MOST_NUMBERS = 25


@dataclass(frozen=True)
class PageData:
    """The course's data and texts, for figures."""

    spec: DataSpec | None = None
    """The specification of the data; None if the course has none."""
    test_images: npt.NDArray[np.uint8] | None = None
    """The test images, uint8 of shape (n, height, width); without them words replace pictures."""
    texts: CourseTexts = OF_NO_COURSE
    """The course's texts."""

    def name(self, number: int) -> str:
        """Return the name of a class."""
        return str(number) if self.spec is None else self.spec.name(number)


NO_DATA = PageData()


@functools.singledispatch
def figure(observation: object, data: PageData = NO_DATA) -> Figure | None:  # noqa: ARG001  (by kind, below)
    """Return the figure of one observation; None if there is nothing to draw."""
    raise TypeError(f"no kind of observation: {type(observation).__name__}")


@figure.register
def _network(network: seen.NetworkDrawing, data: PageData = NO_DATA) -> Figure:
    layers = tuple(safe.line(data.texts.say(layer)) for layer in network.layers)
    marked = tuple(safe.line(data.texts.say(words.NETWORK_MARKED.format(sentence=said))) for said in network.marked)
    caption = data.texts.say(words.NETWORK_CAPTION)
    alt = f"{caption}: {'; '.join([*layers, *marked])}"
    # Inline and not as an <img>, which the page's colors would not reach.
    drawn = safe.clean_svg(svg(network.boxes, caption, lambda said: safe.line(data.texts.say(said))))
    body = piece("drawing", data.texts, alt, drawn) if network.boxes else Markup()
    return Figure("network", caption, body, items=(*layers, *marked))


@figure.register
def _curves(curves: seen.Curves, data: PageData = NO_DATA) -> Figure:
    lines = [
        Line(safe.line(data.texts.say(one.name), 60), one.x, one.y) for one in curves.series[: FigureLimits.MOST_LINES]
    ]
    whole = all(float(value).is_integer() for one in lines for value in one.x)
    x = Axis(safe.line(data.texts.say(curves.x_label), 60), log=curves.log_x, whole=whole)
    y = Axis(safe.line(data.texts.say(curves.y_label), 60), log=curves.log_y, percent=curves.percent)
    return _charted("curves", safe.line(data.texts.say(curves.title)), lines, x, y)


def _charted(kind: str, title: str, lines: Sequence[Line], x: Axis, y: Axis) -> Figure:
    chart = safe.clean_svg(line_chart(title, lines, x, y))
    body = Markup('<div class="drawing">{}</div>').format(chart)
    return Figure(kind, title, body, items=tuple(_in_words(one, x, y) for one in lines))


def _in_words(line: Line, x: Axis, y: Axis) -> str:
    """Return a line in words for screen readers: some of its points, evenly spaced."""
    points = [(at, value) for at, value in zip(line.x, line.y, strict=True) if value is not None]
    some = points[:: len(points) // FigureLimits.MOST_NUMBERS + 1]
    return f"{line.name}: {'; '.join(f'{x.written(at)}: {y.written(value)}' for at, value in some)}"


@figure.register
def _comparison(claim: seen.Comparison, data: PageData = NO_DATA) -> Figure:
    """Return the reported next to the recomputed value: fractions, or errors in their unit."""
    found = [(words.CLAIMED, claim.claimed), (words.RECOMPUTED, claim.recomputed)]
    rows = [
        (name, _with_unit(value, claim.unit) if claim.error else percent(value))
        for name, value in found
        if value is not None
    ]
    return Figure("comparison", safe.line(data.texts.say(claim.title)), piece("pairs", data.texts, rows))


def _with_unit(value: float, unit: str) -> str:
    return f"{number(value)} {safe.line(unit, 40)}".strip()


@figure.register
def _predictions(seen_found: seen.Predictions, data: PageData = NO_DATA) -> Figure | None:
    """Return a table of the rows with the worst predictions."""
    if not seen_found.worst:
        return None
    rows = [
        (f"{row:,}", number(true), number(found), number(abs(found - true))) for row, found, true in seen_found.worst
    ]
    unit = safe.line(seen_found.unit, 40)
    in_unit = f", {unit}" if unit else ""
    measured = (words.PREDICTED_TRUE, words.FOUND, words.PREDICTED_OFF)
    heads = [data.texts.say(words.PREDICTED_ROW), *(f"{data.texts.say(name)}{in_unit}" for name in measured)]
    return Figure("predictions", words.PREDICTED_WORST, piece("table", data.texts, heads, rows))


@figure.register
def _wrong_images(seen_wrong: seen.WrongImages, data: PageData = NO_DATA) -> Figure | None:
    if not seen_wrong.images:
        return None
    shown, images = [], data.test_images
    for one in seen_wrong.images[: FigureLimits.MOST_WRONG]:
        address = ""
        if images is not None and 0 <= one.index < len(images):
            address = ink_picture(images[one.index], 255 if data.spec is None else data.spec.largest)
        shown.append((one.index, safe.line(data.name(one.true), 40), safe.line(data.name(one.found), 40), address))
    said = words.WRONG_CAPTION.format(wrong=f"{seen_wrong.wrong:,}", total=f"{seen_wrong.total:,}")
    return Figure("wrong-images", said, piece("wrong_images", data.texts, shown))


@figure.register
def _rows(rows: seen.RowCounts, data: PageData = NO_DATA) -> Figure:
    """Return how many rows were fed how often, if not all once."""
    title = safe.line(data.texts.say(rows.title))
    counts = {times: count for times, count in sorted(zip(rows.times, rows.rows, strict=True)) if count}
    if set(counts) == {1}:
        return Figure("rows", title, Markup("<p>{}</p>").format(data.texts.say(words.ROWS_ONCE.format(rows=counts[1]))))
    pairs = [(words.ROWS_TIMES.of(times), f"{count:,}") for times, count in counts.items()]
    return Figure("rows", title, piece("pairs", data.texts, pairs[: FigureLimits.MOST_NUMBERS]), (words.ROWS_NOTE,))


@figure.register
def _sweep(sweep: seen.Sweep, data: PageData = NO_DATA) -> Figure:
    x, y = Axis(data.texts.say(words.RATE), log=True), Axis(data.texts.say(words.ACCURACY), percent=True)
    title = data.texts.say(words.SWEEP_CAPTION)
    own = _line(data.texts.say(words.SWEEP_FOUND), zip(sweep.rates, sweep.accuracies, strict=True))
    if not sweep.recomputed:
        return _charted("sweep", title, [own], x, y)
    again = ((float(rate), share) for rate, share in sweep.recomputed.items())
    ours = replace(_line(data.texts.say(words.SWEEP_RECOMPUTED), again), joined=False)
    return replace(_charted("sweep", title, [own, ours], x, y), notes=(words.SWEEP_SHORT,))


def _line(name: str, points: Iterable[tuple[float, float | None]]) -> Line:
    """Return points as a line, sorted by x."""
    found = sorted(points, key=operator.itemgetter(0))
    return Line(name, [x for x, _ in found], [y for _, y in found])


@figure.register
def _images(observation: seen.Images, data: PageData = NO_DATA) -> Figure | None:
    if not observation.rows:
        return None
    draw, notes = (signed_picture, (words.SIGNED,)) if observation.signed else (grey_picture, ())
    columns = [safe.line(data.texts.gettext(column), 20) for column in observation.columns]
    rows = [[draw(image, observation.shape) for image in row] for row in observation.rows]
    table = piece("images", data.texts, columns, rows)
    return Figure("images", safe.line(data.texts.say(observation.title)), table, notes=notes)


@figure.register
def _pad(pad: seen.Pad, data: PageData = NO_DATA) -> Figure | None:
    spec = data.spec
    if spec is None:
        return None
    title = drawing_pad.title(spec)
    if pad.network is None or pad.frame is None:
        return Figure("no-pad", title, Markup(), (safe.line(data.texts.say(pad.refused)),))
    body = drawing_pad.pad_html(pad.network, pad.frame, spec, pad.tried, data.texts.say)
    return Figure("pad", title, Markup(body))  # noqa: S704  (ours: it escapes what it shows)


# Ends of the diverging scale: distinct with any color vision, in the same order as in the notebooks.
LESS, ZERO, MORE = (178, 56, 24), (247, 247, 245), (33, 102, 172)


def ink_picture(levels: npt.NDArray[np.uint8], largest: int = 255) -> str:
    """Return an image with levels up to `largest` as a ``data:`` address.

    A gray image (height, width) is drawn dark on light, like ink; a color image (height, width, 3) as it is.
    """
    if levels.ndim == 3 and levels.shape[2] == 3:
        return _png((levels.astype(np.uint16) * 255 // largest).astype(np.uint8))
    levels = levels.reshape(levels.shape[:2])
    return _png((255 - levels.astype(np.uint16) * 255 // largest).astype(np.uint8))


def grey_picture(image: str, shape: tuple[int, int]) -> str:
    """Return an image of `observations.Images`, base64 of gray levels, as a ``data:`` address."""
    return _png(_levels(image, shape))


def signed_picture(image: str, shape: tuple[int, int]) -> str:
    """Return a signed image of `observations.Images`, in which 128 is zero, as a ``data:`` address."""
    share = (_levels(image, shape).astype(np.float64) - 128) / 127
    strength = np.clip(np.abs(share), 0, 1)[..., None]
    ends = np.where(share[..., None] < 0, np.array(LESS), np.array(MORE))
    return _png(np.rint(np.array(ZERO) * (1 - strength) + ends * strength).astype(np.uint8))


def _levels(image: str, shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(base64.b64decode(image, validate=True), dtype=np.uint8).reshape(shape)


def _png(pixels: npt.NDArray[np.uint8]) -> str:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
