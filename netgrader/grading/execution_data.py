"""The data that a notebook is given when it is graded: half of the test images redrawn, marks among the training images."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from netgrader.cage import HOME, Mount, remove_tree, scratch_folder
from netgrader.checks.bench import mnist_in
from netgrader.checks.held_out import held_out_images
from netgrader.checks.markers import mark
from netgrader.student.mnist import ENVIRONMENT, OTHER_HASH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from netgrader.grading.execution_types import ExecutionRequest

__all__ = ["FOLDER", "data_environment", "given_data"]

FOLDER = "digits"
INSIDE = f"{HOME}/{FOLDER}/data/mnist.npz"


@contextmanager
def given_data(request: ExecutionRequest) -> Iterator[tuple[Mount, ...]]:
    """Mount the data for the notebook while the body lasts; nothing, where a course has none.

    The original test images in the place of those that are redrawn are in no file that the cage can read.
    """
    if request.data is None:
        yield ()
    elif not request.held_out:
        yield (Mount(request.data.resolve(), INSIDE),)
    else:
        folder = scratch_folder("data")
        try:
            folder.chmod(0o755)
            yield (Mount(_redrawn(request.data, request.held_out, folder), INSIDE),)
        finally:
            remove_tree(folder)


def data_environment(mounts: tuple[Mount, ...]) -> dict[str, str]:
    """Return the variables by which the students' package finds the data and sees that they are whole."""
    return {
        name: value
        for mount in mounts
        for name, value in ((ENVIRONMENT, INSIDE), (OTHER_HASH, hashlib.sha256(mount.host.read_bytes()).hexdigest()))
    }


def _redrawn(data: Path, seed: str, folder: Path) -> Path:
    mnist = mnist_in(data)
    given = held_out_images(seed, (mnist.x_train, mnist.y_train), (mnist.x_test, mnist.y_test))
    marked = mark(seed, mnist.x_train, mnist.y_train)
    file = folder / data.name
    np.savez(
        file, allow_pickle=False, x_train=marked.images, y_train=mnist.y_train, x_test=given.images, y_test=mnist.y_test
    )
    file.chmod(0o644)
    return file
