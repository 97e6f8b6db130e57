"""The course's data for tests, and other data: images of another shape, other classes, and fewer."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import msgspec
import numpy as np

from netgrader.checks.exercises import Exercises, load_exercises
from netgrader.data import DataPart, DataSpec

ROOT = Path(__file__).resolve().parents[1]
CHECKS = ROOT / "source" / "digits" / "checks"
EXERCISES: Exercises = load_exercises(CHECKS)
DIGITS: DataSpec = EXERCISES.data
DATA = ROOT / "data" / DIGITS.file

SHIRTS = ("shirt", "shoe", "bag", "coat")
N_TRAIN, N_TEST, SIDE = 3_000, 600, 16
SIGNS, SIGN_SHAPE = ("dot", "dash", "wave"), (12, 9)


def shirts(folder: Path) -> DataSpec:
    """Write ``shirts.npz`` into `folder`: 3,600 images of 16 by 16 pixels with levels up to 99, of four classes."""
    return _written(folder, "shirts", SHIRTS, (N_TRAIN, N_TEST, SIDE, SIDE), "garment")


def signs(folder: Path) -> DataSpec:
    """Write ``signs.npz`` into `folder`: 1,500 images of 12 by 9 pixels with levels up to 99, of three classes."""
    return _written(folder, "signs", SIGNS, (1_200, 300, *SIGN_SHAPE), "sign")


def _written(
    folder: Path, file: str, names: tuple[str, ...], sizes: tuple[int, int, int, int], called: str
) -> DataSpec:
    """Write images, so many to train on and to test with, of a height and width."""
    rows, shape = sizes[:2], sizes[2:]
    random = np.random.default_rng(16)
    patterns = random.random((len(names), *shape)) > 0.6
    arrays = {}
    for part, n in zip(("fit", "held"), rows, strict=True):
        labels = random.integers(0, len(names), n).astype(np.uint8)
        grey = 70 * patterns[labels] * random.uniform(0.6, 1, (n, 1, 1)) + random.uniform(0, 29, (n, *shape))
        arrays |= {f"{part}_images": np.rint(grey).astype(np.uint8), f"{part}_labels": labels}
    np.savez(folder / f"{file}.npz", **arrays)
    return DataSpec(
        file=f"{file}.npz",
        sha256=hashlib.sha256((folder / f"{file}.npz").read_bytes()).hexdigest(),
        train=DataPart("fit_images", "fit_labels", rows[0]),
        test=DataPart("held_images", "held_labels", rows[1]),
        shape=shape,
        largest=99,
        classes=len(names),
        names=names,
        called=called,
    )


def toml_of(spec: DataSpec) -> str:
    """Return the table ``[data]`` that says a spec."""
    values = {name: value for name, value in msgspec.to_builtins(spec).items() if value is not None}
    return "\n".join(["[data]", *(f"{name} = {_toml(value)}" for name, value in values.items()), ""])


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + " }"
    return json.dumps(value)
