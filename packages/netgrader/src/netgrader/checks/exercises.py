"""The parameters of the exercises (widths, rates, targets, limits), read from ``exercises.toml``.

Both sides read the same file: the probes call the student's functions with its values, and the tests know them from it. So
judging an answer needs no information about the question from the student's process. The table ``[data]`` describes the
course's data (`netgrader.data`), ``[exercises]`` gives each exercise's kind.
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
ATTEMPTS = 1000  # draws of rates at a minimum distance: with the required room, hundreds of them succeed

NET = "net"


def net_at(number: int) -> str:
    """Return the item name of the network at the `number`-th further rate, from 0; the default's is `NET`."""
    return f"{NET}@{number + 1}"


def trained_at(number: int) -> str:
    """Return the item name of the values trained at the `number`-th examined rate of a sweep."""
    return f"trained@{number + 1}"


def value_at(number: int) -> str:
    """Return the item name of the network at the `number`-th value of a sweep, ascending from 0."""
    return f"value@{number + 1}"


def unfinished_of(item: str) -> str:
    """Return the item name of the unfinished part of network `item`, if building it raised."""
    return f"{item} unfinished"


class BadExerciseError(NetgraderError):
    """A parameter of an exercise is missing or invalid; the message names it and its file."""


@dataclass(frozen=True)
class Exercises:
    """The tables of ``exercises.toml``, parsed; `source` is its path.

    `hidden` is the path of the additions for grading only; the file may be absent.
    """

    tables: Mapping[str, Mapping[str, Any]]
    """The tables as parsed from TOML."""
    kinds: Mapping[str, str]
    """The kind of each exercise that has one."""
    asked: Mapping[str, Terms]
    """The parameters of each exercise, by the id of its solution cell."""
    spec: DataSpec | None = None
    """The specification of the course's data; None if the file has none."""
    limits: CourseLimits = CourseLimits()  # noqa: RUF009  (it is frozen)
    files: tuple[str, ...] = ()
    """Names of files that notebooks read themselves."""
    release_url: str | None = None
    """The web address of the release."""
    language: str = ENGLISH
    """The language of texts for students."""
    source: str = FILE
    hidden: Path = Path(HIDDEN_FILE)

    @property
    def data(self) -> DataSpec:
        """The specification of the course's data.

        Raises
        ------
        BadExerciseError
            If the file has no table ``[data]``.
        """
        if self.spec is None:
            raise BadExerciseError(f"{self.source} has no table [data].")
        return self.spec

    @property
    def texts(self) -> CourseTexts:
        """The course's texts, with its changes to the catalog of faults.

        Raises
        ------
        BadExerciseError
            If ``faults.toml``, next to ``exercises.toml``, or the translations are invalid.
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
        """Return the only exercise of this kind.

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
        """Return the parameters of a solution or check cell's exercise; empty `Terms` if the file has none."""
        return self.asked.get(cell.removeprefix("check_"), Terms())

    def table(self, name: str) -> Mapping[str, Any]:
        """Return the table of the solution cell `name`, unparsed.

        Raises
        ------
        BadExerciseError
            If there is no such table.
        """
        table = self.tables.get(name)
        if table is None:
            raise BadExerciseError(f"{self.source} has no table [{name}].")
        return table

    def network(self, name: str, learning_rate: float | None = None) -> Exercise:
        """Return the requirements for the network in solution cell `name`, at the default or the given rate."""
        return self._network(name, {} if learning_rate is None else {"learning_rate": learning_rate})

    def network_as_read(self, name: str) -> Exercise:
        """Return the requirements for a network read by itself; its table ``read`` takes precedence."""
        return self._network(name, self.table(name).get("read", {}))

    def _network(self, name: str, first: Mapping[str, Any]) -> Exercise:
        self.table(name)
        terms = {"name": name, "loss": None, **_sizes(self.spec), **msgspec.to_builtins(self.of_cell(name)), **first}
        return msgspec.convert(terms, Exercise)

    @property
    def networks(self) -> tuple[str, ...]:
        """The exercises that ask for a network."""
        return tuple(name for name in self.kinds if isinstance(self.of_cell(name), AnyNetworkTerms))

    def asked_rates(self, name: str, seed: int) -> tuple[float, ...]:
        """Return the learning rates at which grading builds the network, without the default.

        Their number is the table's ``other_rates``. They are log-uniform within ``rates_between``, rounded to three digits,
        at least a factor of 1.5 from the default and from one another, and depend only on `seed` and `name`.
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
"""The exercises of a course without parameters."""


def exercises_of(tables: Mapping[str, Any], cells: Collection[str] | None = None) -> Exercises:
    """Return the tables of a file, converted to their types and checked.

    Parameters
    ----------
    tables
        The file as parsed from TOML.
    cells
        The names of the course's exercises; each table must then belong to one. None if the notebooks are not available.

    Raises
    ------
    SenselessTableError
        For the first invalid value; the message continues "In exercises.toml, ".
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
    """Read and check the file of parameters, or ``exercises.toml`` in the folder `path`.

    Parameters
    ----------
    path
        The file or its folder.
    cells
        The names of the course's exercises, if the notebooks are available: see `exercises_of`.
    hidden
        Additions for grading only, in no release: a file of tables whose lists extend the lists of the same name. If None,
        ``hidden.toml`` next to the file, which exists in a sandbox.

    Raises
    ------
    BadExerciseError
        If it cannot be read, or one of its values is invalid.
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
    """Return the texts of a folder of checks; those of no course if it has no ``exercises.toml``.

    Raises
    ------
    BadExerciseError
        If that, or a file that belongs to it, is invalid.
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
    """Return the exercises in the files' texts; cached per text, since grading a class asks per notebook."""
    raw = tomllib.loads(text)
    try:
        for name, lists in tomllib.loads(further).items():
            raw[name] |= {key: [*raw[name][key], *more] for key, more in lists.items()}
    except (KeyError, TypeError, AttributeError) as error:
        lists_alone = f"{HIDDEN_FILE} must hold lists alone that go on lists of the same name in {FILE}"
        raise SenselessTableError(lists_alone) from error
    return exercises_of(raw, cells)


def _beside(file: Path, parse: Callable[[bytes], T]) -> T | None:
    """Return the parsed content of another file of the course; None if the file is absent."""
    try:
        return parse(file.read_bytes()) if file.is_file() else None
    except (OSError, ValueError) as error:
        raise BadExerciseError(f"The course's file {file} makes no sense: {error}.") from error


def _sizes(spec: DataSpec | None) -> dict[str, Any]:
    """Return the requirements that the data put on all networks."""
    if spec is None:
        return {}
    image = spec.shape if spec.is_images else None
    sizes = {"inputs": spec.size, "input_shape": spec.input_shape or None, "image_shape": image}
    return sizes | (
        {"outputs": spec.outputs} if spec.is_regression else {"classes": spec.classes, "one_output": spec.one_output}
    )


def _uniform(text: str) -> float:
    """Return a number in [0, 1) that depends only on `text`.

    Uses SHA-256, since Python's and NumPy's generators may change between versions.
    """
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
