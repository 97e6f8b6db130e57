"""Line charts with labeled axes, as SVG for the pages.

All styling is in presentation attributes, as in network drawings: a page's style sheet maps the colors; a notebook has none.
"""

from __future__ import annotations

import html
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Axis", "Line", "line_chart", "number"]

Array = npt.NDArray[np.float64]
NO_BREAK = "\u00a0"
# Lines differ in color (distinct with any color vision), in dashes, and in their line of the legend.
STYLES = (("#0072b2", ""), ("#b34a00", "7 3"), ("#00735c", "2 3"), ("#5b4a9f", "9 3 2 3"))
INK, MUTED, GRID, PAPER = "#1b1b1f", "#4c535c", "#d0d0d0", "#ffffff"


class Chart:
    """Sizes of a chart in pixels."""

    WIDTH, HEIGHT = 520, 230
    LEFT, RIGHT, TOP, BOTTOM = 74, 16, 12, 44
    ROW, BELOW = 19, 8
    """Height of a line of the legend, and the distance of the first one from the frame."""
    FEW = 24
    """The number of values up to which each is drawn as a point."""


@dataclass(frozen=True)
class Line:
    """A named line; a missing `y` is None or not finite. If not `joined`, only points are drawn."""

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    joined: bool = True


@dataclass(frozen=True)
class Axis:
    """An axis and its format: logarithmic, percentages of 1, or whole numbers."""

    label: str
    log: bool = False
    percent: bool = False
    whole: bool = False

    def written(self, value: float) -> str:
        """Return a value as its axis label."""
        return f"{100 * value:.4g}{NO_BREAK}%" if self.percent else number(value)

    def scaled(self, values: Iterable[float | None]) -> Array:
        """Return values in axis coordinates, float64 (n,); NaN for values that cannot be shown."""
        found = np.array([*values], np.float64)
        with np.errstate(all="ignore"):
            found = np.log10(found) if self.log else found
        found[~np.isfinite(found)] = np.nan
        return found

    def ticks(self, scaled: Array) -> Array:
        """Return three to seven round numbers that enclose the values, in axis coordinates, ascending."""
        known = scaled[~np.isnan(scaled)].tolist()
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        least = 1.0 if self.whole or self.log else 1e-3 * max(1.0, abs(high))  # powers of ten on a logarithmic axis
        rough = max((high - low) / 4, least)
        unit = 10.0 ** math.floor(math.log10(rough))
        steps = unit * np.array([1, 2, 5, 10])
        step = steps[np.searchsorted(steps, rough)]
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        ticks: Array = step * np.arange(first, max(last, first + 1) + 1)
        return ticks

    def named(self, ticks: Array) -> list[str]:
        """Return the labels of ticks."""
        return [self.written(float(value)) for value in (10.0**ticks if self.log else ticks)]


def number(value: float) -> str:
    """Return a number in short form: 0.003, 1500, 2.5e-5."""
    if value == 0:
        return "0"
    if abs(value) >= 1e6 or abs(value) < 1e-4:
        mantissa, _, exponent = f"{value:.2e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def line_chart(title: str, lines: Sequence[Line], x: Axis, y: Axis) -> str:
    """Draw lines over a common axis as SVG; non-finite values leave a gap.

    `title` says what the picture shows; in the text for screen readers, the last value of each line follows it.
    """
    across, up = [x.scaled(line.x) for line in lines], [y.scaled(line.y) for line in lines]
    x_ticks, y_ticks = x.ticks(np.concatenate([[np.nan], *across])), y.ticks(np.concatenate([[np.nan], *up]))
    height = Chart.HEIGHT + Chart.ROW * (len(lines) + 1) - Chart.BELOW
    drawn = _frame(x.label, y.label)
    for place, name in zip(_across(x_ticks, x_ticks).tolist(), x.named(x_ticks), strict=True):
        drawn.append(
            f'<text x="{place}" y="{Chart.HEIGHT - Chart.BOTTOM + 17}" text-anchor="middle" fill="{MUTED}">{name}</text>'
        )
    for place, name in zip(_up(y_ticks, y_ticks).tolist(), y.named(y_ticks), strict=True):
        drawn.append(f'<path d="M{Chart.LEFT} {place}H{Chart.WIDTH - Chart.RIGHT}" stroke="{GRID}"/>')
        drawn.append(f'<text x="{Chart.LEFT - 8}" y="{place + 4:.1f}" text-anchor="end" fill="{MUTED}">{name}</text>')
    legend = [_in_legend(line, y) for line in lines]
    for row, (line, xs, ys, style) in enumerate(zip(lines, across, up, itertools.cycle(STYLES), strict=False)):
        drawn += _drawn(_across(xs, x_ticks), _up(ys, y_ticks), style, joined=line.joined)
        drawn += _legend_row(Chart.HEIGHT + Chart.BELOW + Chart.ROW * row, legend[row], style)
    said = html.escape(f"{title}: {'; '.join(legend)}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {Chart.WIDTH} {height}" width="{Chart.WIDTH}" '
        f'aria-label="{said}" style="max-width:100%;height:auto" font-family="system-ui, sans-serif" font-size="12" '
        f'fill="{INK}"><rect width="{Chart.WIDTH}" height="{height}" rx="6" fill="{PAPER}"/>{"".join(drawn)}</svg>'
    )


