"""Draw the images and the table of this course with a fixed seed: ``python draw_clothes.py`` writes the two files beside it.

Ten kinds of clothes in grey, 28 by 28 pixels, each with cut, pattern, place and light of its own; and a table of garments
with what they measure and cost. What the course is graded with is the files, which their hashes in ``exercises.toml`` name;
other versions of NumPy may draw a pixel otherwise.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.path import Path as Outline

if TYPE_CHECKING:
    from collections.abc import Callable

Points = list[tuple[float, float]]
Grey = npt.NDArray[np.float64]

SIZE, FINE = 28, 2  # pixels, and points in each of their rows
TRAIN, TEST, GARMENTS = 6_000, 1_500, 1_500
HERE = Path(__file__).parent

DOWN, ACROSS = (np.mgrid[0 : SIZE * FINE, 0 : SIZE * FINE] + 0.5) / (SIZE * FINE)
GRID = np.column_stack([ACROSS.ravel(), DOWN.ravel()])
"""The points that are looked at, x and y from 0 to 1, y downwards."""


def filled(points: Points) -> Grey:
    """Return which points of the grid lie in a polygon."""
    return Outline(points).contains_points(GRID).reshape(ACROSS.shape).astype(np.float64)


def mirrored(right: Points) -> Points:
    """Return the whole outline of what is symmetric, from its right half, top to bottom."""
    return [*right, *((1 - x, y) for x, y in reversed(right))]


def torso(random: np.random.Generator, sleeve: float, length: float, flare: float = 0.0) -> Grey:
    """Return something with sleeves: `sleeve` and `length` from 0 (none) to 1."""
    shoulder, hem = random.uniform(0.66, 0.72), random.uniform(0.66, 0.71) + flare
    top, bottom, neck = random.uniform(0.12, 0.17), 0.42 + 0.48 * length, random.uniform(0.55, 0.59)
    body = filled(mirrored([(neck, top), (shoulder, top + 0.04), (hem - flare, top + 0.25), (hem, bottom)]))
    end, wide = top + 0.14 + 0.55 * sleeve, random.uniform(0.09, 0.13)
    out = shoulder + 0.13 + random.uniform(0.02, 0.06) * (1 + sleeve)
    if sleeve > 0:
        arm = [
            (shoulder - 0.03, top + 0.02),
            (shoulder + 0.1, top + 0.1),
            (out, end),
            (out - wide, end + 0.02),
            (shoulder - 0.06, top + 0.22),
        ]
        for points in (arm, [(1 - x, y) for x, y in arm]):
            body = np.maximum(body, filled(points))
    return body


def line(grey: Grey, at: float, wide: float, dark: float) -> Grey:
    """Return a garment with a dark line from top to bottom."""
    return grey * np.where(np.abs(ACROSS - at) < wide, dark, 1.0)


def t_shirt(random: np.random.Generator) -> Grey:
    """Draw a T-shirt."""
    return torso(random, random.uniform(0.04, 0.22), random.uniform(0.6, 0.8))


def trousers(random: np.random.Generator) -> Grey:
    """Draw trousers."""
    waist, hem, gap = random.uniform(0.62, 0.68), random.uniform(0.64, 0.73), random.uniform(0.01, 0.03)
    end = random.uniform(0.8, 0.93)
    leg = [(0.5, 0.1), (waist, 0.1), (hem, end), (hem - random.uniform(0.11, 0.16), end), (0.5 + gap, 0.36)]
    return np.maximum(filled(leg), filled([(1 - x, y) for x, y in leg]))


def pullover(random: np.random.Generator) -> Grey:
    """Draw a pullover."""
    return torso(random, random.uniform(0.75, 1), random.uniform(0.62, 0.8))


def dress(random: np.random.Generator) -> Grey:
    """Draw a dress."""
    return torso(random, random.choice([0.0, 0.1, 0.25]), random.uniform(0.9, 1), random.uniform(0.0, 0.12))


def coat(random: np.random.Generator) -> Grey:
    """Draw a coat, open in front."""
    return line(torso(random, random.uniform(0.8, 1), random.uniform(0.78, 1)), 0.5, 0.018, random.uniform(0.2, 0.6))


def sandal(random: np.random.Generator) -> Grey:
    """Draw a sandal."""
    heel, front = random.uniform(0.5, 0.62), random.uniform(0.68, 0.75)
    sole = filled(
        [(0.1, heel), (0.3, heel + 0.06), (0.6, front), (0.92, front), (0.92, front + 0.06), (0.1, front + 0.06)]
    )
    for at in random.uniform(0.2, 0.85, random.integers(2, 5)):
        wide = random.uniform(0.02, 0.05)
        top = random.uniform(0.3, 0.5)
        sole = np.maximum(sole, filled([(at, front), (at - 0.1, top), (at - 0.1 + wide, top), (at + wide, front)]))
    return sole


def shirt(random: np.random.Generator) -> Grey:
    """Draw a shirt with buttons and a collar."""
    grey = torso(random, random.uniform(0.3, 1), random.uniform(0.66, 0.85))
    grey = line(grey, random.uniform(0.49, 0.51), 0.009, random.uniform(0.5, 0.8))
    collar = filled([(0.42, 0.1), (0.5, 0.2), (0.58, 0.1), (0.55, 0.08), (0.45, 0.08)])
    return np.maximum(grey * (1 - 0.4 * collar), 0.7 * collar)


def sneaker(random: np.random.Generator) -> Grey:
    """Draw a sneaker."""
    top, front = random.uniform(0.4, 0.48), random.uniform(0.54, 0.6)
    shoe = filled([(0.08, top), (0.36, top + 0.02), (0.6, front), (0.9, front + 0.05), (0.94, 0.72), (0.08, 0.72)])
    sole = filled([(0.07, 0.68), (0.95, 0.68), (0.95, 0.74), (0.07, 0.74)])
    return np.maximum(shoe * random.uniform(0.6, 1), sole * random.uniform(0.5, 1))


def bag(random: np.random.Generator) -> Grey:
    """Draw a bag with a handle."""
    left, top, bottom = random.uniform(0.12, 0.22), random.uniform(0.36, 0.46), random.uniform(0.78, 0.88)
    box = filled(mirrored([(1 - left - random.uniform(0, 0.06), top), (1 - left, bottom)]))
    height, wide = random.uniform(0.12, 0.22), random.uniform(0.14, 0.24)
    ring = ((ACROSS - 0.5) / wide) ** 2 + ((DOWN - top) / height) ** 2
    return np.maximum(box, ((ring < 1) & (ring > random.uniform(0.55, 0.75)) & (top > DOWN)).astype(np.float64))


def boot(random: np.random.Generator) -> Grey:
    """Draw a boot."""
    shaft, top = random.uniform(0.4, 0.5), random.uniform(0.12, 0.26)
    shoe = filled([(0.2, top), (shaft, top), (shaft, 0.56), (0.8, 0.66), (0.86, 0.8), (0.2, 0.8)])
    heel = filled([(0.2, 0.78), (0.2 + random.uniform(0.1, 0.2), 0.78), (0.32, 0.88), (0.2, 0.88)])
    return np.maximum(shoe, heel * random.uniform(0.6, 1))


KINDS: dict[str, Callable[[np.random.Generator], Grey]] = {
    "T-shirt": t_shirt,
    "trousers": trousers,
    "pullover": pullover,
    "dress": dress,
    "coat": coat,
    "sandal": sandal,
    "shirt": shirt,
    "sneaker": sneaker,
    "bag": bag,
    "boot": boot,
}


def patterned(grey: Grey, random: np.random.Generator) -> Grey:
    """Return the garment with stripes, checks or a plain cloth, and light from one side."""
    waves = random.uniform(8, 22, 2) * 2 * np.pi
    across, down = (
        1 + 0.25 * np.sign(np.sin(waves * (at[..., None] + random.uniform(0, 1)))).prod(-1) for at in (ACROSS, DOWN)
    )
    cloth = random.choice(4)
    pattern = (np.ones_like(grey), across, down, across * down)[cloth]
    light = 1 + random.uniform(-0.35, 0.35) * (ACROSS - 0.5) + random.uniform(-0.35, 0.35) * (DOWN - 0.5)
    return grey * pattern * light * random.uniform(0.45, 0.95)


def moved(grey: Grey, random: np.random.Generator) -> Grey:
    """Return the picture turned, sized and moved a little, at the size of an image."""
    turn, size = random.normal(0, 0.07), random.uniform(0.85, 1.12)
    down, right = random.normal(0, 0.035, 2)
    y, x = DOWN - 0.5 - down, ACROSS - 0.5 - right
    from_y = (np.cos(turn) * y - np.sin(turn) * x) / size + 0.5
    from_x = (np.sin(turn) * y + np.cos(turn) * x) / size + 0.5
    fine = SIZE * FINE
    rows, columns = (np.clip(np.rint(at * fine - 0.5).astype(int), 0, fine - 1) for at in (from_y, from_x))
    inside = (from_y >= 0) & (from_y < 1) & (from_x >= 0) & (from_x < 1)
    return (grey[rows, columns] * inside).reshape(SIZE, FINE, SIZE, FINE).mean(axis=(1, 3))


def images(n: int, random: np.random.Generator) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return `n` images (n, 28, 28) and their classes (n,), as many of each class as of the others."""
    labels = random.permutation(np.arange(n) % len(KINDS)).astype(np.uint8)
    drawn = np.empty((n, SIZE, SIZE))
    kinds = [*KINDS.values()]
    for number, label in enumerate(labels):
        drawn[number] = moved(patterned(kinds[label](random), random), random)
    drawn += random.normal(0, 0.05, drawn.shape) * (drawn > 0.02)
    return np.rint(255 * np.clip(drawn, 0, 1)).astype(np.uint8), labels


