"""The networks of ``evaluation/clean_networks.py``: sixty trained honestly, others on test images."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CLEAN", "GUILTY", "RECIPES", "Recipe"]


@dataclass(frozen=True)
class Recipe:
    """A network and its training.

    Attributes
    ----------
    widths, activation, filters
        Hidden layers, and filters of the strided convolutions before them.
    optimizer, rate, falling
        The rate falls linearly to zero if `falling`.
    epochs, batch
        Number of epochs, and batch size.
    drop, batch_norm, decay
        Dropout rate after each hidden layer, batch normalization, L2 coefficient in the loss.
    moved, noise
        Maximum shift of a minibatch in pixels, and standard deviation of its noise.
    rows, wrong_labels
        Number of training images, and the fraction with a random label.
    members
        Size of an ensemble trained together; the mean of its log-probabilities counts.
    seen, seen_in
        Fraction of the test images added to the training images, and the epochs that use them; all if None.
    """

    widths: tuple[int, ...] = (256,)
    activation: str = "relu"
    filters: tuple[int, ...] = ()
    optimizer: str = "adam"
    rate: float = 2e-3
    falling: bool = False
    epochs: int = 3
    batch: int = 256
    drop: float = 0.0
    batch_norm: bool = False
    decay: float = 0.0
    moved: int = 0
    noise: float = 0.0
    rows: int = 60_000
    wrong_labels: float = 0.0
    members: int = 1
    seen: float = 0.0
    seen_in: tuple[int, ...] | None = None


def listed(kind: str) -> dict[str, Recipe]:
    """Return the networks of a table of ``kinds_of_networks.toml``."""
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))[kind]
    return {
        name: Recipe(**{key: tuple(value) if isinstance(value, list) else value for key, value in recipe.items()})
        for name, recipe in table.items()
    }


CLEAN = listed("clean")
"""Networks that never saw a test image."""
GUILTY = listed("guilty")
"""Networks also trained on test images."""
RECIPES = {**GUILTY, **CLEAN}
