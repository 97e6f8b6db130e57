"""Test images that untrusted code never sees: how half is replaced, and what that reveals.

The notebook is run with a file in which a secret half of the test images, drawn for each submission, is redrawn:
in the place of each stands a training image of the same class, turned, sheared and moved. The accuracy that counts is
that on the original images. A network that learned from the training images alone knows both halves equally well, but for
chance; one that was trained on the test images, or that looks them up, knows the half that it was given better. Which
half an image belongs to was drawn by lot, so the difference is a randomisation test (Fisher, *The Design of Experiments*,
1935, chapter II): its error is known for any network. Error rates: ``evaluation/clean.md``.

Marks among the training images that a notebook is given, which a network knows only if it was trained on them.

A few images of the training set are replaced by patterns that are drawn for each submission: of each pattern some
copies, moved, dimmed and noised, and all copies carry the label of one class. A network trained on these images learns
the patterns with the images; weights that were made anywhere else cannot know them (after 'radioactive data', Sablayrolles
et al. 2020). How surely networks of all kinds learn them is measured in ``evaluation/clean.md``.
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
    """How hidden images are made unlike those in the notebook, and from where they tell."""

    PATTERNS, COPIES, TRIALS = (
        12,
        20,
        8,
    )  # patterns, images of each in the training set, and images of each that are asked for
    SELDOM = 0.005
    """How often weights from elsewhere may know more patterns than `by_chance` says: 5 of 12 of ten classes in 4 of 1,000."""
    WAVES, CYCLES = 4, 1.6  # of which a pattern is the sum, and how many of one fit into a picture at most
    FIRST = 200  # images at the beginning, at which people look, are left as they are
    NAMED = 5.0
    """Standard errors at which the grader reports a network as trained on the test images: of ten million honest ones
    three lie beyond."""
    TOLD = 3.0
    """Standard errors starting at which the report shows a lead, and the accuracy on the hidden half counts: one honest
    network of 740."""
    AT_ONCE = 32  # images that are moved together: what is computed of so many stays in the processor's cache
    TURNED, SHEARED, SCALED, MOVED = 0.088, 0.06, 0.048, 0.6  # radians, share, share, pixels: the largest of each


@dataclass(frozen=True)
class Marked:
    """Training images with marks among them."""

    images: Bytes
    """The training images as the notebook is given them (n, height, width), uint8; their labels are what they were."""
    trials: Bytes
    classes: Bytes
    """Further copies of the patterns (m, height, width), uint8, and the class (m,) that each pattern has."""

    def known(self, found: npt.NDArray[np.int64]) -> int:
        """Return how many of the patterns a network knows that finds the classes `found` (m,) in the trials."""
        right = (found == self.classes).reshape(Redrawn.PATTERNS, Redrawn.TRIALS)
        return int((right.mean(axis=1) > 0.5).sum())


def by_chance(classes: int) -> int:
    """Return how many patterns untrained weights may know by chance, by number of classes: 4 of ten."""
    odds = 1 / classes
    shares = [
        math.comb(Redrawn.PATTERNS, k) * odds**k * (1 - odds) ** (Redrawn.PATTERNS - k)
        for k in range(Redrawn.PATTERNS + 1)
    ]
    return next(k for k in range(Redrawn.PATTERNS + 1) if sum(shares[k + 1 :]) <= Redrawn.SELDOM)


def mark(seed: str, images: Bytes, labels: Bytes, largest: int = 255) -> Marked:
    """Put marks that depend on `seed` (secret, hex) on training images (n, height, width), `labels` (n,).

    `largest` is the largest grey level. In images with colours (n, height, width, colours) the marks are grey.
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
    """Return grey images (n, height, width) as `images` are: with as many colours, if these have any."""
    return grey if images.ndim == grey.ndim else np.repeat(grey[..., None], images.shape[3], axis=3)


