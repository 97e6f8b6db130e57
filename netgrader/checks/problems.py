"""What makes no sense in ``exercises.toml``: a value by itself, those of a table together, and the tables together."""

from __future__ import annotations

import difflib
import itertools
import math
import re
from typing import TYPE_CHECKING, Any

import msgspec

from netgrader.checks.parameters import (
    APART,
    DATA,
    ERRORS,
    EXERCISE_FIELDS,
    EXERCISES,
    FILES,
    GREY,
    KINDS,
    LIMITED,
    LIMITS,
    LOSSES,
    NEEDED,
    NEEDED_OF_NUMBERS,
    NEEDED_OF_ROWS,
    NETWORKS,
    OF_ERRORS,
    OF_FLAT_ROWS,
    OTHER_SWEEP,
    RATE_SWEPT,
    READ,
    RELEASE,
    RESERVED,
    STUDENT_LIMITS,
    TEXTS,
    Files,
    calls_of,
    kinds_of,
    words_of,
)
from netgrader.data import DataSpec, spec_problem
from netgrader.languages import LANGUAGES
from netgrader.reader import Exercise

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

__all__ = ["limit_problem", "problem"]

LONGEST = 60  # characters of a value that are shown
# Likeness of names from which one is taken for a slip of the pen: less where the right one is absent.
NEAR_PARAMETER, NEAR_TABLE, NEAR_ABSENT = 0.85, 0.9, 0.6

BYTES_A_WEIGHT = 16  # 32-bit floats: itself, its gradient, two averages of Adam's
PUBLIC_CASES, CASES = 2, 5  # the public tests of a layer ask for so many, and all tests
CAPTURE_SECONDS, MEMORY_BYTES, NOTEBOOK_SECONDS = 300, 4_000_000_000, 1200  # unless [limits] sets others
ALL_LIMITS = {**LIMITS, **STUDENT_LIMITS}
OWN_KINDS = (".ipynb", ".py", ".whl")
OWN_NAMES = frozenset({"README.md", "requirements.txt", "checks", "data"})


def problem(tables: Mapping[str, Any], cells: Collection[str] | None = None) -> str | None:
    """Return the first thing that makes no sense, in words that go on after "In exercises.toml, ".

    Parameters
    ----------
    tables
        The file, as TOML gives it.
    cells
        What the course's exercises are called. Each table must then belong to one of them, and each that has known
        parameters must have its table. None where the notebooks are not at hand.
    """
    return next(_problems(tables, cells), None)


def limit_problem(limits: Mapping[str, Any]) -> str | None:
    """Return the first thing that makes no sense in the table ``[limits]``."""
    return next(_limit_problems(limits), None)


# Each generator goes on only where nothing before was wrong: what it compares is of its kind.


def _problems(tables: Mapping[str, Any], cells: Collection[str] | None) -> Iterator[str]:
    for name, table in tables.items():
        if not isinstance(table, dict):
            yield f"{name} stands outside a table; begin one with [name of the cell]"
    yield from _name_problems(tables, cells)
    data = tables.get(DATA)
    senseless = spec_problem(data) if data is not None else None
    if senseless is not None:
        yield f"[{DATA}] {senseless}"
    spec = msgspec.convert(data, DataSpec) if data is not None else None
    yield from (f"[{FILES}] {found}" for found in _file_problems(tables.get(FILES, {"names": ["a"]}), spec))
    if RELEASE in tables and not _is_release(tables[RELEASE]):
        yield f'[{RELEASE}] must hold url = "https://…", where the release lies on the web, and nothing else'
    if TEXTS in tables and not (tables[TEXTS].keys() == {"language"} and tables[TEXTS]["language"] in LANGUAGES):
        yield f'[{TEXTS}] must hold language = "…", one of {", ".join(LANGUAGES)}, and nothing else'
    for name, table in tables.items():
        found = _limit_problems(table) if name == LIMITED else _table_problems(name, table, tables, spec)
        yield from (f"[{name}] {problem}" for problem in found if name not in {DATA, EXERCISES, FILES, RELEASE, TEXTS})
    yield from _cost_problems(tables, spec)


