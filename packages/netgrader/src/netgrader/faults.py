"""All faults of a course: the reader's, ours in ``fault_pages/``, and those of its ``faults.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping  # noqa: TC003  (fields are decoded by their annotations)
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from graphread import fault as of_graphs
from graphread.fault import Fault
from graphread.fault_kinds import ALL, CODE, KINDS, PAGES, FaultKind, Severity, Variant, given_fields, kinds_in
from graphread.text import WORDS, Said

__all__ = [
    "ALL",
    "CATALOGUE",
    "FOR_A_PERSON",
    "Fault",
    "FaultKind",
    "Severity",
    "course_kinds",
    "fault",
    "is_remark",
    "kind_of",
]

CATALOGUE: Mapping[str, FaultKind] = dict(sorted({**KINDS, **kinds_in(Path(__file__).with_name(PAGES))}.items()))
FOR_A_PERSON = frozenset({"answers-looked-up", "weights-not-trained-here", "prediction-uses-labels", "trained-on-test"})
"""Codes about where knowledge came from: an instructor reviews them before a student reads them."""

# The reader's functions, with this catalog.
kind_of = partial(of_graphs.kind_of, kinds=CATALOGUE)
is_remark = partial(of_graphs.is_remark, kinds=CATALOGUE)


def fault(
    what: Said,
    place: object = "",
    found: object = "",
    expected: object = "",
    severity: Severity | None = None,
    *,
    causes: tuple[str, ...] = (),
    advice: Said = "",
) -> Fault:
    """Describe a fault, by a code of this catalog or in a sentence; see `graphread.fault.fault`."""
    return of_graphs.fault(what, place, found, expected, severity, causes=causes, advice=advice, kinds=CATALOGUE)


class CourseEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A table of a course's ``faults.toml``; for a known code it holds only what differs."""

    sentence: Annotated[str, Meta(min_length=1)] | None = None
    why: str | None = None
    where: str | None = None
    severity: Severity | None = None
    also: tuple[str, ...] | None = None
    drawn: str | None = None
    hint: str | None = None
    regression: Variant | None = None
    rows: Variant | None = None


@lru_cache(maxsize=16)
def course_kinds(text: str) -> Mapping[str, FaultKind]:
    """Return the kinds in a course's ``faults.toml``: new codes, and known codes with its changes.

    Raises
    ------
    ValueError
        If an entry is invalid; the message names the table and the problem.
    """
    return {code: _of_course(code, entry) for code, entry in tomllib.loads(text).items()}


def _of_course(code: str, entry: object) -> FaultKind:
    try:
        told = given_fields(msgspec.convert(entry, CourseEntry))
    except msgspec.ValidationError as error:
        raise ValueError(f"[{code}] {error}") from error
    if code in CATALOGUE:
        known = CATALOGUE[code]
        kept = {"regression": _unless(told, known.regression), "rows": _unless(told, known.rows)}
        kind = replace(known, **{**kept, **told})
    elif not CODE.fullmatch(code):
        raise ValueError(f"[{code}] is not a code: write two or more lower-case words with hyphens between them")
    elif not {"sentence", "severity"} <= told.keys():
        raise ValueError(f"[{code}] is a new code and needs a sentence and a severity")
    else:
        kind = FaultKind(code, **{"why": "", "where": "", **told})
    texts = kind.sentence, kind.why, kind.hint, *kind.regression.values(), *kind.rows.values()
    try:
        "".join(texts).format(**WORDS)
    except (KeyError, IndexError, ValueError) as error:
        places = "}, {".join(WORDS)
        raise ValueError(f"[{code}] has a place in braces that nothing fills; there are {{{places}}}") from error
    return kind


def _unless(told: Mapping[str, object], variant: Mapping[str, str]) -> dict[str, str]:
    """Return a variant's texts for parts without the course's own text, which fits all data."""
    return {part: text for part, text in variant.items() if part not in told}
