"""What a student watches while a network trains: a progress bar, and curves that grow with each epoch."""

from __future__ import annotations

import html
import operator
import sys
import time
from typing import TYPE_CHECKING, Any, TypeVar

from netgrader.line_chart import Axis, Line, line_chart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Live"]

T = TypeVar("T")

SECONDS_BETWEEN_UPDATES = 0.3


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
        total = max(1, operator.length_hint(steps, sys.maxsize))
        for count, step in enumerate(steps):
            yield step
            if time.monotonic() - self._shown > SECONDS_BETWEEN_UPDATES:
                self._done = self._epoch + (count + 1) / total
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
        lines = [Line(name, range(1, len(values) + 1), values) for name, values in self._curves.items()]
        x, y = Axis("epoch", whole=True), Axis(self._y_label)
        return bar + line_chart(f"{self._y_label} over epoch", lines, x, y, until=self._n_epochs)

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
    if not hasattr(shell, "kernel"):
        return None
    return display({"text/plain": ""}, raw=True, display_id=True)