def _file_problems(table: Mapping[str, Any], spec: DataSpec | None) -> Iterator[str]:
    """Yield what makes no sense in the table with the files that notebooks read themselves."""
    try:
        names = msgspec.convert(dict(table), Files).names
    except msgspec.ValidationError:
        yield 'must hold names = ["…"], up to 50 names of files that lie beside the notebooks in source/, and nothing else'
        return
    if len(set(names)) != len(names):
        yield "names a file twice"
    for name in names:
        if name.endswith(OWN_KINDS) or name in OWN_NAMES or (spec is not None and name == spec.file):
            yield f"names {name}, which is released anyway, or made by netgrader release"


def _is_release(table: Mapping[str, Any]) -> bool:
    return set(table) == {"url"} and bool(re.fullmatch(r"https://[^\s\"'<>\\?#]+", str(table["url"])))


def _limit_problems(limits: Mapping[str, Any]) -> Iterator[str]:
    for name in limits:
        if name not in ALL_LIMITS:
            near = _nearest(name, ALL_LIMITS, NEAR_ABSENT)
            known = f"is it {near}?" if near else f"there are {', '.join(ALL_LIMITS)}"
            yield f"names {name}, which is no limit; {known}"
    yield from _senseless(limits, ALL_LIMITS)
    cell, notebook = limits.get("cell_seconds", 0), limits.get("notebook_seconds", NOTEBOOK_SECONDS)
    if cell > notebook:
        unless = "" if "notebook_seconds" in limits else ", unless it is set too"
        yield f"cell_seconds must not lie above notebook_seconds, which is {notebook:g}{unless}; it is {cell:g}"


def _senseless(table: Mapping[str, Any], kinds: Mapping[str, Any]) -> Iterator[str]:
    for key in (key for key in kinds if key in table):
        try:
            msgspec.convert(table[key], kinds[key])
        except msgspec.ValidationError:
            yield f"{key} must be {words_of(kinds[key])}, not {_shown(table[key])}"


