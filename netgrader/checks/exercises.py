"""The parameters of the exercises (widths, rates, targets, limits), read from ``exercises.toml``.

Both sides read the same file: the probes, to know what to ask the student's functions for, and the tests, to know what
was asked. So nothing that a student's process says about the question is needed to judge the answer. The table ``[data]``
says what the course's data are (`netgrader.data`), ``[exercises]`` of which kind each exercise is.
"""

from __future__ import annotations

import functools
import hashlib
import math
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from graphread import Exercise
from netgrader.catalogue import ENGLISH, OF_NO_COURSE, CourseTexts, own_translations
from netgrader.checks.parameters import OWN, AnyNetworkTerms, CourseLimits, Terms, Usual, kinds_on
from netgrader.checks.rules import RESERVED, require_names, require_rules
from netgrader.errors import NetgraderError
from netgrader.faults import CATALOGUE, course_kinds
from netgrader.toml_tables import SenselessTableError, converted, in_table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from netgrader.data import DataSpec

__all__ = [
    "NET",
    "NO_EXERCISES",
    "BadExerciseError",
    "Exercises",
    "exercises_of",
    "load_exercises",
    "load_texts",
    "net_at",
    "trained_at",
    "unfinished_of",
    "value_at",
]

T = TypeVar("T")
FILE, HIDDEN_FILE, FAULTS = "exercises.toml", "hidden.toml", "faults.toml"
MESSAGES = "messages.{}.mo"
ATTEMPTS = 1000  # to draw rates that lie apart: with the room that they must have, hundreds of rates are found

NET = "net"


def net_at(number: int) -> str:
    """Return the item of the network at the `number`-th further rate, from 0; `NET` is the default's."""
    return f"{NET}@{number + 1}"


def trained_at(number: int) -> str:
    """Return the item of the values trained at the `number`-th rate of a sweep that is examined."""
    return f"trained@{number + 1}"


def value_at(number: int) -> str:
    """Return the item of the network at the `number`-th value of a sweep, ascending from 0."""
    return f"value@{number + 1}"


def unfinished_of(item: str) -> str:
    """Return the item that holds what there was of the network `item` when making it raised."""
    return f"{item} unfinished"


class BadExerciseError(NetgraderError):
    """A parameter of an exercise is missing or makes no sense; the message says which, and in which file."""


