"""Small charts as inline SVG: lines, bars, dots. The page's style sheet gives the colours, light, dark and printed.

Written out here because a plotting library's SVG carries its colours in style attributes, which the pages' content
security policy forbids and dark mode cannot change. Each chart has a title and says in words what it shows; series
differ in colour, dashes and the shape of their points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from netgrader.pages import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "NO_BREAK",
    "Bar",
    "Dot",
    "Line",
    "axis",
    "bars",
    "dot_swatch",
    "dots",
    "lines",
    "number",
    "percent",
    "swatch",
]

WIDTH, HEIGHT = 420, 250
LEFT, RIGHT, TOP, BOTTOM = 74, 12, 12, 42
NO_BREAK = "\u00a0"
MOST_LINES = 6
MOST_POINTS = 24


@dataclass(frozen=True)
class Line:
    """A named line; `y` is None where there is a gap."""

    name: str
    x: Sequence[float]
    y: Sequence[float | None]


@dataclass(frozen=True)
class Bar:
    """A bar of `value`, labelled below; `note` says it in words."""

    label: str
    value: float
    note: str = ""


@dataclass(frozen=True)
class Dot:
    """A point of a scatter plot; `name` says whose it is."""

    name: str
    x: float
    y: float


@dataclass(frozen=True)
class Axis:
    """One axis: from `low` to `high`, linear or logarithmic, numbers written plainly or as percentages."""

    label: str
    low: float
    high: float
    log: bool = False
    percent: bool = False
    whole: bool = False

    def place(self, value: float) -> float:
        """Where `value` lies, 0 at `low` and 1 at `high`."""
        if self.log:
            return (math.log10(value) - math.log10(self.low)) / (math.log10(self.high) - math.log10(self.low))
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int = 6) -> list[float]:
        """Round numbers along the axis, at most `most` and two."""
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            if last - first < 1:
                return [tick for tick in self._within_decades() if self.low <= tick <= self.high]
            every = max(1, math.ceil((last - first + 1) / most))
            return [10.0**exponent for exponent in range(first, last + 1, every)]
        step = _round_step((self.high - self.low) / most)
        if self.whole:
            step = max(1.0, math.ceil(step))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [tick * step for tick in range(first, last + 1)]

    def _within_decades(self) -> list[float]:
        """1, 2 and 5 times each power of ten around the axis: ticks where it holds at most one decade."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        return [factor * 10.0**exponent for exponent in range(first, last + 1) for factor in (1, 2, 5)]

    def words(self, value: float) -> str:
        """`value` as it is written at a tick."""
        return percent(value) if self.percent else number(value)


def axis(
    label: str, values: Iterable[float], *, log: bool = False, percent: bool = False, zero: bool = False, **flags: bool
) -> Axis:
    """An axis that holds all `values`, with a little room; `zero`: begin at zero."""
    kept = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
    low, high = (float(min(kept)), float(max(kept))) if kept else ((0.1, 1.0) if log else (0.0, 1.0))
    if log:
        # At least as wide that two of 1, 2, 5, 10 stand on it.
        room = max(10**0.12, (10**0.8 * low / high) ** 0.5)
        return Axis(label, low / room, high * room, log=True, percent=percent, **flags)
    low = min(0.0, low) if zero else low
    span = (high - low) or abs(high) * 0.1 or 1.0
    low, high = (low if zero else low - 0.06 * span), high + 0.06 * span
    if percent:
        low, high = max(0.0, low), min(1.0, high)
    return Axis(label, low, high if high > low else low + 1.0, percent=percent, **flags)


def number(value: float) -> str:
    """A number as one writes it: 0.003, 1500, 2.5e-05."""
    if value == 0:
        return "0"
    if abs(value) >= 1e6 or abs(value) < 1e-4:
        mantissa, _, exponent = f"{value:.2e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def percent(share: float, digits: int | None = None) -> str:
    """A share of one as a percentage, with a space that does not break: 92.65 %."""
    written = f"{100 * share:.2f}" if digits is None else f"{100 * share:.{digits}f}"
    if digits is None:
        written = written.rstrip("0").rstrip(".")
    return f"{written}{NO_BREAK}%"


