"""Held-out test images that untrusted code never sees: how half is replaced, and what that reveals.

The notebook runs with a file in which a secret half of the test images, drawn per submission, is redrawn: each is replaced by
a training image of the same class, rotated, sheared, scaled and shifted. The accuracy that counts is that on the original
images. A network that learned from training images alone knows both halves equally well, up to chance; one that was trained
on the test images, or looks them up, knows the half it received better. The halves are drawn at random, so the difference is
a randomization test (Fisher, *The Design of Experiments*, 1935, chapter II), whose error is known for any network. Error
rates: ``evaluation/clean.md``.

The module also marks training images; only a network that was trained on them knows the marks.

A few training images are replaced by patterns drawn per submission: several copies of each, shifted, dimmed and noisy, all
with the label of one class. A network trained on these images learns the patterns too; weights from elsewhere cannot know
them (after 'radioactive data', Sablayrolles et al. 2020). ``evaluation/clean.md`` measures how reliably networks of all kinds
learn them.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "HeldOut",
    "Marked",
    "Redrawn",
    "by_chance",
    "by_heart",
    "half",
    "held_out_images",
    "knowledge",
    "lead_of_the_given",
    "mark",
    "redraw",
    "secret_seed",
]

Bytes = npt.NDArray[np.uint8]


class Redrawn:
    """Constants of the marks and of redrawing, and the thresholds of the test."""

    PATTERNS, COPIES, TRIALS = (
        12,
        20,
        8,
    )  # patterns, training copies of each, and test copies of each
    SELDOM = 0.005
    """The probability bound of `by_chance`; for ten classes and 12 patterns, more than its 4 occur in 4 of 1,000 cases."""
    WAVES, CYCLES = 4, 1.6  # cosines per pattern, and the most cycles of one across the image
    FIRST = 200  # leading images, which people look at, stay unmarked
    NAMED = 5.0
    """Standard errors at which the grader reports a network as trained on test images: 3 of 10 million honest ones exceed it."""
    TOLD = 3.0
    """Standard errors at which the report shows a lead and the hidden half's accuracy counts: 1 honest network of 740."""
    AT_ONCE = 32  # images per batch, to stay in the processor's cache
    TURNED, SHEARED, SCALED, MOVED = 0.088, 0.06, 0.048, 0.6  # maxima: radians, fraction, fraction, pixels


@dataclass(frozen=True)
class Marked:
    """Training images with marks, and test copies of the marks."""

    images: Bytes
    """The training images as the notebook receives them (n, height, width), uint8; their labels are unchanged."""
    trials: Bytes
    classes: Bytes
    """Further copies of the patterns (m, height, width), uint8, and their classes (m,)."""

    def known(self, found: npt.NDArray[np.int64]) -> int:
        """Return the number of patterns classified right in most trials, from predicted classes (m,)."""
        right = (found == self.classes).reshape(Redrawn.PATTERNS, Redrawn.TRIALS)
        return int((right.mean(axis=1) > 0.5).sum())


def by_chance(classes: int) -> int:
    """Return the number of patterns that untrained weights may know by chance: 4 for ten classes."""
    odds = 1 / classes
    shares = [
        math.comb(Redrawn.PATTERNS, k) * odds**k * (1 - odds) ** (Redrawn.PATTERNS - k)
        for k in range(Redrawn.PATTERNS + 1)
    ]
    return next(k for k in range(Redrawn.PATTERNS + 1) if sum(shares[k + 1 :]) <= Redrawn.SELDOM)


def mark(seed: str, images: Bytes, labels: Bytes, largest: int = 255) -> Marked:
    """Put marks that depend on `seed` (secret, hex) on training images (n, height, width), `labels` (n,).

    `largest` is the largest gray level. In color images (n, height, width, channels), the marks are gray.
    """
    random = np.random.default_rng([int(seed, 16), 1])
    marked, trials, classes = images.copy(), [], []
    for label in random.choice(np.unique(labels), Redrawn.PATTERNS):
        pattern = _pattern(random, *images.shape[1:3])
        places = np.flatnonzero(labels[Redrawn.FIRST :] == label) + Redrawn.FIRST
        chosen = random.permutation(places)[: Redrawn.COPIES]
        marked[chosen] = _coloured(_copies(pattern, len(chosen), random, largest), images)
        trials.append(_coloured(_copies(pattern, Redrawn.TRIALS, random, largest), images))
        classes += [label] * Redrawn.TRIALS
    return Marked(marked, np.concatenate(trials), np.array(classes, np.uint8))


