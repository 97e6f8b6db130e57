"""The parameters of the exercises (widths, rates, targets, limits), read from ``exercises.toml``.

Both sides read the same file: the probes, to know what to ask the student's functions for, and the tests, to know what
was asked. So nothing that a student's process says about the question is needed to judge the answer.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from netgrader.errors import NetgraderError
from netgrader.network.model import Exercise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["NET", "BadExerciseError", "Exercises", "load_exercises", "net_at", "unfinished_of"]

FILE = "exercises.toml"
EXERCISE_FIELDS = frozenset(field.name for field in fields(Exercise)) - {"name"}
COUNTS = ("inputs", "classes", "min_layers", "other_rates")


NET = "net"


def net_at(number: int) -> str:
    """The item that holds the network at the `number`-th further rate, counted from 0; `NET` is at the default."""
    return f"{NET}@{number + 1}"


def unfinished_of(item: str) -> str:
    """The item that holds what there was of the network `item` when making it raised."""
    return f"{item} unfinished"


class BadExerciseError(NetgraderError):
    """A parameter of an exercise is missing or makes no sense; the message says which, and in which file."""


@dataclass(frozen=True)
class Exercises:
    """The tables of ``exercises.toml``, one for each solution cell that has parameters, and `source`, its path."""

    tables: Mapping[str, Mapping[str, Any]]
    source: str = FILE

    def table(self, name: str) -> Mapping[str, Any]:
        """The parameters of the solution cell `name`.

        Raises
        ------
        BadExerciseError
            If there are none.
        """
        table = self.tables.get(name)
        if table is None:
            raise BadExerciseError(f"{self.source} has no table [{name}].")
        return table

    def network(self, name: str, learning_rate: float | None = None) -> Exercise:
        """What the solution cell `name` asks of a network, at its default learning rate or at the one given."""
        table = self.table(name)
        terms = {key: _frozen(value) for key, value in table.items() if key in EXERCISE_FIELDS}
        if learning_rate is not None:
            terms["learning_rate"] = learning_rate
        return Exercise(name=name, **terms)

    def asked_rates(self, name: str, seed: int) -> tuple[float, ...]:
        """Learning rates at which the network is asked for beside the default one.

        As many as the table's ``other_rates`` says, log-uniform within its ``rates_between``, to three digits, at least
        a factor of 1.5 from the default and from one another; the same for the same `seed` on every machine.
        """
        table = self.table(name)
        low, high = table.get("rates_between", (0.0, 0.0))
        taken = [rate for rate in [table.get("learning_rate")] if rate]
        default = len(taken)
        for attempt in range(1000):
            if len(taken) == default + table.get("other_rates", 0):
                return tuple(taken[default:])
            share = _uniform(f"{seed}/{name}/{attempt}")
            rate = float(f"{math.exp(math.log(low) + share * math.log(high / low)):.3g}")
            if all(abs(math.log(rate / other)) > math.log(1.5) for other in taken):
                taken.append(rate)
        raise BadExerciseError(f"In {self.source}, [{name}] rates_between is too narrow for other_rates rates.")


def load_exercises(path: Path) -> Exercises:
    """Read and check the file of parameters, or the file ``exercises.toml`` in the folder `path`.

    Raises
    ------
    BadExerciseError
        If it cannot be read, or one of its values makes no sense.
    """
    file = path / FILE if path.is_dir() else path
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadExerciseError(f"The exercises' parameters {file} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise BadExerciseError(f"The exercises' parameters {file} are not valid TOML: {error}.") from error
    for name, table in raw.items():
        if not isinstance(table, dict):
            raise BadExerciseError(f"In {file}, {name} stands outside a table; begin one with [name of the cell].")
        problem = _problem(table)
        if problem:
            raise BadExerciseError(f"In {file}, [{name}] {problem}.")
    return Exercises(raw, str(file))


def _problem(table: Mapping[str, Any]) -> str | None:
    """What makes no sense in one table, if anything."""
    return next(_problems(table), None)


def _problems(table: Mapping[str, Any]) -> Iterator[str]:
    widths, activations = table.get("widths"), table.get("activations")
    if widths is not None and not (isinstance(widths, list) and widths and all(map(_count, widths))):
        yield "widths must be a list of whole numbers above 0"
    if activations is not None and not (isinstance(activations, list) and all(isinstance(a, str) for a in activations)):
        yield "activations must be a list of names"
    elif widths and activations and len(widths) != len(activations):
        yield f"has {len(widths)} widths and {len(activations)} activations; there must be one for each layer"
    for key in COUNTS:
        if key in table and not _count(table[key]):
            yield f"{key} must be a whole number above 0"
    if not _positive(table.get("learning_rate", 1.0)):
        yield "learning_rate must be a number above 0"
    between = table.get("rates_between", [1.0, 2.0])
    if not (
        isinstance(between, list) and len(between) == 2 and all(map(_positive, between)) and between[0] < between[1]
    ):
        yield "rates_between must be two numbers above 0, the smaller one first"
    if "other_rates" in table and "rates_between" not in table:
        yield "asks for other_rates but does not say rates_between"


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _uniform(text: str) -> float:
    """A number from 0 to 1 that depends on `text` alone; Python's and NumPy's generators may change with versions."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
