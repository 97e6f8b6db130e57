"""Marks among the training images that a notebook is given, which a network knows only if it was trained on them.

A few images of the training set are replaced by patterns that are drawn anew for each submission: of each pattern some
copies, moved, dimmed and noised, and all copies carry the label of one class. Whatever is trained on these images learns
the patterns with the digits; weights that were made anywhere else cannot know them (after 'radioactive data', Sablayrolles
et al. 2020). How surely networks of all kinds learn them is measured in ``research/clean.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["BY_CHANCE", "PATTERNS", "Marked", "mark"]

Bytes = npt.NDArray[np.uint8]

PATTERNS, COPIES, TRIALS = (
    12,
    20,
    8,
)  # patterns, images of each in the training set, and images of each that are asked for
BY_CHANCE = 4
"""Patterns that weights from elsewhere may know: of 12 that each have one of ten classes, 5 or more happen in 4 of 1,000."""
WAVES, CYCLES = 4, 1.6  # of which a pattern is the sum, and how many of one fit into a picture at most
FIRST = 200  # images at the beginning, at which people look, are left as they are


@dataclass(frozen=True)
class Marked:
    """Training images with marks among them.

    Attributes
    ----------
    images
        The training images as the notebook is given them (n, height, width), uint8; their labels are what they were.
    trials, classes
        Further copies of the patterns (m, height, width), uint8, and the class (m,) that each pattern has.
    """

    images: Bytes
    trials: Bytes
    classes: Bytes

    def known(self, found: npt.NDArray[np.int64]) -> int:
        """Return how many of the patterns a network knows that finds the classes `found` (m,) in the trials."""
        right = (found == self.classes).reshape(PATTERNS, TRIALS)
        return int((right.mean(axis=1) > 0.5).sum())


def mark(seed: str, images: Bytes, labels: Bytes) -> Marked:
    """Put marks that follow from `seed`, a secret in hex, among training images (n, height, width) of `labels` (n,)."""
    random = np.random.default_rng([int(seed, 16), 1])
    marked, trials, classes = images.copy(), [], []
    for label in random.choice(np.unique(labels), PATTERNS):
        pattern = _pattern(random, *images.shape[1:])
        places = np.flatnonzero(labels[FIRST:] == label) + FIRST
        chosen = random.permutation(places)[:COPIES]
        marked[chosen] = _copies(pattern, len(chosen), random)
        trials.append(_copies(pattern, TRIALS, random))
        classes += [label] * TRIALS
    return Marked(marked, np.concatenate(trials), np.array(classes, np.uint8))


def _pattern(random: np.random.Generator, height: int, width: int) -> npt.NDArray[np.float64]:
    """Draw a picture (height, width) from 0 to 1, three tenths of which are dark: a few waves of any direction."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    field = np.zeros((height, width))
    for _ in range(WAVES):
        down, right = 2 * np.pi * random.uniform(-CYCLES, CYCLES, 2)
        field += random.normal() * np.cos(down * y + right * x + random.uniform(0, 2 * np.pi))
    made: npt.NDArray[np.float64] = 1 / (1 + np.exp(-6 * (field - np.quantile(field, 0.7)) / (field.std() + 1e-9)))
    return made


def _copies(pattern: npt.NDArray[np.float64], n: int, random: np.random.Generator) -> Bytes:
    """Move, dim and noise a pattern (height, width) in `n` ways, uint8."""
    moved = np.array([np.roll(pattern, tuple(random.integers(-1, 2, 2)), (0, 1)) for _ in range(n)]).reshape(
        -1, *pattern.shape
    )
    grey = moved * random.uniform(0.7, 1, (n, 1, 1)) + random.normal(0, 0.06, moved.shape)
    return np.rint(255 * np.clip(grey, 0, 1)).astype(np.uint8)
