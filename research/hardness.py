"""How hard each test image is: made of networks that this trains, for the test of who was trained on test images.

``python -m research.hardness`` trains networks of eight kinds on the training images alone and writes the mean of how well
they know each test image to ``grader_tests/hardness.npy``. Without the file the same test is made, with larger errors.
"""

from __future__ import annotations

import os
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from netgrader.checks.context import Dataset
from netgrader.checks.held_out import HeldOut, knowledge
from netgrader.student import load_mnist
from netgrader.student.course_data import data_spec
from research.clean_networks import trained
from research.kinds_of_networks import Recipe

TARGET = Path(__file__).parents[1] / "grader_tests" / "hardness.npy"
POOL = (
    Recipe((1500,), epochs=5, batch=64, rate=1e-3),
    Recipe((512,) * 3, drop=0.2, epochs=6, batch=128, rate=1e-3, falling=True),
    Recipe((128,), filters=(16, 32), epochs=3, batch=128, rate=1e-3, falling=True),
    Recipe((256,) * 2, epochs=5, batch=128, rate=1e-3, falling=True),
    Recipe((), epochs=5),
    Recipe((100,), epochs=4),
    Recipe((160,) * 3, batch_norm=True, drop=0.3, epochs=4, falling=True),
    Recipe((192, 192), moved=1, epochs=4, falling=True),
)


def main() -> None:
    """Train the pool, and write what it comes to."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    (x_train, y_train), (x_test, y_test) = load_mnist()
    mnist, given = Dataset(data_spec(), x_train, y_train, x_test, y_test), HeldOut(x_test, np.zeros(len(x_test), bool))
    known: list[np.ndarray[Any, Any]] = []
    for number, recipe in enumerate(POOL):
        with trained(recipe, mnist, given, zlib.crc32(f"hardness {number}".encode())) as network:
            images = x_test.reshape(len(x_test), -1).astype(np.float32) / 255
            known.append(knowledge(network.logits(images), y_test))
        sys.stdout.write(f"{number + 1} of {len(POOL)}: {np.mean(known[-1] > 0.5):.4f}\n")
    np.save(TARGET, np.mean(known, axis=0).astype(np.float16))


if __name__ == "__main__":
    main()
