"""What a student watches while a network trains: a progress bar, and curves that grow with each epoch."""

from __future__ import annotations

import html
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any, TypeVar

__all__ = ["Live", "curves_svg"]

T = TypeVar("T")

SECONDS_BETWEEN_UPDATES = 0.3

# Each curve differs from the others in colour (told apart with any colour vision), in dashes and in its written label.
STYLES = (("#0072b2", ""), ("#b34a00", "7 3"), ("#00735c", "2 3"), ("#5b4a9f", "9 3 2 3"))
INK, PALE, PAPER = "#222222", "#d0d0d0", "#ffffff"

WIDTH, HEIGHT = 620, 260
LEFT, RIGHT, TOP, BOTTOM = 72, 150, 16, 44
LABEL_GAP = 17


class Live:
    """One picture under the cell that keeps up with a training run; outside a notebook it shows nothing.

    ::

        live = Live(n_epochs)
        for epoch in range(n_epochs):
            for start in live.progress(range(0, n, mini_batch_size)):
                ...
            live.curves(training=on_training, test=on_test)

    The picture is replaced, never added to, and at most about three times a second, so that it costs no time and fills
    no notebook.

    Parameters
    ----------
    n_epochs
        How often `progress` will be gone through.
    y_label
        What the curves show.
    """

    def __init__(self, n_epochs: int, y_label: str = "accuracy") -> None:
        self._n_epochs = n_epochs
        self._y_label = y_label
        self._epoch = 0
        self._done = 0.0
        self._curves: dict[str, list[float]] = {}
        self._started = self._shown = time.monotonic()
        self._display = _open_display()
        self._show()

    def progress(self, steps: Iterable[T]) -> Iterator[T]:
        """Yield each of `steps`, the steps of one epoch, and show how far the training is."""
        total = len(steps) if isinstance(steps, Sized) else 0
        for count, step in enumerate(steps):
            yield step
            if time.monotonic() - self._shown > SECONDS_BETWEEN_UPDATES:
                self._done = self._epoch + (count + 1) / total if total else self._epoch
                self._show()
        self._epoch += 1
        self._done = self._epoch
        if self._epoch >= self._n_epochs:  # nothing else may come that would show it
            self._show()

    def curves(self, **curves: Sequence[float]) -> None:
        """Show curves, each a list of one value for each epoch so far, by name: ``live.curves(test=acc_val)``."""
        self._curves = {name: [float(value) for value in values] for name, values in curves.items()}
        self._show()

    def _show(self) -> None:
        self._shown = time.monotonic()
        if self._display is not None:
            self._display.update({"text/html": self._html(), "text/plain": self._plain()}, raw=True)

    def _html(self) -> str:
        share = min(1.0, self._done / max(1, self._n_epochs))
        words = html.escape(self._words())
        bar = f'<div><progress max="100" value="{100 * share:.0f}" aria-label="{words}"></progress> {words}</div>'
        if not self._curves:
            return bar
        return bar + curves_svg(self._curves, self._n_epochs, "epoch", self._y_label)

    def _plain(self) -> str:
        last = [f"{name} {values[-1]:.4f}" for name, values in self._curves.items() if values]
        return ", ".join([self._words(), *last])

    def _words(self) -> str:
        seconds = time.monotonic() - self._started
        if self._done >= self._n_epochs:
            return f"{self._n_epochs} epoch{'s' * (self._n_epochs != 1)} in {seconds:.0f} s"
        words = f"epoch {min(int(self._done) + 1, self._n_epochs)} of {self._n_epochs}"
        if self._done > 0:
            words += f", about {seconds * (self._n_epochs / self._done - 1):.0f} s left"
        return words


def _open_display() -> Any:
    """A place under the running cell whose content can be replaced; None where there is no notebook."""
    from IPython.core.getipython import get_ipython  # noqa: PLC0415 (whoever only reads the data should not wait)
    from IPython.display import display  # noqa: PLC0415 (likewise)

    shell = get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    return display({"text/plain": ""}, raw=True, display_id=True)


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
