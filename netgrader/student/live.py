"""A name of older releases: notebooks that were released with it still run."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Live"]

T = TypeVar("T")


class Live:
    """Show nothing of a training run; a picture of it was drawn in older releases.

    Parameters
    ----------
    n_epochs, y_label
        What the picture showed: not used.
    """

    def __init__(self, n_epochs: int, y_label: str = "accuracy") -> None:
        del n_epochs, y_label

    def progress(self, steps: Iterable[T]) -> Iterator[T]:
        """Return an iterator over the steps of one epoch."""
        return iter(steps)

    def curves(self, **curves: Sequence[float]) -> None:
        """Take the curves so far, and show none of them."""