def garments(n: int, random: np.random.Generator) -> dict[str, npt.NDArray[np.float64]]:
    """Return a table of `n` garments: what they measure, and their price in euros."""
    cloth = random.uniform(0.4, 3.2, n)  # square metres
    weight = np.exp(random.normal(5.2, 0.35, n))  # grams a square metre
    wool, seams, pockets = random.beta(1, 3, n), random.uniform(1, 14, n), random.integers(0, 7, n)
    fame, age = random.uniform(0, 1, n), random.exponential(1.5, n)
    worth = 9 + 11 * cloth * (weight / 180) * (1 + 2.2 * wool) + 1.8 * seams + 2.5 * pockets
    price = (
        worth * (1 + 1.1 * np.maximum(0, fame - 0.6) / 0.4) * np.exp(-0.18 * age) * np.exp(random.normal(0, 0.05, n))
    )
    return {
        "cloth_m2": cloth.round(2),
        "weight_g_m2": weight.round(0),
        "wool_share": wool.round(2),
        "seams_m": seams.round(1),
        "pockets": pockets.astype(np.float64),
        "fame": fame.round(2),
        "age_years": age.round(1),
        "price": price.round(2),
    }


def main() -> None:
    """Write ``clothes.npz`` and ``garments.csv``."""
    random = np.random.default_rng(20261127)
    (x_train, y_train), (x_test, y_test) = images(TRAIN, random), images(TEST, random)
    np.savez_compressed(HERE / "clothes.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    table = garments(GARMENTS, random)
    with (HERE / "garments.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(table)
        out.writerows(zip(*(column.tolist() for column in table.values()), strict=True))


if __name__ == "__main__":
    main()
