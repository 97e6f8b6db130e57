"""Reads a network that an exercise of a course asks for by name: what it asks stands in the course's exercises.toml."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

from netgrader import reader
from netgrader.checks.exercises import load_exercises
from netgrader.errors import UsageError
from netgrader.reader import Exercise

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from netgrader.checks.exercises import Exercises
    from netgrader.reader import Lab, Network

__all__ = ["described", "exercise_named", "read_network"]


def exercise_named(name: str, learning_rate: float | None = None, **overrides: Any) -> Exercise:
    """Return what the exercise of a solution cell asks of a network when its graph is read by itself.

    It stands in the course that one is in, else in the one beside this package in a checkout; where only the students'
    package is installed, in the checks that came with the notebook.

    Parameters
    ----------
    name
        The id of the solution cell.
    learning_rate
        The rate that the graph was asked for; the exercise's default if None.
    **overrides
        Any other field of `Exercise`.

    Raises
    ------
    UsageError
        If there is no course, no such exercise in it, or no such field.
    """
    known = _found(name)
    if learning_rate is not None:
        overrides["learning_rate"] = learning_rate
    try:
        return dataclasses.replace(known.network_as_read(name), **overrides)
    except TypeError as error:
        fields = ", ".join(field.name for field in dataclasses.fields(Exercise))
        raise UsageError(f"An exercise has no such parameter; it has {fields}.") from error


def _found(name: str) -> Exercises:
    """Return the exercises among which there is one of a network with this name."""
    networks = {network: one for one in reversed(_exercises()) for network in one.networks}
    if name not in networks:
        raise UsageError(f"There is no exercise {name!r}; there are {', '.join(sorted(networks)) or 'none'}.")
    return networks[name]


def _exercises() -> list[Exercises]:
    """Return the exercises of each assignment of the course."""
    try:
        from netgrader.which_course import find_course  # noqa: PLC0415  (students have none)
    except ImportError:
        from netgrader.student.course_data import checks_folder  # noqa: PLC0415  (where there is no course, a notebook is)

        return [load_exercises(checks_folder())]
    course = find_course()
    return [course.assignment(name).exercises for name in course.assignments]


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
        If there is no such exercise, or no course that could have it.
    """
    if isinstance(exercise, str):
        exercise = exercise_named(exercise)
    return reader.read_network(graph, parts, exercise, lab=lab, values=values, eval_feed=eval_feed)


def described(graph: Path, exercise: str | None, static: bool) -> tuple[dict[str, Any], str]:
    """Return what network a file holds as JSON values and as text; a `static` reading runs nothing."""
    network = read_network(graph, exercise=exercise, lab=None if static else "auto")
    return network.as_json(), str(network)