def _coloured(grey: Bytes, images: Bytes) -> Bytes:
    """Return gray images (n, height, width) with the color channels of `images`, if these have any."""
    return grey if images.ndim == grey.ndim else np.repeat(grey[..., None], images.shape[3], axis=3)


def _pattern(random: np.random.Generator, height: int, width: int) -> npt.NDArray[np.float64]:
    """Draw a smooth pattern (height, width) in [0, 1], three tenths of it above 0.5: a sum of cosines."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    field = np.zeros((height, width))
    for _ in range(Redrawn.WAVES):
        down, right = 2 * np.pi * random.uniform(-Redrawn.CYCLES, Redrawn.CYCLES, 2)
        field += random.normal() * np.cos(down * y + right * x + random.uniform(0, 2 * np.pi))
    made: npt.NDArray[np.float64] = 1 / (1 + np.exp(-6 * (field - np.quantile(field, 0.7)) / (field.std() + 1e-9)))
    return made


def _copies(pattern: npt.NDArray[np.float64], n: int, random: np.random.Generator, largest: int) -> Bytes:
    """Return `n` shifted, dimmed and noisy copies of a pattern (height, width), uint8."""
    moved = np.array([np.roll(pattern, tuple(random.integers(-1, 2, 2)), (0, 1)) for _ in range(n)]).reshape(
        -1, *pattern.shape
    )
    grey = moved * random.uniform(0.7, 1, (n, 1, 1)) + random.normal(0, 0.06, moved.shape)
    return np.rint(largest * np.clip(grey, 0, 1)).astype(np.uint8)


Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """Test images or other inputs as the notebook receives them."""

    images: Bytes
    """Images (n, height, width), uint8, or with channels (n, height, width, channels); other inputs (n, …)."""
    hidden: npt.NDArray[np.bool_]
    """Which inputs are replaced (n,), bool; the notebook has no access to their originals."""


def secret_seed(secret: bytes, *parts: object) -> str:
    """Return the seed of a submission's half: HMAC-SHA256 of `parts` with the course's `secret`, in hex."""
    return hmac.new(secret, repr(parts).encode(), hashlib.sha256).hexdigest()


def held_out_images(seed: str, train: tuple[Bytes, Bytes], test: tuple[Bytes, Bytes]) -> HeldOut:
    """Return the test images with a half, chosen by `seed`, redrawn.

    Parameters
    ----------
    seed
        A secret, in hex.
    train, test
        Images (n, height, width), uint8, and their classes (n,).
    """
    random = np.random.default_rng(int(seed, 16))
    (x_train, y_train), (x_test, y_test) = train, test
    hidden = half(len(x_test), random)
    images = x_test.copy()
    for one in np.unique(y_test):
        places = np.flatnonzero(hidden & (y_test == one))
        like = np.flatnonzero(y_train == one)
        if len(like):
            images[places] = redraw(x_train[random.choice(like, len(places))], random)
    return HeldOut(images, hidden)


def half(n: int, random: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return a random mask (n,), bool, with half of `n` true."""
    hidden = np.zeros(n, bool)
    hidden[random.permutation(n)[: n // 2]] = True
    return hidden


def redraw(images: Bytes, random: np.random.Generator) -> Bytes:
    """Rotate, shear, scale and shift each image (n, height, width), uint8, by random amounts."""
    amounts = random.uniform(-1, 1, (6, len(images), 1))
    made = np.empty_like(images)
    for start in range(0, len(images), Redrawn.AT_ONCE):
        some = slice(start, start + Redrawn.AT_ONCE)
        made[some] = _moved(images[some], amounts[:, some])
    return made


def _moved(images: Bytes, amounts: Floats) -> Bytes:
    """Rotate, shear, scale and shift uint8 images (n, height, width) by `amounts` (6, n, 1) in [-1, 1]."""
    if images.ndim > 3:
        return np.stack([_moved(images[..., colour], amounts) for colour in range(images.shape[3])], axis=3)
    n, height, width = images.shape
    turn, shear, wide, high, down, right = amounts
    y, x = np.divmod(np.arange(height * width)[None], width)
    y, x = y - (height - 1) / 2, x - (width - 1) / 2
    cos, sin = np.cos(Redrawn.TURNED * turn), np.sin(Redrawn.TURNED * turn)
    from_y = (cos * y - sin * x) * (1 + Redrawn.SCALED * high) + (height - 1) / 2 + Redrawn.MOVED * down
    from_x = (
        (sin * y + cos * x) * (1 + Redrawn.SCALED * wide)
        + Redrawn.SHEARED * shear * y
        + (width - 1) / 2
        + Redrawn.MOVED * right
    )
    top, left = np.floor(from_y), np.floor(from_x)
    lower, righter = from_y - top, from_x - left
    first = np.arange(n)[:, None] * (height + 2)
    # Zero padding of one pixel stands for everything outside the image.
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1))).astype(np.float64).reshape(-1)
    made = np.zeros((n, height * width))
    for dy, share_y in enumerate((1 - lower, lower)):
        rows = (first + np.clip(top.astype(int) + dy + 1, 0, height + 1)) * (width + 2)
        for dx, share_x in enumerate((1 - righter, righter)):
            columns = np.clip(left.astype(int) + dx + 1, 0, width + 1)
            made += share_y * share_x * padded[rows + columns]
    return np.clip(np.rint(made), 0, 255).astype(np.uint8).reshape(images.shape)


