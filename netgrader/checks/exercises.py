"""The parameters of the exercises (widths, rates, targets, limits), read from ``exercises.toml``.

Both sides read the same file: the probes, to know what to ask the student's functions for, and the tests, to know what
was asked. So nothing that a student's process says about the question is needed to judge the answer. The table ``[data]``
says what the course's data are (`netgrader.data`), ``[exercises]`` of which kind each exercise is.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import math
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from netgrader.checks.parameters import (
    APART,
    DATA,
    EXERCISE_FIELDS,
    EXERCISES,
    FILES,
    NETWORKS,
    READ,
    RELEASE,
    TEXTS,
    kinds_of,
)
from netgrader.checks.problems import problem
from netgrader.data import DataSpec
from netgrader.errors import NetgraderError
from netgrader.faults import OF_NO_COURSE, CourseTexts, course_kinds
from netgrader.languages import ENGLISH, fits
from netgrader.reader import Exercise

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = [
    "NET",
    "BadExerciseError",
    "Exercises",
    "load_exercises",
    "load_texts",
    "net_at",
    "trained_at",
    "unfinished_of",
    "value_at",
]

FILE, HIDDEN_FILE, FAULTS = "exercises.toml", "hidden.toml", "faults.toml"
PHRASES = "phrases.{}.toml"

NET = "net"


def net_at(number: int) -> str:
    """Return the item that holds the network at the `number`-th further rate, counted from 0; `NET` is at the default."""
    return f"{NET}@{number + 1}"


def trained_at(number: int) -> str:
    """Return the item that holds what a network was trained to at the `number`-th rate of a sweep that is looked at."""
    return f"trained@{number + 1}"


def value_at(number: int) -> str:
    """Return the item that holds the network at the `number`-th value of a sweep, in ascending order from 0."""
    return f"value@{number + 1}"


def unfinished_of(item: str) -> str:
    """Return the item that holds what there was of the network `item` when making it raised."""
    return f"{item} unfinished"


class BadExerciseError(NetgraderError):
    """A parameter of an exercise is missing or makes no sense; the message says which, and in which file."""


@dataclass(frozen=True)
class Exercises:
    """The tables of ``exercises.toml``, one for each solution cell that has parameters, and `source`, its path.

    `hidden` is the path of what goes on it in grading only, which may be absent.
    """

    tables: Mapping[str, Mapping[str, Any]]
    source: str = FILE
    hidden: Path | None = None

    @property
    def data(self) -> DataSpec:
        """Return what the course's data are.

        Raises
        ------
        BadExerciseError
            If it is not said.
        """
        return _spec(self.table(DATA))

    @property
    def texts(self) -> CourseTexts:
        """Return what the course makes of the catalogue of faults.

        Raises
        ------
        BadExerciseError
            If its ``faults.toml``, beside ``exercises.toml``, or what it has translated makes no sense.
        """
        spec = self.data if DATA in self.tables else None
        texts = CourseTexts()
        if spec is not None:
            texts = CourseTexts(spec.words, spec.instead, regression=spec.is_regression)
        texts = replace(texts, language=self.language, phrases=self._phrases())
        file = Path(self.source).with_name(FAULTS)
        if not file.is_file():
            return texts
        try:
            return replace(texts, kinds=course_kinds(file.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise BadExerciseError(f"The course's faults {file} make no sense: {error}.") from error

    @property
    def language(self) -> str:
        """Return what its students are spoken to in: what ``[texts]`` says."""
        return str(self.tables.get(TEXTS, {}).get("language", ENGLISH))

    def _phrases(self) -> dict[str, str]:
        """Return what the course itself has translated, by its English text: beside its checks, and beside hidden tests."""
        found: dict[str, str] = {}
        for beside in (Path(self.source), self.hidden):
            file = beside.with_name(PHRASES.format(self.language)) if beside is not None else None
            if self.language == ENGLISH or file is None or not file.is_file():
                continue
            try:
                phrases = tomllib.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise BadExerciseError(f"The course's translations {file} make no sense: {error}.") from error
            found |= {text: said for text, said in phrases.items() if fits(text, said)}
        return found

    @property
    def files(self) -> tuple[str, ...]:
        """Return the names of files that notebooks read themselves: what ``[files]`` says."""
        return tuple(self.tables.get(FILES, {}).get("names", ()))

    @property
    def release_url(self) -> str | None:
        """Return where the release lies on the web, by ``[release]``; None if that says nothing."""
        url: str | None = self.tables.get(RELEASE, {}).get("url")
        return url

    def of_kind(self, kind: str) -> str:
        """Return the one exercise of this kind.

        Raises
        ------
        BadExerciseError
            If there is none, or more than one.
        """
        found = [name for name, own in kinds_of(self.tables).items() if own == kind]
        if len(found) != 1:
            told = f"names {', '.join(found)}" if found else "names none"
            raise BadExerciseError(f"In {self.source}, [{EXERCISES}] {told} of the kind {kind}; one is asked for.")
        return found[0]

    def table(self, name: str) -> Mapping[str, Any]:
        """Return the parameters of the solution cell `name`.

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
        """Return what the solution cell `name` asks of a network, at its default learning rate or at the one given."""
        spec = self.data if DATA in self.tables else None
        sizes: dict[str, Any] = {} if spec is None else {"inputs": spec.size, "classes": spec.outputs}
        if spec is not None and spec.is_regression:
            sizes = {"inputs": spec.size, "outputs": spec.outputs}
        if spec is not None and spec.input_shape:
            sizes["input_shape"] = spec.input_shape
        table = {**sizes, **self.table(name)}
        # A loss that is not stated is left to the student.
        terms = {"loss": None, **{key: _frozen(value) for key, value in table.items() if key in EXERCISE_FIELDS}}
        if learning_rate is not None:
            terms["learning_rate"] = learning_rate
        image = spec.shape if spec is not None and spec.is_images else None
        return Exercise(name=name, image_shape=image, **terms)

    @property
    def networks(self) -> tuple[str, ...]:
        """Return the exercises that ask for a network."""
        return tuple(name for name, kind in kinds_of(self.tables).items() if kind in NETWORKS)

    def network_as_read(self, name: str) -> Exercise:
        """Return what the cell `name` asks of a network that is read by itself: what its table ``read`` says goes first."""
        read = self.table(name).get(READ, {})
        return Exercises({**self.tables, name: {**self.table(name), **read}}, self.source).network(name)

    def asked_rates(self, name: str, seed: int) -> tuple[float, ...]:
        """Return the learning rates at which the network is asked for beside the default one.

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
            if all(abs(math.log(rate / other)) > math.log(APART) for other in taken):
                taken.append(rate)
        raise BadExerciseError(f"In {self.source}, [{name}] rates_between is too narrow for other_rates rates.")


def load_exercises(path: Path, cells: Collection[str] | None = None, *, hidden: Path | None = None) -> Exercises:
    """Read and check the file of parameters, or the file ``exercises.toml`` in the folder `path`.

    Parameters
    ----------
    path
        The file or its folder.
    cells
        What the course's exercises are called, where the notebooks are at hand: see `problem`.
    hidden
        What is asked for in grading only, which no release holds: a file of tables whose lists go on those of the same
        name. In a folder it is ``hidden.toml``, which is there in a cage.

    Raises
    ------
    BadExerciseError
        If it cannot be read, or one of its values makes no sense.
    """
    file = path / FILE if path.is_dir() else path
    hidden = path / HIDDEN_FILE if path.is_dir() else hidden
    names = None if cells is None else frozenset(cells)
    further = _text(hidden) if hidden is not None and hidden.is_file() else ""
    try:
        raw, wrong = _checked(_text(file), further, names)
    except ValueError as error:
        raise BadExerciseError(f"The exercises' parameters {file} are not valid TOML: {error}.") from error
    if wrong is not None:
        raise BadExerciseError(f"In {file}, {wrong}" + ("" if wrong.endswith("?") else "."))
    return Exercises(copy.deepcopy(raw), str(file), hidden)


def load_texts(folder: Path, hidden: Path | None = None) -> CourseTexts:
    """Return what the course of a folder of checks makes of all texts; that of none where it has no ``exercises.toml``.

    Raises
    ------
    BadExerciseError
        If that, or a file that belongs to it, makes no sense.
    """
    file = folder / FILE
    return load_exercises(file, hidden=hidden).texts if file.is_file() else OF_NO_COURSE


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise BadExerciseError(f"The exercises' parameters {file} cannot be read ({error.strerror}).") from error


@functools.lru_cache(maxsize=16)
def _checked(text: str, further: str, cells: frozenset[str] | None) -> tuple[dict[str, Any], str | None]:
    """Return the tables in files' texts and the first problem of them, once for each text: a class asks at every notebook."""
    raw = tomllib.loads(text)
    for name, table in tomllib.loads(further).items():
        own: dict[str, Any] = raw[name] if isinstance(raw.get(name), dict) else {}
        lists = isinstance(table, dict) and all(isinstance(one, list) for one in table.values())
        if not lists or not all(isinstance(own.get(key), list) for key in table):
            return raw, f"[{name}] has no lists that those of {HIDDEN_FILE}, beside the hidden tests, could go on"
        raw[name] = {**own, **{key: [*own[key], *more] for key, more in table.items()}}
    return raw, problem(raw, cells)


def _spec(table: Mapping[str, Any]) -> DataSpec:
    return msgspec.convert(dict(table), DataSpec)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _uniform(text: str) -> float:
    """Return a number from 0 to 1 that depends on `text` alone; Python's and NumPy's generators may change with versions."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
