"""What runs, in which order? The graph with its calls, loops and branches written out as evaluation passes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.network.branches import as_evaluated
from netgrader.network.constants import ROWS
from netgrader.network.functions import LOOPS, written_out
from netgrader.network.graph import plain_graph
from netgrader.network.loops import unrolled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from netgrader.network.graph import Graph
    from netgrader.network.protos import Message

__all__ = ["straightened"]

#: So many rows are fed where a loop is passed once for each.
LOOPED_ROWS = 6


def straightened(meta: Message, feed: Mapping[str, npt.NDArray[Any]]) -> tuple[Message, Graph, Graph, int | None]:
    """The graph without calls, loops and branches; then as plain nodes, as evaluation sees it; and its number of rows.

    A loop that is passed once for each row is written out for a few rows, and then no other number of them can be fed.
    """

    def attempt(rows: int | None) -> tuple[Message, Graph, Graph]:
        flat = written_out(meta, feed if rows is None else {**feed, ROWS: np.asarray(rows)})
        whole = plain_graph(flat.graph_def)
        _ = whole.order  # a cycle is said before anything walks
        plain = as_evaluated(whole, feed)
        straight = unrolled(flat, plain, rows)
        if straight is flat:
            return flat, whole, plain
        whole = plain_graph(straight.graph_def)
        return straight, whole, as_evaluated(whole, feed)

    found = attempt(None)
    if any(node.op in LOOPS or node.op == "LoopCond" for node in found[0].graph_def.node):
        by_rows = attempt(LOOPED_ROWS)
        if len(by_rows[1].nodes) > len(found[1].nodes):
            return *by_rows, LOOPED_ROWS
    return *found, None
