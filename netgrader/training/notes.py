"""The form in which an instrument's notes cross the border: names of arrays, columns, flags. Both sides read this.

For each call of `train` these arrays stand in the evidence, under ``{call}/{part}``:

=============== ========== =====================================================================================
part            shape      content
=============== ========== =====================================================================================
``events``      (E, 5)     int64, a row for each run that fed rows or initialised, in order; columns `COLUMNS`
``figures``     (E, 2)     float64, for the same events; columns `FIGURES`
``rows``        (R, 4)     float64, fingerprints of the rows of all blocks, one block after the other
``block_sizes`` (B,)       int64, how many rows each block has; an event names its block by number
``found``       (F,)       uint8, the class that the network gave each row of each event, events in order
``labels``      (L,)       uint8, the class that the labels fed name, for the rows of each event that was fed labels
``final``       ()         float64, the state of the weights that `train` left in its session, NaN if none
``odd``         (K, 794)   float32, rows of train steps that are none of the tables', pixels and labels as they were fed
``odd_at``      (K, 2)     int64, the event that each belongs to, and its place among the rows of that
``gradients``   (S, 784, 10) float32, of the loss in steps of which not all such rows are handed over
``gradients_at`` (S,)      int64, their events
``scores``      (M, 20)    float32, the logits and the labels of the rows of these events, events in order
=============== ========== =====================================================================================

Rows that are none of the tables' are rows that nobody knows: noised, moved, rounded ones. The first of them are handed
over; of later steps the gradient, which goes with the weights before it and after it.

Beside them stand the images that the rows come from, ``images/x_train`` and ``images/x_test``. With these, and with the
first weights, which follow from a number that the grader gives, all that was noted can be computed again.
"""

from __future__ import annotations

import hashlib
from enum import IntFlag

import numpy as np
import numpy.typing as npt

__all__ = [
    "ARRAYS",
    "CLASSES",
    "COLUMNS",
    "FIGURES",
    "IMAGES",
    "LEARNING_RATE",
    "MOST_GRADIENTS",
    "MOST_ODD",
    "NO_LABEL",
    "ODD_PARTS",
    "PARTS",
    "PIXELS",
    "Asked",
    "direction",
    "first_weights",
]

PIXELS = 784
CLASSES = 10
LEARNING_RATE = 0.003
"""Of the instrument's Adam where a call asks for no other."""

ARRAYS = ("x_train", "y_train_1_hot", "x_test", "y_test_1_hot")
"""The student's arrays that `train` reads."""

IMAGES = {"x_train": "x_train_2d", "x_test": "x_test_2d"}
"""Those of them that are images, and the given arrays that they are usually made of."""

COLUMNS = ("asked", "n_rows", "block", "graph_version", "unclear")
"""`Asked` flags; rows fed; their block, -1 if none; version of the graph, which grows with each op; unclear labels."""

FIGURES = ("state", "loss")
"""A number that changes as the weights do, before the event's own step; the loss, NaN if it was not computed."""

PARTS = ("events", "figures", "rows", "block_sizes", "found", "labels", "final")
ODD_PARTS = ("odd", "odd_at", "gradients", "gradients_at", "scores")

MOST_ODD, MOST_GRADIENTS = 4_000, 2_000
"""Rows that nobody knows, and gradients, that are handed over of a call: 13 and 63 MB."""

NO_LABEL = 255


class Asked(IntFlag):
    """What a run asked of the instrument. No flag: predictions or logits alone."""

    STEP = 1
    LOSS = 2
    ACCURACY = 4
    INITIALISE = 8
    GRADIENT = 16
    """The gradient of the loss was asked for, outside of the network's own train step."""


def first_weights(challenge: int, call: int) -> npt.NDArray[np.float32]:
    """The weights (784, 10) that the instrument of this call starts from; the bias starts at zero.

    They follow from the `challenge` alone, on any machine and with any version of NumPy, so that notes cannot be
    written before it is known, nor copied from another run.
    """
    stream = hashlib.shake_256(f"netgrader: first weights {challenge} {call}".encode()).digest(4 * PIXELS * CLASSES)
    parts = np.frombuffer(stream, dtype="<u4").astype(np.float64) / 2**32
    weights: npt.NDArray[np.float32] = (0.174 * parts - 0.087).astype(np.float32).reshape(PIXELS, CLASSES)
    return weights


def direction() -> npt.NDArray[np.float32]:
    """What weights (784, 10) are multiplied with, element by element, and summed: their ``state``."""
    parts: npt.NDArray[np.float32] = np.random.RandomState(20).randn(PIXELS * CLASSES).astype(np.float32)
    return parts
