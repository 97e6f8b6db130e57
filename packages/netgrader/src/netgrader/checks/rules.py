"""Rules across the tables of ``exercises.toml``: names, and a table of dependencies."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from msgspec import Meta

from netgrader.checks.parameters import (
    AnyNetworkTerms,
    CourseLimits,
    DesignedNetworkTerms,
    Files,
    FreeTrainingTerms,
    GivenNetworkTerms,
    LoopTerms,
    Release,
    SweepTerms,
    Texts,
)
from netgrader.data import DataSpec
from netgrader.toml_tables import SenselessTableError, in_table, require, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from netgrader.checks.exercises import Exercises

__all__ = ["RESERVED", "require_names", "require_rules"]

RESERVED: Mapping[str, Any] = {
    "data": DataSpec | None,
    "exercises": Annotated[dict[str, str], Meta(description="names of exercises, each with its kind in quotes")],
    "limits": CourseLimits,
    "files": Files,
    "release": Release,
    "texts": Texts,
}
"""Tables that do not belong to an exercise, and their types."""
BYTES_A_WEIGHT = 16  # four 32-bit floats: the weight, its gradient, and Adam's two averages


class Rule(NamedTuple):
    """A requirement on a key of some kinds of exercises, given the other tables."""

    kinds: Any
    key: str
    holds: Callable[[Any, Any], bool]
    must: str


def _bytes_of(asked: AnyNetworkTerms, course: Exercises) -> int:
    widths = (course.data.size, *asked.widths)
    return BYTES_A_WEIGHT * sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(widths))


RULES = (
    Rule(
        SweepTerms,
        "network",
        lambda asked, course: asked.network in course.networks,
        "be one of the exercises that ask for a network, {networks}",
    ),
    Rule(
        LoopTerms,
        "seconds",
        lambda asked, course: len(asked.calls) * asked.seconds <= course.limits.capture_seconds,
        "be lower: all calls together may last {course.limits.capture_seconds:g}, the capture_seconds of [limits]",
    ),
)
RULES_OF_DATA = (
    Rule(
        AnyNetworkTerms,
        "widths",
        lambda asked, course: _bytes_of(asked, course) <= course.limits.memory_bytes,
        "need no more memory than {course.limits.memory_bytes:,} bytes, the memory_bytes of [limits]",
    ),
    Rule(
        AnyNetworkTerms,
        "widths",
        lambda asked, course: asked.widths[-1:] in {(), (course.spec.label_width,)},
        "end with {course.spec.label_width}, the outputs of the last layer",
    ),
    Rule(
        (GivenNetworkTerms, DesignedNetworkTerms),
        "activations",
        lambda asked, course: course.spec.is_regression or asked.activations[-1:] in {(), ("none",)},
        "end with none: the loss applies softmax to logits",
    ),
    Rule(
        (GivenNetworkTerms, DesignedNetworkTerms),
        "inputs",
        lambda asked, course: asked.inputs in {None, course.spec.size},
        "be {course.spec.size}, the {course.spec.part}s of {course.spec.a_one}",
    ),
    Rule(
        (GivenNetworkTerms, DesignedNetworkTerms),
        "classes",
        lambda asked, course: asked.classes in {None, course.spec.classes},
        "be {course.spec.classes}, as many as [data] has",
    ),
    Rule(
        AnyNetworkTerms,
        "input_shape",
        lambda asked, course: math.prod(asked.input_shape or (course.spec.size,)) == course.spec.size,
        "hold the {course.spec.size} {course.spec.part}s of {course.spec.a_one}",
    ),
    Rule(
        FreeTrainingTerms,
        "least_accuracy",
        lambda asked, course: asked.least_accuracy > course.spec.nothing_for,
        "be above {course.spec.nothing_for:g}: up to there an accuracy earns nothing",
    ),
    Rule(
        LoopTerms,
        "calls",
        lambda asked, course: max(call.mini_batch_size for call in asked.calls) <= course.spec.train.rows,
        "have minibatches of at most {course.spec.train.rows:,} rows, all that there are to train on",
    ),
)


def require_rules(course: Exercises) -> None:
    """Raise a SenselessTableError for the first exercise that breaks a rule."""
    rules = (*RULES, *(RULES_OF_DATA if course.spec is not None else ()))
    about = {"course": course, "networks": ", ".join(course.networks)}
    for (name, asked), rule in itertools.product(course.asked.items(), rules):
        if isinstance(asked, rule.kinds):
            with in_table(name):
                require(asked, rule.key, rule.holds(asked, course), rule.must.format(**about))


def require_names(
    tables: Iterable[str], kinds: Mapping[str, str], known: Collection[str], cells: Collection[str] | None
) -> None:
    """Raise a SenselessTableError for an unknown kind, or a table that belongs to no exercise.

    Parameters
    ----------
    tables
        Names of the tables.
    kinds
        The table ``[exercises]``.
    known
        The kinds of exercises that these data allow.
    cells
        The names of the course's exercises; None if the notebooks are not available.
    """
    for name, kind in kinds.items():
        if kind not in known:
            kinds_there_are = ", ".join(sorted(known))
            raise SenselessTableError(
                f"[exercises] {name} must be one of {kinds_there_are} on these data, not {kind!r}"
            )
    unknown = sorted(set(tables) - {*kinds, *RESERVED, *(tables if cells is None else cells)})
    if unknown:
        likely = suggestion(unknown[0], {*(cells or ()), *kinds, *RESERVED})
        raise SenselessTableError(f"[{unknown[0]}] is called like no exercise; {likely}")