@dataclass(frozen=True)
class Exercises:
    """The tables of ``exercises.toml``, read once, and `source`, its path.

    `hidden` is the path of what goes on it in grading only, which may be absent.
    """

    tables: Mapping[str, Mapping[str, Any]]
    """As TOML gives them."""
    kinds: Mapping[str, str]
    """The kind of each exercise that has one."""
    asked: Mapping[str, Terms]
    """What each exercise asks for, by the name of its solution cell."""
    spec: DataSpec | None = None
    """What the course's data are; None if that is not said."""
    limits: CourseLimits = CourseLimits()  # noqa: RUF009  (it is frozen)
    files: tuple[str, ...] = ()
    """Names of files that notebooks read themselves."""
    release_url: str | None = None
    """The web address of the release."""
    language: str = ENGLISH
    """What its students are spoken to in."""
    source: str = FILE
    hidden: Path = Path(HIDDEN_FILE)

    @property
    def data(self) -> DataSpec:
        """Return what the course's data are.

        Raises
        ------
        BadExerciseError
            If it is not said.
        """
        if self.spec is None:
            raise BadExerciseError(f"{self.source} has no table [data].")
        return self.spec

    @property
    def texts(self) -> CourseTexts:
        """Return what the course makes of the catalogue of faults.

        Raises
        ------
        BadExerciseError
            If its ``faults.toml``, next to ``exercises.toml``, or its translations make no sense.
        """
        folder, spec = Path(self.source).parent, self.spec
        about = OF_NO_COURSE
        if spec is not None:
            about = CourseTexts(spec.words, regression=spec.is_regression, rows=not spec.is_images)
        kinds = _beside(folder / FAULTS, lambda content: course_kinds(content.decode()))
        # Hidden tests have translations of their own.
        files = (place / MESSAGES.format(self.language) for place in (folder, self.hidden.parent))
        own = tuple(filter(None, (_beside(file, own_translations) for file in files)))
        return replace(about, kinds={**CATALOGUE, **(kinds or {})}, language=self.language, own=own)

    def of_kind(self, kind: str) -> str:
        """Return the one exercise of this kind.

        Raises
        ------
        BadExerciseError
            If there is none, or more than one.
        """
        found = [name for name, own in self.kinds.items() if own == kind]
        if len(found) != 1:
            told = f"names {', '.join(found)}" if found else "names none"
            raise BadExerciseError(f"In {self.source}, [exercises] {told} of the kind {kind}; one is asked for.")
        return found[0]

    def of_cell(self, cell: str) -> Any:
        """Return the terms of a solution or check cell's exercise; `Terms` if the file has none."""
        return self.asked.get(cell.removeprefix("check_"), Terms())

    def table(self, name: str) -> Mapping[str, Any]:
        """Return the parameters of the solution cell `name` as the file has them.

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
        """Return the terms of the network in solution cell `name`, at the default or the given rate."""
        return self._network(name, {} if learning_rate is None else {"learning_rate": learning_rate})

    def network_as_read(self, name: str) -> Exercise:
        """Return the terms of cell `name` for a network read by itself; its table ``read`` wins."""
        return self._network(name, self.table(name).get("read", {}))

    def _network(self, name: str, first: Mapping[str, Any]) -> Exercise:
        self.table(name)
        terms = {"name": name, "loss": None, **_sizes(self.spec), **msgspec.to_builtins(self.of_cell(name)), **first}
        return msgspec.convert(terms, Exercise)

    @property
    def networks(self) -> tuple[str, ...]:
        """Return the exercises that ask for a network."""
        return tuple(name for name in self.kinds if isinstance(self.of_cell(name), AnyNetworkTerms))

    def asked_rates(self, name: str, seed: int) -> tuple[float, ...]:
        """Return the learning rates at which grading builds the network, without the default.

        As many as the table's ``other_rates`` says, log-uniform within its ``rates_between``, to three digits, at least
        a factor of 1.5 from the default and from one another; the same for the same `seed` on every machine.
        """
        asked = self.of_cell(name)
        if not asked.says("rates_between"):
            return ()
        low, high = asked.rates_between.low, asked.rates_between.high
        own = list(filter(None, [asked.learning_rate]))
        taken = [*own]
        for attempt in range(ATTEMPTS):
            share = _uniform(f"{seed}/{name}/{attempt}")
            rate = float(f"{math.exp(math.log(low) + share * math.log(high / low)):.3g}")
            if all(abs(math.log(rate / other)) > math.log(Usual.APART) for other in taken):
                taken.append(rate)
        return tuple(taken[len(own) :][: asked.other_rates])


NO_TABLES: Mapping[str, Any] = {**{name: {} for name in RESERVED}, "data": None}
NO_EXERCISES = Exercises({}, {}, {})
"""Those of a course that asks for nothing by parameters."""


def exercises_of(tables: Mapping[str, Any], cells: Collection[str] | None = None) -> Exercises:
    """Return the tables of a file, each as its type has it.

    Parameters
    ----------
    tables
        The file, as TOML gives it.
    cells
        What the course's exercises are called. Each table must then belong to one of them. None where the notebooks are not
        at hand.

    Raises
    ------
    SenselessTableError
        For the first thing that makes no sense, in words that go on after "In exercises.toml, ".
    """
    given = {**NO_TABLES, **tables}
    own = {name: _typed(name, given[name], kind) for name, kind in RESERVED.items()}
    spec, kinds, known = own["data"], own["exercises"], kinds_on(own["data"])
    require_names(tables, kinds, known.keys() - {OWN}, cells)
    names = dict.fromkeys(name for name in (*kinds, *tables) if name not in RESERVED)
    asked = {name: _typed(name, given.get(name, {}), known[kinds.get(name, OWN)]) for name in names}
    files, url, language = own["files"].names, own["release"].url, own["texts"].language
    course = Exercises(tables, kinds, asked, spec, own["limits"], files, url, language)
    require_rules(course)
    return course


def _typed(name: str, table: object, kind: Any) -> Any:
    with in_table(name):
        return converted(table, kind)


def load_exercises(path: Path, cells: frozenset[str] | None = None, *, hidden: Path | None = None) -> Exercises:
    """Read and check the file of parameters, or the file ``exercises.toml`` in the folder `path`.

    Parameters
    ----------
    path
        The file or its folder.
    cells
        What the course's exercises are called, where the notebooks are at hand: see `exercises_of`.
    hidden
        What is asked for in grading only, which no release holds: a file of tables whose lists go on those of the same
        name. If None, ``hidden.toml`` next to the file, which is there in a cage.

    Raises
    ------
    BadExerciseError
        If it cannot be read, or one of its values makes no sense.
    """
    file = path / FILE if path.is_dir() else path
    hidden = hidden or file.with_name(HIDDEN_FILE)
    further = _text(hidden) if hidden.is_file() else ""
    try:
        return replace(_read(_text(file), further, cells), source=str(file), hidden=hidden)
    except tomllib.TOMLDecodeError as error:
        raise BadExerciseError(f"The exercises' parameters {file} are not valid TOML: {error}.") from error
    except SenselessTableError as error:
        raise BadExerciseError(f"In {file}, {error}.") from error


def load_texts(folder: Path, hidden: Path | None = None) -> CourseTexts:
    """Return the course texts of a folder of checks; those of no course without ``exercises.toml``.

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
def _read(text: str, further: str, cells: frozenset[str] | None) -> Exercises:
    """Return what files' texts say, read once for each text: a class asks at every notebook."""
    raw = tomllib.loads(text)
    try:
        for name, lists in tomllib.loads(further).items():
            raw[name] |= {key: [*raw[name][key], *more] for key, more in lists.items()}
    except (KeyError, TypeError, AttributeError) as error:
        lists_alone = f"{HIDDEN_FILE} must hold lists alone that go on lists of the same name in {FILE}"
        raise SenselessTableError(lists_alone) from error
    return exercises_of(raw, cells)


def _beside(file: Path, parse: Callable[[bytes], T]) -> T | None:
    """Return what a further file of the course says; None if there is none."""
    try:
        return parse(file.read_bytes()) if file.is_file() else None
    except (OSError, ValueError) as error:
        raise BadExerciseError(f"The course's file {file} makes no sense: {error}.") from error


def _sizes(spec: DataSpec | None) -> dict[str, Any]:
    """Return what all networks on these data are asked."""
    if spec is None:
        return {}
    image = spec.shape if spec.is_images else None
    sizes = {"inputs": spec.size, "input_shape": spec.input_shape or None, "image_shape": image}
    return sizes | (
        {"outputs": spec.outputs} if spec.is_regression else {"classes": spec.classes, "one_output": spec.one_output}
    )


def _uniform(text: str) -> float:
    """Return a number from 0 to 1 that depends on `text` alone.

    Python's and NumPy's generators may change with versions.
    """
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
