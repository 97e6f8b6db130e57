"""Small charts as inline SVG: lines and dots. A template draws them, the page's style sheet gives the colours.

Written out here because a plotting library's SVG carries its colours in style attributes, which the pages' content
security policy forbids and dark mode cannot change. Each chart has a title and says in words what it shows; series
differ in colour, dashes and the shape of their points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netgrader.pages import words
from netgrader.pages.shell import number, percent, piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from markupsafe import Markup

    from netgrader.catalogue import CourseTexts
    from netgrader.text import Text

__all__ = ["MOST_LINES", "Axis", "Line", "axis", "dots", "lines"]

WIDTH, HEIGHT = 420, 250
LEFT, RIGHT, TOP, BOTTOM = 74, 12, 12, 42
MOST_LINES = 6
MOST_POINTS = 24
MOST_SAID = 60
"""Dots that are read out."""


@dataclass(frozen=True)
class Line:
    """A named line; `y` is None where a value is missing."""

    name: str
    x: tuple[float, ...]
    y: tuple[float | None, ...]


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


def axis(label: str, values: Iterable[float], *, log: bool = False, percent: bool = False, **flags: bool) -> Axis:
    """An axis that holds all `values`, with a little room."""
    kept = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
    low, high = (float(min(kept)), float(max(kept))) if kept else ((0.1, 1.0) if log else (0.0, 1.0))
    if log:
        # At least as wide that two of 1, 2, 5, 10 stand on it.
        room = max(10**0.12, (10**0.8 * low / high) ** 0.5)
        return Axis(label, low / room, high * room, log=True, percent=percent, **flags)
    span = (high - low) or abs(high) * 0.1 or 1.0
    low, high = low - 0.06 * span, high + 0.06 * span
    if percent:
        low, high = max(0.0, low), min(1.0, high)
    return Axis(label, low, high if high > low else low + 1.0, percent=percent, **flags)


def lines(
    title: str,
    series: Sequence[Line],
    x: Axis,
    y: Axis,
    texts: CourseTexts,
    *,
    mark: float | None = None,
) -> Markup:
    """A chart of lines; `mark` draws an upright line at a value of x."""
    drawn = series[:MOST_LINES]
    runs = [
        (index, run, len(one.x) <= MOST_POINTS or len(run) == 1)
        for index, one in enumerate(drawn)
        for run in _runs(one, x, y)
    ]
    said = [texts.say(_in_words(one, x, y)) for one in drawn]
    at = None if mark is None or not x.low <= mark <= x.high else _across(x, mark)
    return _chart(title, said, x, y, texts, mark=at, runs=runs)


def dots(
    title: str, places: Sequence[tuple[float, float]], name: str, x: Axis, y: Axis, *, texts: CourseTexts
) -> Markup:
    """A scatter plot of what `name` says one by one, with a line where y is x."""
    said = [f"{name}: {x.label} {x.words(across)}, {y.label} {y.words(up)}" for across, up in places]
    drawn = [(_across(x, across), _up(y, up), text) for (across, up), text in zip(places, said, strict=True)]
    low, high = max(x.low, y.low), min(x.high, y.high)
    ends = [(_across(x, one), _up(y, one)) for one in (low, high)]
    return _chart(title, said[:MOST_SAID], x, y, texts, dots=drawn, runs=[(1, ends, False)])


def _chart(title: str, said: Sequence[str], x: Axis, y: Axis, texts: CourseTexts, **drawn: Any) -> Markup:
    """The picture: a frame around what is `drawn`, which `said` says in words."""
    return piece(
        "chart",
        texts,
        f"{title}. {'; '.join(said)}." if said else title,
        (WIDTH, HEIGHT, LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM),
        (x.label, [(_across(x, tick), x.words(tick)) for tick in x.ticks(6)]),
        (y.label, [(_up(y, tick), y.words(tick)) for tick in y.ticks(5)]),
        **drawn,
    )


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


def _in_words(one: Line, x: Axis, y: Axis) -> Text:
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
