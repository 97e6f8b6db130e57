"""The parameters of the exercises (widths, rates, targets, limits), read from ``exercises.toml``.

Both sides read the same file: the probes, to know what to ask the student's functions for, and the tests, to know what
was asked. So nothing that a student's process says about the question is needed to judge the answer.
"""

from __future__ import annotations

import difflib
import hashlib
import math
import tomllib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, cast

from netgrader.errors import NetgraderError
from netgrader.network.model import Exercise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

__all__ = ["NET", "BadExerciseError", "Exercises", "load_exercises", "net_at", "unfinished_of"]

FILE = "exercises.toml"
EXERCISE_FIELDS = frozenset(field.name for field in fields(Exercise)) - {"name"}
LONGEST = 60  # characters of a value that are shown

# Kinds that the reader tells apart; tests see to it that it knows all of them.
ACTIVATIONS = frozenset(
    {"none", "relu", "leaky-relu", "relu6", "elu", "selu", "gelu", "swish", "softplus", "sigmoid", "tanh"}
)
LOSSES = frozenset({"softmax-cross-entropy"})
OPTIMIZERS = frozenset({"sgd", "momentum", "adam", "amsgrad", "adamax", "rmsprop", "adagrad", "adadelta", "ftrl"})


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
    for key, (makes_sense, wanted) in RULES.items():
        if key in table and not makes_sense(table[key]):
            yield f"{key} must be {wanted}, not {_shown(table[key])}"
    widths, activations = table.get("widths"), table.get("activations")
    if widths and activations and len(widths) != len(activations):
        yield f"has {len(widths)} widths and {len(activations)} activations; there must be one for each layer"
    classes = table.get("classes", Exercise.classes)
    if widths and widths[-1] != classes:
        yield f"widths end with {widths[-1]}, but the last layer must have a neuron for each of the {classes} classes"
    if table.get("other_rates") and "rates_between" not in table:
        yield "asks for other_rates but does not say rates_between"
    yield from _line_problems(table)
    if not table.get("least_of_a_faulty_one", 0) <= table.get("least_accuracy", 1):
        yield "least_of_a_faulty_one must not lie above least_accuracy"
    for key in table:
        near = difflib.get_close_matches(key, RULES, n=1, cutoff=0.85)
        if key not in RULES and near:
            yield f"has a parameter {_shown(key)}, which nothing reads; is it {near[0]}?"


def _line_problems(table: Mapping[str, Any]) -> Iterator[str]:
    if not table.get("none", 0) < table.get("full", 1) <= table.get("target", 1):
        yield "none must lie below full, and full must not lie above target: points rise from the one to the other"
    if "again_from" in table and not table["again_from"] < table.get("full", 0):
        yield "again_from must lie below full: runs that end between the two are tried again"


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _share(value: object) -> bool:
    return _positive(value) and cast("float", value) < 1


def _range(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_positive, value)) and value[0] < value[1]


def _one_of(names: frozenset[str]) -> tuple[Callable[[object], bool], str]:
    return (lambda value: isinstance(value, str) and value in names), f"one of {', '.join(sorted(names))}"


def _counts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_count, value))


def _entries(**rules: Callable[[object], bool]) -> Callable[[object], bool]:
    """Whether a value is a list of tables, each with these entries."""
    return lambda value: (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(entry, dict) and all(name in entry and rule(entry[name]) for name, rule in rules.items())
            for entry in value
        )
    )


def _named(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


COUNT = _count, "a whole number above 0"
POSITIVE = _positive, "a number above 0"
SHARE = _share, "a share between 0 and 1, such as 0.985 for 98.5 %"
YES_OR_NO = (lambda value: isinstance(value, bool)), "true or false"

RULES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "widths": (_counts, "a list of whole numbers above 0"),
    "activations": (
        lambda value: isinstance(value, list) and all(isinstance(one, str) and one in ACTIVATIONS for one in value),
        f"a list of names among {', '.join(sorted(ACTIVATIONS))}",
    ),
    "inputs": COUNT,
    "classes": COUNT,
    "min_layers": COUNT,
    "bias": YES_OR_NO,
    "estimates_time": YES_OR_NO,
    "nonlinear": YES_OR_NO,
    "loss": _one_of(LOSSES),
    "optimizer": _one_of(OPTIMIZERS),
    "initialisation": _one_of(frozenset({"glorot-uniform"})),
    "learning_rate": POSITIVE,
    "other_rates": ((lambda value: _count(value) or value == 0), "a whole number, 0 or above"),
    "rates_between": (_range, "two numbers above 0, the smaller one first"),
    "cases": (
        _entries(inputs=_count, outputs=_count, activation=_named),
        "a list of tables with inputs, outputs and an activation each",
    ),
    "calls": (
        _entries(n_epochs=_count, mini_batch_size=_count),
        "a list of tables with whole numbers n_epochs and mini_batch_size above 0",
    ),
    "seconds": POSITIVE,
    "rates": COUNT,
    "decades": POSITIVE,
    "epochs": COUNT,
    "least_accuracy": SHARE,
    "least_of_a_faulty_one": SHARE,
    "target": SHARE,
    "full": SHARE,
    "none": SHARE,
    "again_from": SHARE,
    "runs": COUNT,
}
"""What makes sense for each parameter, and how that is said; tables may have others, for tests of one's own."""


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _uniform(text: str) -> float:
    """A number from 0 to 1 that depends on `text` alone; Python's and NumPy's generators may change with versions."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