def by_heart(right: npt.NDArray[np.bool_], once: npt.NDArray[np.bool_], twice: npt.NDArray[np.bool_]) -> float:
    """Return by how many standard errors images are known better than slightly redrawn copies.

    Redrawing costs an honest network some images, and redrawing again costs at least as many more. A table of images loses
    them all the first time. Of 12 networks that never saw a test image, one reaches 1.2, the others less; with codes of 200
    images that they misclassify they reach 5.8 and more, with codes of 100 2.5 to 5.8.

    Parameters
    ----------
    right, once, twice
        Whether each image (n,) is classified right as it is, redrawn, and redrawn twice.
    """
    more = right - 2.0 * once + twice
    return _in_errors(float(more.sum()), math.sqrt(float(more @ more)))


def _in_errors(difference: float, error: float) -> float:
    """Return a difference in standard errors; 0 if the error is 0."""
    return difference / error if error > 0 else 0.0


def knowledge(logits: npt.NDArray[np.float32], labels: Bytes) -> Floats:
    """Return how well a network knows each image (n,): 0 surely wrong, 0.5 undecided, 1 surely right.

    The sigmoid of the margin between the true class's logit and the largest other one of `logits` (n, classes), in units of
    the network's own 2 % quantile of absolute margins.
    """
    wide = np.nan_to_num(logits.astype(np.float64), nan=-1e6, posinf=1e6, neginf=-1e6)
    rows = np.arange(len(wide))
    true = wide[rows, labels].copy()
    wide[rows, labels] = -np.inf
    margin = true - wide.max(axis=1)
    unit = float(np.quantile(np.abs(margin), 0.02)) or 1.0
    return 1 / (1 + np.exp(-np.clip(margin / unit, -30, 30)))


def lead_of_the_given(known: npt.NDArray[Any], hidden: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Return how much better a network knows the given images than the hidden ones.

    Parameters
    ----------
    known
        A score of how well it knows each image (n,); larger is better.
    hidden
        Which images it was not given (n,), bool.

    Returns
    -------
    standard errors, mean
        The lead of the given images in standard errors, and as a difference of means.
    """
    n, given = len(known), int((~hidden).sum())
    if not 1 < given < n - 1:
        return 0.0, 0.0
    rest = np.array(known, np.float64)
    rest -= rest.mean()
    lead = float(rest[~hidden].mean() - rest[hidden].mean())
    error = math.sqrt(float(rest @ rest) / (n - 1) * (1 / given + 1 / (n - given)))
    return _in_errors(lead, error), lead