def _needed(tables: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    """Return the kinds that exercises on these data can be of, and what the table of each must have."""
    data = tables.get(DATA)
    if not isinstance(data, dict):
        return NEEDED
    return (
        NEEDED_OF_NUMBERS if "classes" not in data else NEEDED if data.get("scaling", GREY) == GREY else NEEDED_OF_ROWS
    )


def _name_problems(tables: Mapping[str, Any], cells: Collection[str] | None) -> Iterator[str]:
    kinds, needed_of = kinds_of(tables), _needed(tables)
    for name, kind in kinds.items():
        if kind in NEEDED and kind not in needed_of:
            what, instead = ("classes", "numbers") if needed_of is NEEDED_OF_NUMBERS else ("whole grey levels", "rows")
            yield (
                f"[{EXERCISES}] {name} is of the kind {kind}, which needs {what}; of {instead} there are {', '.join(needed_of)}"
            )
        if kind not in NEEDED:
            near = _nearest(kind, NEEDED, NEAR_ABSENT)
            yield f"[{EXERCISES}] {name} is of no kind {_shown(kind)}; " + (
                f"is it {near}?" if near else f"there are {', '.join(NEEDED)}"
            )
    absent = [name for name, kind in kinds.items() if needed_of[kind] and name not in tables]
    for name in (name for name in tables if name not in {*kinds, *RESERVED}):
        near = _nearest(name, absent, NEAR_TABLE)
        if near or (cells is not None and name not in cells):
            near = near or _nearest(name, {*(cells or ()), *kinds, *RESERVED}, NEAR_ABSENT)
            yield f"[{name}] is called like no exercise" + (f"; is it [{near}]?" if near else "")
    for name in absent:
        if cells is not None and name in cells:
            needed = ", ".join(needed_of[kinds[name]])
            yield f"there is no table [{name}], but the notebooks have that exercise; it needs {needed}"


def _table_problems(
    name: str, table: Mapping[str, Any], tables: Mapping[str, Any], spec: DataSpec | None
) -> Iterator[str]:
    kind = kinds_of(tables).get(name, "")
    swept_otherwise = kind == "sweep" and table.get("parameter", RATE_SWEPT) != RATE_SWEPT
    needed = OTHER_SWEEP if swept_otherwise else _needed(tables).get(kind, ())
    missing = [key for key in needed if key not in table]
    for key in (key for key in table if key not in KINDS):
        near = _nearest(key, missing, NEAR_ABSENT) or _nearest(key, KINDS, NEAR_PARAMETER)
        if near:
            yield f"has a parameter {_shown(key)}, which nothing reads; is it {near}?"
    if missing:
        yield f"lacks {', '.join(missing)}, which its checks read"
    kinds = KINDS if spec is None else {**KINDS, "calls": calls_of(spec.train.rows)}
    numbers = spec is not None and spec.is_regression
    yield from _senseless(table, {**kinds, **OF_ERRORS} if numbers else kinds)
    if isinstance(table.get(READ), dict):
        for key in (key for key in table[READ] if key not in EXERCISE_FIELDS):
            yield f"{READ} has a parameter {_shown(key)}, which no network has; there are {', '.join(sorted(EXERCISE_FIELDS))}"
        yield from (f"{READ}: {problem}" for problem in _senseless(table[READ], KINDS))
    yield from _shape_problems(kind, table, spec)
    yield from _network_problems(table, spec, known=bool(kind))
    yield from _rate_problems(table)
    yield from _error_problems(table) if numbers else _line_problems(table, spec)
    yield from _own_problems(kind, table)
    if kind == "sweep":
        yield from _sweep_problems(table, tables)


def _shape_problems(kind: str, table: Mapping[str, Any], spec: DataSpec | None) -> Iterator[str]:
    if spec is None:
        return
    number = math.prod(table.get("input_shape", (spec.size,)))
    if number != spec.size:
        yield f"input_shape must hold the {spec.size} {spec.part}s of {spec.a_one}, not {number}"
    if spec.input_shape and kind in OF_FLAT_ROWS:
        yield f"is of the kind {kind}, which needs flat rows, but [{DATA}] has an input_shape"


def _network_problems(table: Mapping[str, Any], spec: DataSpec | None, *, known: bool) -> Iterator[str]:
    widths, activations = table.get("widths"), table.get("activations")
    if widths and activations and len(widths) != len(activations):
        yield f"has {len(widths)} widths and {len(activations)} activations; there must be one for each layer"
    classes = table.get("classes", spec.outputs if spec is not None else None)
    regression = spec is not None and spec.is_regression
    loss = table.get("loss")
    if loss in (LOSSES if regression else ERRORS) and spec is not None:
        yield f"asks for the loss {loss}, but " + ("[data] has no classes" if regression else "[data] has classes")
    if widths and classes is not None and widths[-1] != classes:
        each = (
            f"a neuron for each of the {classes} classes"
            if not regression
            else f"{classes} output{'s' * (classes > 1)}"
        )
        yield f"widths end with {widths[-1]}, but the last layer must have {each}"
    if activations and activations[-1] != "none" and not regression and (known or "loss" in table):
        yield f"activations end with {activations[-1]}, but the last must be none: the loss applies softmax to logits"
    if activations and "none" in activations[:-1] and table.get("nonlinear", Exercise.nonlinear):
        yield "activations have none between layers, but nonlinear is not false"
    if widths and table.get("min_layers", 1) > len(widths):
        yield f"asks for {table['min_layers']} layers or more, but for {len(widths)} widths"
    yield from _kind_problems(table)
    if known and spec is not None:
        sizes = (
            ("inputs", spec.size, f"the {spec.part}s of {spec.a_one}"),
            ("classes", spec.outputs, f"the {spec.words['many']}"),
        )
        for key, only, what in sizes:
            if table.get(key, only) != only:
                yield f"{key} must be {only}, {what}, not {table[key]}"


def _kind_problems(table: Mapping[str, Any]) -> Iterator[str]:
    kinds, sizes = table.get("kinds"), table.get("kernel_sizes")
    if kinds and len(kinds) != len(table.get("widths", kinds)):
        yield f"has {len(table['widths'])} widths and {len(kinds)} kinds; there must be one for each layer"
    many = sum(kind != "dense" for kind in kinds or ())
    if sizes and len(sizes) != many:
        yield f"has {len(sizes)} kernel_sizes, but {many} of its kinds are convolutions; there must be one for each of these"
    if kinds and table.get("min_conv_layers", 0) > many:
        yield f"asks for {table['min_conv_layers']} convolutions or more, but {many} of its kinds are some"


def _rate_problems(table: Mapping[str, Any]) -> Iterator[str]:
    others = table.get("other_rates", 0)
    if others and "rates_between" not in table:
        yield "asks for other_rates but does not say rates_between"
    elif others:
        low, high = table["rates_between"]
        # Each rate that is taken keeps others off on both sides; there must be room for the last one wherever they lie.
        if high / low < APART ** (2 * (others + 1)):
            yield f"rates_between is too narrow for {others} other_rates that lie a factor of {APART} apart"


def _line_problems(table: Mapping[str, Any], spec: DataSpec | None) -> Iterator[str]:
    if not table.get("none", 0) < table.get("full", 1) <= table.get("target", 1):
        yield "none must lie below full, and full must not lie above target: points rise from the one to the other"
    nothing_for = spec.nothing_for if spec is not None else 0.0
    if table.get("least_accuracy", 1) <= nothing_for:
        yield f"least_accuracy must lie above {nothing_for:g}: up to there an accuracy earns nothing"


def _error_problems(table: Mapping[str, Any]) -> Iterator[str]:
    if not table.get("target", 0) <= table.get("full", table.get("target", 0)) < table.get("none", math.inf):
        yield "none must lie above full, and full must not lie below target: points fall from the one error to the other"


def _own_problems(kind: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Yield what makes no sense in tables whose lists the tests go through."""
    if kind == "layer" and len(table.get("cases", ())) not in {0, PUBLIC_CASES, CASES}:
        asked = f"{PUBLIC_CASES} here and {CASES - PUBLIC_CASES} in hidden.toml beside the hidden tests"
        yield f"has {len(table['cases'])} cases, but its checks ask for {asked}"
    if kind == "training-loop" and all(call["n_epochs"] < 2 for call in table.get("calls", ({"n_epochs": 2},))):
        yield "must have a call with n_epochs of 2 or more; else nothing shows whether each epoch has an order of its own"


def _sweep_problems(table: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterator[str]:
    kinds = kinds_of(tables)
    networks = [name for name, kind in kinds.items() if kind in NETWORKS]
    name = table["network"]
    if name not in networks:
        near = _nearest(name, networks, NEAR_ABSENT)
        known = f"is it {near}?" if near else f"there are {', '.join(networks) or 'none'}"
        yield f"network names {_shown(name)}, which is no exercise that asks for a network; {known}"
    low, high = table.get("between", (0, float("inf")))
    if table.get("span", 0) > high - low:
        yield f"span must not be larger than what lies between {low:g} and {high:g}; it is {table['span']:g}"


def _cost_problems(tables: Mapping[str, Any], spec: DataSpec | None) -> Iterator[str]:
    """Yield what takes more time or memory than there is."""
    limits = tables.get(LIMITED, {})
    longest, memory = limits.get("capture_seconds", CAPTURE_SECONDS), limits.get("memory_bytes", MEMORY_BYTES)
    for name in (name for name, kind in kinds_of(tables).items() if kind == "training-loop" and name in tables):
        calls, seconds = tables[name].get("calls", ()), tables[name].get("seconds", 0)
        if len(calls) * seconds > longest:
            yield (
                f"[{name}] has {len(calls)} calls of up to {seconds:g} seconds, but taking evidence may last {longest:g} "
                f"in all: lower seconds, or raise capture_seconds in [{LIMITED}]"
            )
    first = [spec.size] if spec is not None else []
    for name, table in tables.items():
        widths = table.get("widths", ())
        needed = BYTES_A_WEIGHT * sum((a + 1) * b for a, b in itertools.pairwise([*first, *widths]))
        if needed > memory:
            yield f"[{name}] widths {_shown(widths)} need {needed / 1e9:.1f} GB of memory, but {memory / 1e9:g} are allowed"


def _nearest(name: str, names: Collection[str], likeness: float) -> str | None:
    return next(iter(difflib.get_close_matches(name, sorted(names), n=1, cutoff=likeness)), None)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
