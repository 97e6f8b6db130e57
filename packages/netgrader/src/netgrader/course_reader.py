"""Read a network for a named exercise of a course, with the settings of its exercises.toml."""

from __future__ import annotations

from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from google.protobuf.message import Message

import graphread
from graphread.lab import LabError
from graphread.lab.traced_models import is_model_file
from netgrader.checks.exercises import load_exercises
from netgrader.errors import UsageError, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    import numpy.typing as npt

    from graphread import Exercise, Lab, Network
    from netgrader.checks.exercises import Exercises

__all__ = ["described", "exercise_named", "read_network"]


def exercise_named(name: str) -> Exercise:
    """Return the exercise of the solution cell `name`, for reading its graph alone.

    The exercise comes from the course of the working folder, or else of this checkout. If only the students' package is
    installed, it comes from the checks that ship with the notebook.

    Raises
    ------
    UsageError
        If there is no course, or no such exercise in it.
    """
    networks = {network: one for one in reversed(_exercises()) for network in one.networks}
    if name not in networks:
        raise UsageError(f"There is no exercise {name!r}; there are {listed(sorted(networks))}.")
    return networks[name].network_as_read(name)


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
    """Read the network in a graph and find its faults; see `graphread.read_network`.

    `exercise` may also be the id of the network's solution cell. A file, bytes or a message is tried out in a sandbox, if one
    is available.

    Raises
    ------
    UsageError
        If there is no such exercise, or no course.
    GraphError
        If the input contains no graph.
    """
    if isinstance(exercise, str):
        exercise = exercise_named(exercise)
    with _lab_for(graph, lab) as chosen:
        return graphread.read_network(graph, parts, exercise, lab=chosen, values=values, eval_feed=eval_feed)


@contextmanager
def _lab_for(graph: object, lab: Lab | Literal["auto"] | None) -> Iterator[Lab | Literal["auto"] | None]:
    """Yield the requested lab; for an untrusted graph a sandboxed one, or None if none is available."""
    if lab != "auto" or not isinstance(graph, str | bytes | bytearray | memoryview | Path | Message):
        yield lab
        return
    try:
        from netgrader.caged_lab import CagedLab  # noqa: PLC0415  (not part of what students install)

        caged = CagedLab(model=Path(str(graph)) if is_model_file(graph) else None)
    except (ImportError, LabError, OSError):
        yield None
        return
    with closing(caged):
        yield caged


def described(graph: Path, exercise: str | None, static: bool) -> tuple[dict[str, Any], str]:
    """Return the network in a file as JSON values and as text; a `static` reading runs nothing."""
    network = read_network(graph, exercise=exercise, lab=None if static else "auto")
    return network.as_json(), str(network)
