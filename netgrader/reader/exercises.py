"""What the course's exercises ask of a network, as data."""

from __future__ import annotations

import dataclasses
from typing import Any

from netgrader.errors import UsageError
from netgrader.reader.model import Exercise

__all__ = ["EXERCISES", "exercise_named"]

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
    """The exercise of a solution cell, with parameters of one's own.

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
