"""The course's data as tests are told them, and other data: images of another shape, of other classes, and fewer."""

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


def shirts(folder: Path) -> DataSpec:
    """Write ``shirts.npz`` into `folder`: 3,600 images of 16 by 16 pixels with levels up to 99, of four classes."""
    random = np.random.default_rng(16)
    patterns = random.random((len(SHIRTS), SIDE, SIDE)) > 0.6
    arrays = {}
    for part, n in (("fit", N_TRAIN), ("held", N_TEST)):
        labels = random.integers(0, len(SHIRTS), n).astype(np.uint8)
        grey = 70 * patterns[labels] * random.uniform(0.6, 1, (n, 1, 1)) + random.uniform(0, 29, (n, SIDE, SIDE))
        arrays |= {f"{part}_images": np.rint(grey).astype(np.uint8), f"{part}_labels": labels}
    np.savez(folder / "shirts.npz", **arrays)
    return DataSpec(
        file="shirts.npz",
        sha256=hashlib.sha256((folder / "shirts.npz").read_bytes()).hexdigest(),
        train=DataPart("fit_images", "fit_labels", N_TRAIN),
        test=DataPart("held_images", "held_labels", N_TEST),
        shape=(SIDE, SIDE),
        largest=99,
        classes=len(SHIRTS),
        names=SHIRTS,
        called="garment",
    )


def toml_of(spec: DataSpec) -> str:
    """Return the table ``[data]`` that says a spec."""
    values = {name: value for name, value in msgspec.to_builtins(spec).items() if value is not None}
    return "\n".join(["[data]", *(f"{name} = {_toml(value)}" for name, value in values.items()), ""])


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + " }"
    return json.dumps(value)
