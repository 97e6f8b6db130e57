"""The networks of ``evaluation/clean_networks.py``: sixty that never saw a test image, and some that did."""

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
        Hidden layers, and filters of the convolutions before them, which halve the picture.
    optimizer, rate, falling
        The rate falls linearly to zero if `falling`.
    epochs, batch
        How long it is trained, and on how many images a step.
    drop, batch_norm, decay
        Drop rate after each hidden layer, batch normalisation, factor of the weights' squares in the loss.
    moved, noise
        Pixels by which each minibatch is moved at most, and the deviation of the noise added to it.
    rows, wrong_labels
        How many training images, and the share of them that get a random label.
    members
        How many such networks are trained together; the mean of their log-probabilities counts.
    seen, seen_in
        The share of the test images that it is trained on in addition, and in which epochs; in all if None.
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
"""Never saw a test image."""
GUILTY = listed("guilty")
"""Were trained on test images as well."""
RECIPES = {**GUILTY, **CLEAN}
