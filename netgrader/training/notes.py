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
=============== ========== =====================================================================================
"""

from __future__ import annotations

from enum import IntFlag

__all__ = ["ARRAYS", "COLUMNS", "FIGURES", "NO_LABEL", "PARTS", "Asked"]

ARRAYS = ("x_train", "y_train_1_hot", "x_test", "y_test_1_hot")
"""The student's arrays that `train` reads."""

COLUMNS = ("asked", "n_rows", "block", "graph_version", "unclear")
"""`Asked` flags; rows fed; their block, -1 if none; version of the graph, which grows with each op; unclear labels."""

FIGURES = ("state", "loss")
"""A number that changes as the weights do, before the event's own step; the loss, NaN if it was not computed."""

PARTS = ("events", "figures", "rows", "block_sizes", "found", "labels", "final")

NO_LABEL = 255


class Asked(IntFlag):
    """What a run asked of the instrument. No flag: predictions or logits alone."""

    STEP = 1
    LOSS = 2
    ACCURACY = 4
    INITIALISE = 8