def _pattern(random: np.random.Generator, height: int, width: int) -> npt.NDArray[np.float64]:
    """Draw a picture (height, width) from 0 to 1, three tenths of it dark: a few waves of any direction."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    field = np.zeros((height, width))
    for _ in range(Redrawn.WAVES):
        down, right = 2 * np.pi * random.uniform(-Redrawn.CYCLES, Redrawn.CYCLES, 2)
        field += random.normal() * np.cos(down * y + right * x + random.uniform(0, 2 * np.pi))
    made: npt.NDArray[np.float64] = 1 / (1 + np.exp(-6 * (field - np.quantile(field, 0.7)) / (field.std() + 1e-9)))
    return made


def _copies(pattern: npt.NDArray[np.float64], n: int, random: np.random.Generator, largest: int) -> Bytes:
    """Move, dim and noise a pattern (height, width) in `n` ways, uint8."""
    moved = np.array([np.roll(pattern, tuple(random.integers(-1, 2, 2)), (0, 1)) for _ in range(n)]).reshape(
        -1, *pattern.shape
    )
    grey = moved * random.uniform(0.7, 1, (n, 1, 1)) + random.normal(0, 0.06, moved.shape)
    return np.rint(largest * np.clip(grey, 0, 1)).astype(np.uint8)


Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """Test images as a notebook is given them."""

    images: Bytes
    """The images (n, height, width), uint8, or with colours (n, height, width, colours); other inputs (n, …)."""
    hidden: npt.NDArray[np.bool_]
    """Which of them are replaced (n,), bool: the originals in their place were nowhere within reach of the notebook."""


def secret_seed(secret: bytes, *parts: object) -> str:
    """Return the seed of a submission's half: HMAC-SHA256 of `parts` with the course's `secret`, in hex."""
    return hmac.new(secret, repr(parts).encode(), hashlib.sha256).hexdigest()


def held_out_images(seed: str, train: tuple[Bytes, Bytes], test: tuple[Bytes, Bytes]) -> HeldOut:
    """Redraw a half of the test images that follows from `seed`.

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
    """Draw half of `n` by lot: which are of it (n,)."""
    hidden = np.zeros(n, bool)
    hidden[random.permutation(n)[: n // 2]] = True
    return hidden


def redraw(images: Bytes, random: np.random.Generator) -> Bytes:
    """Turn, shear, scale and move each of the images (n, height, width), uint8, by an amount of its own."""
    amounts = random.uniform(-1, 1, (6, len(images), 1))
    made = np.empty_like(images)
    for start in range(0, len(images), Redrawn.AT_ONCE):
        some = slice(start, start + Redrawn.AT_ONCE)
        made[some] = _moved(images[some], amounts[:, some])
    return made


def _moved(images: Bytes, amounts: Floats) -> Bytes:
    """Turn, shear, scale and move uint8 images (n, height, width) by `amounts` (6, n, 1) in [-1, 1]."""
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
    # A row or column of nothing around the image stands for all that lies outside of it.
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1))).astype(np.float64).reshape(-1)
    made = np.zeros((n, height * width))
    for dy, share_y in enumerate((1 - lower, lower)):
        rows = (first + np.clip(top.astype(int) + dy + 1, 0, height + 1)) * (width + 2)
        for dx, share_x in enumerate((1 - righter, righter)):
            columns = np.clip(left.astype(int) + dx + 1, 0, width + 1)
            made += share_y * share_x * padded[rows + columns]
    return np.clip(np.rint(made), 0, 255).astype(np.uint8).reshape(images.shape)


def by_heart(right: npt.NDArray[np.bool_], once: npt.NDArray[np.bool_], twice: npt.NDArray[np.bool_]) -> float:
    """Return by how many standard errors images are known better than themselves redrawn a little.

    Redrawing costs an honest network some of the images, and redrawing them once more at least as many again. A table of
    images loses them all the first time. Of 12 networks that never saw a test image one comes to 1.2, the others to less; with
    codes of 200 images that they get wrong they come to 5.8 and more, with codes of 100 to 2.5 to 5.8.

    Parameters
    ----------
    right, once, twice
        Which images are known as they are (n,), redrawn, and redrawn once more.
    """
    more = right - 2.0 * once + twice
    return _in_errors(float(more.sum()), math.sqrt(float(more @ more)))


def _in_errors(difference: float, error: float) -> float:
    """Return a difference in standard errors; 0 where there is no error, and so no difference."""
    return difference / error if error > 0 else 0.0


def knowledge(logits: npt.NDArray[np.float32], labels: Bytes) -> Floats:
    """Return how well a network knows each image (n,): 0 surely wrong, 0.5 undecided, 1 surely right.

    What decides is by how much the logit (n, classes) of the true class is above all others, in units of a network's own:
    two of a hundred images lie closer to undecided than one.
    """
    wide = np.nan_to_num(logits.astype(np.float64), nan=-1e6, posinf=1e6, neginf=-1e6)
    rows = np.arange(len(wide))
    true = wide[rows, labels].copy()
    wide[rows, labels] = -np.inf
    margin = true - wide.max(axis=1)
    unit = float(np.quantile(np.abs(margin), 0.02)) or 1.0
    return 1 / (1 + np.exp(-np.clip(margin / unit, -30, 30)))


def lead_of_the_given(known: npt.NDArray[Any], hidden: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Compare how well a network knows the given images with how well it knows the hidden ones.

    Parameters
    ----------
    known
        How well it knows each image (n,), any number that is larger where it knows it better.
    hidden
        Which images it was not given (n,).

    Returns
    -------
    standard errors, mean
        By how many standard errors the given images are ahead, and by how much in the mean.
    """
    n, given = len(known), int((~hidden).sum())
    if not 1 < given < n - 1:
        return 0.0, 0.0
    rest = np.array(known, np.float64)
    rest -= rest.mean()
    lead = float(rest[~hidden].mean() - rest[hidden].mean())
    error = math.sqrt(float(rest @ rest) / (n - 1) * (1 / given + 1 / (n - given)))
    return _in_errors(lead, error), lead
