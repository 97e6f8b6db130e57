"""Reads a network that an exercise asks for by name: what the course's exercises ask of a network, as data."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

from netgrader import reader
from netgrader.errors import UsageError
from netgrader.reader import Exercise

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from netgrader.reader import Lab, Network

__all__ = ["EXERCISES", "exercise_named", "read_network"]

#: The three exercises by the id of the solution cell, at their default learning rates.
EXERCISES = {
    exercise.name: exercise
    for exercise in (
        Exercise(
            name="one_layer_network",
            widths=(10,),
            activations=("none",),
            optimizer="adam",
            learning_rate=0.003,
            nonlinear=False,
            bias=True,
            initialisation="glorot-uniform",
        ),
        Exercise(
            name="two_layer_network",
            widths=(1500, 10),
            activations=("relu", "none"),
            optimizer="adam",
            learning_rate=0.001,
            bias=True,
            initialisation="glorot-uniform",
        ),
        Exercise(name="deep_network", loss=None, min_layers=3),
    )
}


def exercise_named(name: str, learning_rate: float | None = None, **overrides: Any) -> Exercise:
    """Return the exercise of a solution cell, with parameters of one's own.

    Parameters
    ----------
    name
        ``one_layer_network``, ``two_layer_network`` or ``deep_network``.
    learning_rate
        The rate that the graph was asked for; the exercise's default if None.
    **overrides
        Any other field of `Exercise`.

    Raises
    ------
    UsageError
        If there is no such exercise or no such field.
    """
    if name not in EXERCISES:
        raise UsageError(f"There is no exercise {name!r}; there are {', '.join(EXERCISES)}.")
    if learning_rate is not None:
        overrides["learning_rate"] = learning_rate
    try:
        return dataclasses.replace(EXERCISES[name], **overrides)
    except TypeError as error:
        fields = ", ".join(field.name for field in dataclasses.fields(Exercise))
        raise UsageError(f"An exercise has no such parameter; it has {fields}.") from error


def read_network(
    graph: object,
    parts: object = None,
    exercise: str | Exercise | None = None,
    *,
    lab: Lab | Literal["auto"] | None = "auto",
    values: Mapping[str, npt.NDArray[np.generic]] | None = None,
    eval_feed: Mapping[str, npt.NDArray[np.generic]] | None = None,
) -> Network:
    """Read what network a graph holds, and what is wrong with it; see `netgrader.reader.read_network`.

    `exercise` may also be the id of the solution cell that asks for the network.

    Raises
    ------
    UsageError
        If there is no such exercise.
    """
    if isinstance(exercise, str):
        exercise = exercise_named(exercise)
    return reader.read_network(graph, parts, exercise, lab=lab, values=values, eval_feed=eval_feed)
