"""Names of older releases, so that their notebooks still run."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from netgrader.student.notebook_cells import your_work

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Live", "going_on", "ready"]

T = TypeVar("T")

going_on = your_work


def ready(*names: str) -> bool:
    """Return True; a missing name stops its cell anyway."""
    del names
    return True


class Live:
    """Shows nothing of a training run; older releases drew a picture of it.

    Parameters
    ----------
    n_epochs, y_label
        Ignored; they labeled the picture.
    """

    def __init__(self, n_epochs: int, y_label: str = "accuracy") -> None:
        del n_epochs, y_label

    def progress(self, steps: Iterable[T]) -> Iterator[T]:
        """Return an iterator over the steps of one epoch."""
        return iter(steps)

    def curves(self, **curves: Sequence[float]) -> None:
        """Ignore the curves."""
