"""Names of older releases: notebooks that were released with them still run."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from netgrader.student.notebook_cells import your_work

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Live", "going_on", "ready"]

T = TypeVar("T")

going_on = your_work


def ready(*names: str) -> bool:
    """Whether to go on: always. What is missing stops its cell."""
    del names
    return True


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
