"""Observations as figures: the network with its faulty places, curves, claims, images read wrongly, sweeps, rows, images."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup
from PIL import Image

from netgrader import drawing_pad
from netgrader import observations as seen
from netgrader.catalogue import OF_NO_COURSE, CourseTexts
from netgrader.pages import charts, safe, words
from netgrader.pages.feedback_view import Bar, Figure, Numbers
from netgrader.pages.shell import number, percent, piece
from netgrader.reader.drawing import svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from netgrader.data import DataSpec
    from netgrader.text import Said

__all__ = ["NO_DATA", "PageData", "figure", "grey_picture", "ink_picture", "signed_picture"]

MOST_WRONG = 20
MOST_NUMBERS = 25
AGREES = 0.0005


@dataclass(frozen=True)
class PageData:
    """What a page knows of the course's data."""

    spec: DataSpec | None = None
    """What they are; None where a course has none."""
    test_images: npt.NDArray[np.uint8] | None = None
    """The test images, uint8 of shape (n, height, width); without them they are told in words."""
    texts: CourseTexts = OF_NO_COURSE
    """How the course says what is drawn."""

    def name(self, number: int) -> str:
        """Return what a class is called."""
        return str(number) if self.spec is None else self.spec.name(number)


NO_DATA = PageData()


def figure(observation: seen.Observation, data: PageData = NO_DATA) -> Figure | None:  # noqa: PLR0911  (one for each kind)
    """The figure of one observation; None where there is nothing to draw."""
    match observation:
        case seen.NetworkDrawing():
            return _network(observation, data.texts)
        case seen.Curves():
            return _curves(observation, data.texts)
        case seen.Comparison():
            return _comparison(observation, data.texts)
        case seen.WrongImages():
            return _wrong_images(observation, data)
        case seen.Predictions():
            return _predictions(observation, data.texts)
        case seen.RowCounts():
            return _rows(observation, data.texts)
        case seen.Sweep():
            return _sweep(observation, data.texts)
        case seen.Images():
            return _images(observation, data.texts)
        case seen.Pad():
            return _pad(observation, data)


def _network(network: seen.NetworkDrawing, texts: CourseTexts) -> Figure:
    layers = tuple(safe.line(texts.say(layer)) for layer in network.layers)
    marked = tuple(safe.line(texts.say(words.NETWORK_MARKED.format(sentence=said))) for said in network.marked)
    caption = texts.say(words.NETWORK_CAPTION)
    alt = f"{caption}: {'; '.join([*layers, *marked])}"
    # Inside the page and not as an <img>, which the page's colours do not reach.
    drawn = safe.clean_svg(svg(network.boxes, caption, lambda said: safe.line(texts.say(said))))
    body = piece("drawing", texts, alt, drawn) if network.boxes else Markup()
    return Figure("network", caption, body, items=(*layers, *marked), items_title=words.NETWORK_LAYERS)


def _curves(curves: seen.Curves, texts: CourseTexts) -> Figure:
    series = [
        charts.Line(safe.line(texts.say(one.name), 60), one.x, one.y) for one in curves.series[: charts.MOST_LINES]
    ]
    x = charts.axis(
        safe.line(texts.say(curves.x_label), 60),
        (value for one in series for value in one.x),
        log=curves.log_x,
        whole=all(float(value).is_integer() for one in series for value in one.x),
    )
    y = charts.axis(
        safe.line(texts.say(curves.y_label), 60),
        (value for one in series for value in one.y if value is not None),
        log=curves.log_y,
        percent=curves.percent,
    )
    title = safe.line(texts.say(curves.title))
    drawn = charts.lines(title, series, x, y, texts)
    return Figure("curves", title, drawn, items=_legend(series, y), numbers=_numbers(series, x, y))


def _legend(series: Sequence[charts.Line], y: charts.Axis) -> tuple[str, ...]:
    named = []
    for one in series:
        last = next((value for value in reversed(one.y) if value is not None), None)
        named.append(one.name if last is None else f"{one.name}: {y.words(last)}")
    return tuple(named)


