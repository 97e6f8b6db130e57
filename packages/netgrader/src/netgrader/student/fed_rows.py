"""Fingerprints of the rows that a session's training steps were fed, to find test rows.

It is the notebook's own word, and can only speak against a training. Rows count since the variables were initialized, and for
the placeholder that is the network's X: this network did not learn from rows that were fed earlier or elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.student.course_data import given_data, rows_are_unmistakable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.student.fed import RunEffect

__all__ = ["note_rows", "test_rows_fed"]

FED = "_netgrader_fed_rows"
MOST = 200_000
"""Fingerprints that a session keeps of a placeholder's rows, 60 bytes each."""
FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""An odd number, 2⁶⁴ over the golden ratio: its powers spread the bits of numbers that are nearly equal (Knuth, TAOCP 3, 6.4)."""


def note_rows(session: Any, run: RunEffect, feed_dict: Mapping[Any, Any]) -> None:
    """Note the rows that an optimizer's step is fed, by tensor; forget all when variables are initialized."""
    if run.begins:
        setattr(session, FED, defaultdict(set))
    by_name = vars(session).setdefault(FED, defaultdict(set))
    if not (run.optimizes and rows_are_unmistakable()):
        return
    for key, value in feed_dict.items():
        fed = by_name[session.graph.as_graph_element(key, allow_operation=False).name]
        if np.ndim(value) > 1 and len(fed) < MOST:
            fed.update(_fingerprints(value))


def test_rows_fed(session: Any, net: Any, x_train: Any, x_test: Any) -> int:
    """Return how many rows of `x_test` (n, …), and not of the training set, the session's steps fed to ``net.X``.

    Rows that are equal in both given sets, or that became equal to others as the student prepared them, do not count.
    """
    fed = getattr(session, FED, {}).get(getattr(getattr(net, "X", None), "name", None), set())
    own = _fingerprints(x_test)
    if fed.isdisjoint(own):
        return 0
    train, test = (_fingerprints(rows) for rows, _ in given_data())
    lost = len(train | test) - len(_fingerprints(x_train) | own)
    return max(0, len(fed & own) - len(train & test) - max(0, lost))


def _fingerprints(rows: Any) -> set[int]:
    """Return 64 bits for each row (n, …): a polynomial of the bits of its float32 pairs."""
    flat = np.asarray(rows, np.float32).reshape(len(rows), -1)
    numbers = np.zeros((len(flat), flat.shape[1] + flat.shape[1] % 2), np.float32)
    numbers[:, : flat.shape[1]] += flat  # 0.0 and -0.0 are equal, their bits are not; their sum is 0.0
    bits = numbers.view(np.uint64)
    return set((bits @ np.cumprod(np.full(bits.shape[1], FACTOR))).tolist())
