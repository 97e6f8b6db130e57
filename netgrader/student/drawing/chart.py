"""Draws a few curves as a small SVG in pure Python: quick enough to be drawn anew while a network trains."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["curves_svg"]

# Each curve differs from the others in colour (told apart with any colour vision), in dashes and in its written label.
STYLES = (("#0072b2", ""), ("#b34a00", "7 3"), ("#00735c", "2 3"), ("#5b4a9f", "9 3 2 3"))
INK, PALE, PAPER = "#222222", "#d0d0d0", "#ffffff"

WIDTH, HEIGHT = 620, 260
LEFT, RIGHT, TOP, BOTTOM = 72, 150, 16, 44
LABEL_GAP = 17


@dataclass(frozen=True)
class _Scale:
    """Maps `low`..`high` of the data to `start`..`end` of the picture."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def curves_svg(curves: Mapping[str, Sequence[float]], n_points: int, x_label: str, y_label: str) -> str:
    """Curves over 1, 2, … `n_points`, each labelled where it ends.

    Parameters
    ----------
    curves
        Values by the curve's name; a curve may be shorter than `n_points` and grow. Values that are not finite are
        left out.
    n_points
        Length of the horizontal axis; a longer curve makes it longer.
    x_label, y_label
        What the axes show.

    Returns
    -------
    str
        An ``<svg>`` with a title and the values in words, on a background of its own.
    """
    finite = {
        name: [(i + 1, float(value)) for i, value in enumerate(values) if math.isfinite(value)]
        for name, values in curves.items()
    }
    n_points = max([n_points, *(len(values) for values in curves.values())])
    ticks = _ticks([value for points in finite.values() for _, value in points])
    across = _Scale(1 if n_points > 1 else 0, max(n_points, 2 if n_points > 1 else 1), LEFT, WIDTH - RIGHT)
    up = _Scale(ticks[0], ticks[-1], HEIGHT - BOTTOM, TOP)
    title, words = html.escape(f"{y_label} over {x_label}"), html.escape(_in_words(finite))
    middle = f"{(LEFT + WIDTH - RIGHT) / 2:.0f}", f"{(TOP + HEIGHT - BOTTOM) / 2:.0f}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'style="max-width:100%;height:auto" font-family="system-ui, sans-serif" font-size="13" fill="{INK}">'
        f"<title>{title}</title><desc>{words}</desc>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{PAPER}"/>'
        f'<text x="{middle[0]}" y="{HEIGHT - 8}" text-anchor="middle">{html.escape(x_label)}</text>'
        f'<text transform="translate(16 {middle[1]}) rotate(-90)" text-anchor="middle">{html.escape(y_label)}</text>'
    )
    return head + "".join(_axes(ticks, n_points, across, up) + _lines(finite, across, up)) + "</svg>"


def _axes(ticks: Sequence[float], n_points: int, across: _Scale, up: _Scale) -> list[str]:
    parts = []
    digits = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9))
    for tick in ticks:
        y = up(tick)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{PALE}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:.{digits}f}</text>')
    step = math.ceil(n_points / 10)
    parts += [
        f'<text x="{across(point):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{point}</text>'
        for point in range(step, n_points + 1, step)
    ]
    return parts


def _lines(curves: Mapping[str, Sequence[tuple[int, float]]], across: _Scale, up: _Scale) -> list[str]:
    parts, labels = [], []
    for index, (name, points) in enumerate(curves.items()):
        if not points:
            continue
        colour, dashes = STYLES[index % len(STYLES)]
        places = [(across(x), up(y)) for x, y in points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        labels.append((places[-1][1], places[-1][0], f"{name} {points[-1][1]:.4g}", colour))
    y_free = -math.inf  # labels of curves that end close together are moved apart
    for y, x, text, colour in sorted(labels):
        y_free = max(y, y_free + LABEL_GAP)
        parts.append(
            f'<text x="{x + 9:.1f}" y="{y_free + 4:.1f}" fill="{colour}" font-weight="600">{html.escape(text)}</text>'
        )
    return parts


def _ticks(values: Sequence[float]) -> list[float]:
    """Three to seven round numbers that enclose `values`."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    span = max(high - low, 1e-3 * max(1.0, abs(high)))
    rough = span / 4
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= rough)
    first, last = math.floor(low / step), math.ceil((high + 1e-9 * span) / step)
    return [step * tick for tick in range(first, max(last, first + 1) + 1)]


def _in_words(curves: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    return "; ".join(f"{name}: " + ", ".join(f"{value:.4g}" for _, value in points) for name, points in curves.items())