def _numbers(series: Sequence[charts.Line], x: charts.Axis, y: charts.Axis) -> Numbers | None:
    across = sorted({value for one in series for value in one.x})
    if not 0 < len(across) <= MOST_NUMBERS:
        return None
    columns = [dict(zip(one.x, one.y, strict=True)) for one in series]
    rows = []
    for value in across:
        found = [column.get(value) for column in columns]
        rows.append((x.words(value), *("–" if one is None else y.words(one) for one in found)))
    return Numbers((x.label, *(one.name for one in series)), tuple(rows))


def _comparison(claim: seen.Comparison, texts: CourseTexts) -> Figure:
    """What was reported next to what we found: shares, or errors, whose bars are shares of the larger one."""
    found = {"recomputed": claim.recomputed}
    notes: tuple[Said, ...] = ()
    if claim.claimed is not None:
        found = {"claimed": claim.claimed, **found}
        difference = abs(claim.claimed - claim.recomputed)
        agrees = difference <= AGREES * (10 * abs(claim.recomputed) if claim.error else 1.0)
        in_points, with_unit = f"{100 * difference:.2f}", _with_unit(difference, claim.unit)
        differ = (words.ERRORS_DIFFER, with_unit) if claim.error else (words.CLAIM_DIFFERS, in_points)
        notes = (words.CLAIM_AGREES if agrees else differ[0].format(difference=differ[1]),)
    longest = max(map(abs, found.values())) or 1.0 if claim.error else 1.0
    names = {"claimed": words.CLAIMED, "recomputed": words.RECOMPUTED}
    rows = [
        (
            kind,
            names[kind],
            _with_unit(one, claim.unit) if claim.error else percent(one),
            round(100 * min(max(one / longest, 0.0), 1.0), 2),
        )
        for kind, one in found.items()
    ]
    return Figure("comparison", safe.line(texts.say(claim.title)), piece("claims", texts, rows), notes=notes)


def _with_unit(value: float, unit: str) -> str:
    return f"{number(value)} {safe.line(unit, 40)}".strip()


def _predictions(seen_found: seen.Predictions, texts: CourseTexts) -> Figure | None:
    if not seen_found.true:
        return None
    across = charts.axis(_labelled(texts.say(words.PREDICTED_TRUE), seen_found.unit), seen_found.true)
    up = charts.axis(
        _labelled(texts.say(words.PREDICTED_FOUND), seen_found.unit), [*seen_found.found, *seen_found.true]
    )
    places = list(zip(seen_found.true, seen_found.found, strict=True))
    picture = charts.dots(texts.say(words.PREDICTED), places, texts.say(words.PREDICTED_ROW), across, up, texts=texts)
    worst = tuple(
        (f"{row:,}", across.words(true), up.words(found), number(abs(found - true)))
        for row, found, true in seen_found.worst
    )
    heads = (words.PREDICTED_ROW, words.PREDICTED_TRUE, words.PREDICTED_FOUND, words.PREDICTED_OFF)
    few = len(places) < seen_found.total
    said = words.PREDICTED_SOME.format(shown=f"{len(places):,}", total=f"{seen_found.total:,}")
    return Figure(
        "dots", words.PREDICTED, picture, (said,) if few else (), numbers=Numbers(heads, worst, words.PREDICTED_WORST)
    )


def _labelled(name: str, unit: str) -> str:
    return f"{name}, {safe.line(unit, 40)}" if unit else name


def _wrong_images(seen_wrong: seen.WrongImages, data: PageData) -> Figure | None:
    if not seen_wrong.images:
        return None
    shown, images = [], data.test_images
    for one in seen_wrong.images[:MOST_WRONG]:
        address = ""
        if images is not None and 0 <= one.index < len(images):
            address = ink_picture(images[one.index], 255 if data.spec is None else data.spec.largest)
        shown.append((one.index, safe.line(data.name(one.true), 40), safe.line(data.name(one.found), 40), address))
    caption = words.WRONG_ALL if len(shown) == seen_wrong.wrong else words.WRONG_CAPTION
    said = caption.format(wrong=f"{seen_wrong.wrong:,}", total=f"{seen_wrong.total:,}")
    return Figure("wrong-images", said, piece("wrong_images", data.texts, shown))