def lines(
    title: str,
    series: Sequence[Line],
    x: Axis,
    y: Axis,
    *,
    mark: float | None = None,
) -> Markup:
    """A chart of lines; `mark` draws an upright line at a value of x."""
    parts = [_frame(x, y)]
    if mark is not None and x.low <= mark <= x.high:
        across = _across(x, mark)
        parts.append(
            Markup('<line class="mark" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(across, TOP, HEIGHT - BOTTOM)
        )
    for index, one in enumerate(series[:MOST_LINES]):
        for run in _runs(one, x, y):
            points = " ".join(f"{across},{up}" for across, up in run)
            parts.append(Markup('<polyline class="line s{}" points="{}"/>').format(index + 1, points))
            if len(one.x) <= MOST_POINTS or len(run) == 1:
                parts += [_point(index, across, up) for across, up in run]
    said = "; ".join(_in_words(one, x, y) for one in series[:MOST_LINES])
    return _svg(title, said, parts)


def bars(title: str, columns: Sequence[Bar], x_label: str, y_label: str, every: int = 1) -> Markup:
    """A bar chart of counts; every `every`-th bar is labelled."""
    y = axis(y_label, [bar.value for bar in columns], zero=True, whole=True)
    x = Axis(x_label, 0.0, max(1.0, float(len(columns))))
    parts = [_frame(x, y, x_ticks=False)]
    for index, bar in enumerate(columns):
        left, right = _across(x, index + 0.12), _across(x, index + 0.88)
        # A bar of few beside one of many must still be seen.
        top = min(_up(y, bar.value), HEIGHT - BOTTOM - (1.5 if bar.value else 0.0))
        parts.append(
            Markup('<rect class="bar" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>').format(
                left, top, round(right - left, 1), round(HEIGHT - BOTTOM - top, 1), bar.note
            )
        )
        if index % every == 0:
            parts.append(_label(_across(x, index + 0.5), HEIGHT - BOTTOM + 16, bar.label))
    said = "; ".join(bar.note or f"{bar.label}: {number(bar.value)}" for bar in columns if bar.value)
    return _svg(title, said, parts)


def dots(title: str, groups: Sequence[Sequence[Dot]], x: Axis, y: Axis) -> Markup:
    """A scatter plot, each point with its name; groups differ in colour and shape."""
    parts = [_frame(x, y)]
    for index, group in enumerate(groups[:MOST_LINES]):
        for dot in group:
            said = f"{dot.name}: {x.label} {x.words(dot.x)}, {y.label} {y.words(dot.y)}"
            parts.append(
                Markup('<g class="dot">{}<title>{}</title></g>').format(
                    _point(index, _across(x, dot.x), _up(y, dot.y)), said
                )
            )
    everything = [dot for group in groups for dot in group]
    said = "; ".join(f"{dot.name}: {x.words(dot.x)}, {y.words(dot.y)}" for dot in everything[:60])
    return _svg(title, said, parts)


def dot_swatch(index: int) -> Markup:
    """The point that stands before a group's name in a legend."""
    return Markup('<svg class="swatch" viewBox="10 0 14 12" aria-hidden="true">{}</svg>').format(_point(index, 17, 6))


def swatch(index: int) -> Markup:
    """The piece of line that stands before a series' name in a legend."""
    return Markup(
        '<svg class="swatch" viewBox="0 0 34 12" aria-hidden="true"><line class="line s{}" x1="1" x2="33" y1="6" '
        'y2="6"/>{}</svg>'
    ).format(index + 1, _point(index, 17, 6))


def _svg(title: str, said: str, parts: Sequence[Markup]) -> Markup:
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, f"{title}. {said}." if said else title, Markup("").join(parts)
    )


