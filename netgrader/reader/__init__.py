"""The reader: what network is this, and what is wrong with it? Its files are the questions that it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from netgrader.reader.model import Exercise, Layer, Loss, Network, Optimizer, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from netgrader.reader.lab.api import Lab

__all__ = ["Exercise", "Layer", "Loss", "Network", "Optimizer", "Role", "read_network"]


def read_network(
    graph: object,
    parts: object = None,
    exercise: str | Exercise | None = None,
    *,
    lab: Lab | Literal["auto"] | None = "auto",
    values: Mapping[str, npt.NDArray[np.generic]] | None = None,
    eval_feed: Mapping[str, npt.NDArray[np.generic]] | None = None,
) -> Network:
    """Read what network a graph holds, and what is wrong with it; see `netgrader.reader.reading.read_network`."""
    from netgrader.reader import reading as reader  # noqa: PLC0415 - importing netgrader stays quick

    kinds: dict[str, Any] = {"lab": lab, "values": values, "eval_feed": eval_feed}
    return reader.read_network(graph, parts, exercise, **kinds)