def _rows(rows: seen.RowCounts, texts: CourseTexts) -> Figure:
    title = safe.line(texts.say(rows.title))
    counts = {times: count for times, count in sorted(zip(rows.times, rows.rows, strict=True)) if count}
    if set(counts) == {1}:
        # As it should be: nothing to draw.
        return Figure("rows", title, Markup("<p>{}</p>").format(texts.say(words.ROWS_ONCE.format(rows=counts[1]))))
    most = max(counts.values(), default=0)
    bars = [
        Bar(words.ROWS_TIMES.of(times), f"{count:,}", round(100 * count / most, 1)) for times, count in counts.items()
    ]
    notes = (words.ROWS_NOTE, *((words.ELSEWHERE_CUT,) if len(bars) > MOST_NUMBERS else ()))
    return Figure("rows", title, piece("bars", texts, bars[:MOST_NUMBERS]), notes)


def _sweep(sweep: seen.Sweep, texts: CourseTexts) -> Figure:
    order = sorted(range(len(sweep.rates)), key=lambda index: sweep.rates[index])
    found = charts.Line(
        texts.say(words.SWEEP_FOUND),
        tuple(sweep.rates[index] for index in order),
        tuple(sweep.accuracies[index] for index in order),
    )
    again = sorted((float(rate), accuracy) for rate, accuracy in sweep.recomputed.items())
    series = [found]
    if again:
        # Points, each after a gap: nobody knows what lies between the rates that were tried again.
        x = tuple(rate for rate, _ in again for _ in range(2))
        shares = tuple(value for _, share in again for value in (None, share))
        series.append(charts.Line(texts.say(words.SWEEP_RECOMPUTED), x, shares))
    rates = [rate for one in series for rate in one.x]
    across = charts.axis(texts.say(words.RATE), [*rates, *([sweep.best] if sweep.best else [])], log=True)
    up = charts.axis(
        texts.say(words.ACCURACY), (value for one in series for value in one.y if value is not None), percent=True
    )
    best = (words.SWEEP_BEST.format(rate=number(sweep.best)),) if sweep.best else ()
    notes = (*best, *((words.SWEEP_SHORT,) if again else ()))
    return Figure(
        "sweep",
        words.SWEEP_CAPTION,
        charts.lines(texts.say(words.SWEEP_CAPTION), series, across, up, texts, mark=sweep.best),
        notes=notes,
        items=tuple(one.name for one in series),
        numbers=_numbers(series, across, up),
    )


def _images(observation: seen.Images, texts: CourseTexts) -> Figure | None:
    if not observation.rows:
        return None
    draw = signed_picture if observation.signed else grey_picture
    columns = [safe.line(texts.gettext(column), 20) for column in observation.columns]
    rows = [[draw(image, observation.shape) for image in row] for row in observation.rows]
    table = piece("images", texts, columns, rows)
    notes = (words.SIGNED,) if observation.signed else ()
    return Figure("images", safe.line(texts.say(observation.title)), table, notes=notes)


def _pad(pad: seen.Pad, data: PageData) -> Figure | None:
    spec = data.spec
    if spec is None or not (pad.refused or (pad.network is not None and pad.frame is not None)):
        return None
    title = drawing_pad.title(spec)
    if pad.network is None or pad.frame is None:
        return Figure("no-pad", title, Markup(), (safe.line(data.texts.say(pad.refused)),))
    body = drawing_pad.pad_html(pad.network, pad.frame, spec, pad.tried, data.texts.say)
    return Figure("pad", title, Markup(body))  # noqa: S704  (ours: it escapes what it shows)


# Ends of the diverging scale, told apart with any colour vision, and the same way round as in the notebooks.
LESS, ZERO, MORE = (178, 56, 24), (247, 247, 245), (33, 102, 172)


def ink_picture(levels: npt.NDArray[np.uint8], largest: int = 255) -> str:
    """An image with levels up to the `largest` as a ``data:`` address.

    A grey one (height, width) is dark on light, as ink on paper; one with colours (height, width, 3) as it is.
    """
    if levels.ndim == 3 and levels.shape[2] == 3:
        return _png((levels.astype(np.uint16) * 255 // largest).astype(np.uint8))
    levels = levels.reshape(levels.shape[:2])
    return _png((255 - levels.astype(np.uint16) * 255 // largest).astype(np.uint8))


def grey_picture(image: str, shape: tuple[int, int]) -> str:
    """An image of `observations.Images`, base64 of grey levels."""
    return _png(_levels(image, shape))


def signed_picture(image: str, shape: tuple[int, int]) -> str:
    """An image of `observations.Images` with signs: 128 is zero."""
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