def _frame(x: Axis, y: Axis, *, x_ticks: bool = True) -> Markup:
    parts: list[Markup] = []
    for tick in y.ticks(5):
        up = _up(y, tick)
        parts.append(
            Markup('<line class="grid" x1="{}" x2="{}" y1="{up}" y2="{up}"/>').format(LEFT, WIDTH - RIGHT, up=up)
        )
        parts.append(_label(LEFT - 7, up + 4, y.words(tick), "end"))
    if x_ticks:
        for tick in x.ticks(6):
            across = _across(x, tick)
            parts.append(
                Markup('<line class="tick" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(
                    across, HEIGHT - BOTTOM, HEIGHT - BOTTOM + 4
                )
            )
            parts.append(_label(across, HEIGHT - BOTTOM + 16, x.words(tick)))
    base = HEIGHT - BOTTOM
    parts.append(Markup('<line class="axis" x1="{}" x2="{}" y1="{b}" y2="{b}"/>').format(LEFT, WIDTH - RIGHT, b=base))
    parts.append(_label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, x.label, kind="axis-name"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        Markup(
            '<text class="axis-name" text-anchor="middle" transform="translate(12 {}) rotate(-90)">{}</text>'
        ).format(middle, y.label)
    )
    return Markup('<g aria-hidden="true">{}</g>').format(Markup("").join(parts))


def _label(across: float, up: float, text: str, anchor: str = "middle", kind: str = "tick-name") -> Markup:
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        kind, round(across, 1), round(up, 1), anchor, text
    )


def _point(index: int, across: float, up: float) -> Markup:
    """A circle, square, triangle or diamond: series differ in more than colour."""
    kind = f"point s{index + 1}"
    match index % 4:
        case 0:
            return Markup('<circle class="{}" cx="{}" cy="{}" r="3.2"/>').format(kind, across, up)
        case 1:
            return Markup('<rect class="{}" x="{}" y="{}" width="6" height="6"/>').format(
                kind, round(across - 3, 1), round(up - 3, 1)
            )
        case 2:
            shape = f"M{across} {up - 4:.1f}l3.8 6.8h-7.6z"
        case _:
            shape = f"M{across} {up - 4.2:.1f}l4.2 4.2l-4.2 4.2l-4.2 -4.2z"
    return Markup('<path class="{}" d="{}"/>').format(kind, shape)


def _runs(one: Line, x: Axis, y: Axis) -> list[list[tuple[float, float]]]:
    """The line's points in the picture, cut where there is a gap; what lies outside the axes is drawn at their edge."""
    runs: list[list[tuple[float, float]]] = [[]]
    for across, up in zip(one.x, one.y, strict=True):
        drawable = up is not None and math.isfinite(up) and (up > 0 or not y.log) and (across > 0 or not x.log)
        if up is None or not drawable:
            runs.append([])
        else:
            runs[-1].append((_across(x, across), _up(y, min(max(up, y.low), y.high))))
    return [run for run in runs if run]


def _across(x: Axis, value: float) -> float:
    return round(LEFT + x.place(value) * (WIDTH - RIGHT - LEFT), 1)


def _up(y: Axis, value: float) -> float:
    return round(HEIGHT - BOTTOM - y.place(value) * (HEIGHT - BOTTOM - TOP), 1)


def _in_words(one: Line, x: Axis, y: Axis) -> str:
    points = [(across, up) for across, up in zip(one.x, one.y, strict=True) if up is not None and math.isfinite(up)]
    if not points:
        return words.LINE_EMPTY.format(name=one.name)
    highest, lowest = max(points, key=lambda point: point[1]), min(points, key=lambda point: point[1])
    return words.LINE_IN_WORDS.format(
        name=one.name,
        first=y.words(points[0][1]),
        last=y.words(points[-1][1]),
        highest=y.words(highest[1]),
        at=x.words(highest[0]),
        lowest=y.words(lowest[1]),
        at_lowest=x.words(lowest[0]),
        axis=x.label,
    )


def _round_step(rough: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is at least `rough`."""
    unit: float = 10.0 ** math.floor(math.log10(rough))
    return next(factor * unit for factor in (1, 2, 2.5, 5, 10) if factor * unit >= rough * (1 - 1e-9))
