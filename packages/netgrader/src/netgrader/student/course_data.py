"""The data of the course from the file that comes with it: offline, verified, without pickle."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from netgrader import data
from netgrader.catalogue import OF_NO_COURSE, CourseTexts
from netgrader.checks.exercises import FILE, BadExerciseError, load_exercises, load_texts
from netgrader.errors import NetgraderError, NotebookError

if TYPE_CHECKING:
    from netgrader.data import DataSpec, Parts

__all__ = [
    "CHECKS",
    "ChecksNotFoundError",
    "checks_folder",
    "data_spec",
    "given_data",
    "own_texts",
    "read_data",
    "rows_are_unmistakable",
]

CHECKS = "NETGRADER_CHECKS"
"""The environment variable with the folder of checks that came with the notebook."""
FOLDER = "checks"
HALF = 0.5  # of the test rows: so many have a fraction, or a fingerprint does not identify a row
TREES = ("source", "release")


class ChecksNotFoundError(NotebookError):
    """The folder of public checks is not in any of the searched places, or is unusable."""


def read_data(path: str | Path | None = None) -> Parts:
    """Read the data of the notebook's course, as `netgrader.data.load_data` does."""
    return data.load_data(data_spec(), None if path is None else Path(path))


@functools.cache
def given_data() -> Parts:
    """Return the data of `read_data`, read-only, cached per process."""
    parts = read_data()
    for array in (*parts[0], *parts[1]):
        array.flags.writeable = False
    return parts


def data_spec() -> DataSpec:
    """Return the specification of the notebook's course data.

    Raises
    ------
    ChecksNotFoundError
        If the folder of checks, which contains it, is not found.
    """
    checkout = Path(__file__).resolve().parents[5:6]  # an installed package has a folder without checks there, or none
    return load_exercises(checks_folder(*checkout)).data


@functools.cache
def rows_are_unmistakable() -> bool:
    """Whether no row equals another by chance: in images, and where most rows have a fraction."""
    try:
        return data_spec().is_images or bool(np.mod(given_data()[1][0], 1).any(axis=-1).mean() > HALF)
    except NetgraderError:
        return False


def checks_folder(*further: Path) -> Path:
    """Return the folder of public checks: next to the notebook, above it, or in a `further` tree."""
    named, here = os.environ.get(CHECKS), Path.cwd()
    candidates = [Path(named)] if named else []
    for above in (here, *here.parents, *further):
        candidates += [above / FOLDER, *(found for tree in TREES for found in sorted(above.glob(f"{tree}/*/{FOLDER}")))]
    for candidate in candidates:
        if (candidate / FILE).is_file():
            return candidate
    raise ChecksNotFoundError(
        f"The folder {FOLDER!r} that came with this notebook was not found in {here}. "
        "Put the notebook back next to it, or unpack the course's files again."
    )


def own_texts() -> CourseTexts:
    """Return the texts of the notebook's course; the defaults if there is no course."""
    try:
        return load_texts(checks_folder())
    except (ChecksNotFoundError, BadExerciseError):
        return OF_NO_COURSE