def _frame(x_label: str, y_label: str) -> list[str]:
    center, middle = (
        (Chart.LEFT + Chart.WIDTH - Chart.RIGHT) / 2,
        (Chart.TOP + Chart.HEIGHT - Chart.BOTTOM) / 2,
    )
    return [
        f'<text x="{center}" y="{Chart.HEIGHT - 9}" text-anchor="middle">{html.escape(x_label)}</text>',
        f'<text transform="translate(14 {middle}) rotate(-90)" text-anchor="middle">{html.escape(y_label)}</text>',
    ]


def _across(scaled: Array, ticks: Array) -> Array:
    return _placed(scaled, ticks, Chart.LEFT, Chart.WIDTH - Chart.RIGHT)


def _up(scaled: Array, ticks: Array) -> Array:
    return _placed(scaled, ticks, Chart.HEIGHT - Chart.BOTTOM, Chart.TOP)


def _placed(scaled: Array, ticks: Array, first: int, last: int) -> Array:
    """Return pixel positions of values: the first tick at `first`, the last at `last`, rounded to 0.1."""
    share = (scaled - ticks[0]) / (ticks[-1] - ticks[0])
    places: Array = np.round(first + share * (last - first), 1)
    return places


def _drawn(across: Array, up: Array, style: tuple[str, str], *, joined: bool) -> list[str]:
    """Return SVG of a line with gaps for missing values; with points if it is short or not joined."""
    color, dashes = style
    known = ~np.isnan(across + up)
    points = np.stack([across, up], axis=1)[known].tolist()
    parts = []
    if joined:
        begins = known & ~np.concatenate([[False], known])[:-1]
        commands = np.where(begins, "M", "L")[known]
        path = "".join(f"{command}{x} {y}" for command, (x, y) in zip(commands, points, strict=True))
        parts.append(f'<path d="{path}" fill="none" stroke="{color}" stroke-width="2" stroke-dasharray="{dashes}"/>')
    if not joined or len(across) <= Chart.FEW:
        parts += [f'<circle cx="{x}" cy="{y}" r="3.2" fill="{color}"/>' for x, y in points]
    return parts


def _in_legend(line: Line, axis: Axis) -> str:
    """Return a line's name and its last finite value."""
    values = np.array(line.y, np.float64)
    known = values[np.isfinite(values)]
    return f"{line.name}: {axis.written(float(known[-1]))}" if len(known) else line.name


def _legend_row(y: int, text: str, style: tuple[str, str]) -> list[str]:
    color, dashes = style
    return [
        f'<path d="M{Chart.LEFT} {y}h30" stroke="{color}" stroke-width="2" stroke-dasharray="{dashes}"/>',
        f'<circle cx="{Chart.LEFT + 15}" cy="{y}" r="3.2" fill="{color}"/>',
        f'<text x="{Chart.LEFT + 40}" y="{y + 4}">{html.escape(text)}</text>',
    ]
