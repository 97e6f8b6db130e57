"""The language of tests: the `grades` decorator, and the verdicts that end a test.

A test that returns has passed. Everything else is an exception: `Failed` (all or part of the credit is lost, with named
faults) or `Ungradable` (there was nothing to judge). The fixture ``remark`` records remarks, which cost nothing.
`docs/guides/write-an-exercise.md` has a complete example.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from netgrader.faults import fault

if TYPE_CHECKING:
    from graphread import Network
    from graphread.text import Said
    from netgrader.faults import Fault, Severity

__all__ = [
    "Failed",
    "Grades",
    "Ungradable",
    "fail",
    "fail_all",
    "grades",
    "grades_of",
    "partial",
    "require_decided",
    "ungradable",
]

ATTRIBUTE = "__netgrader_grades__"

Test = TypeVar("Test", bound=Callable[..., Any])


@dataclass(frozen=True)
class Grades:
    """A test's cell, its share of the cell's points, and the faults it looks for."""

    cell: str
    """``grade_id`` of the check cell whose points it shares."""
    credit: float = 1.0
    """Its share: a cell's points are split among its tests, public and hidden, in proportion to their credits. A test with
    credit 0 earns nothing, but its faults cost as usual."""
    faults: tuple[str, ...] = ()
    """Codes of the faults that it looks for. A fault that the reader finds and no test of the cell names is caught by the
    test that uses the fixture ``refuse_others``."""


class Failed(Exception):
    """The test found a fault.

    Attributes
    ----------
    faults
        The faults; one without a code is only a sentence.
    share
        The fraction of the test's credit that is still earned, from 0 (failed) to less than 1 (partial).
    follows
        Code of the fault, charged elsewhere, that caused them all; None if they stand for themselves.
    """

    def __init__(self, faults: Sequence[Fault], share: float = 0.0, follows: str | None = None) -> None:
        super().__init__(" ".join(str(fault.sentence) for fault in faults))
        if not faults:
            raise ValueError("A failed test must say what is wrong.")
        if not 0 <= share < 1:
            raise ValueError(f"The share of a failed test lies between 0 and 1, not at {share}.")
        self.faults = tuple(faults)
        self.share = share
        self.follows = follows


class Ungradable(Exception):
    """There is nothing to judge, or a limit was hit; `sentence` says why."""

    def __init__(self, sentence: Said) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def grades(
    cell: str,
    *,
    credit: float = 1.0,
    faults: Sequence[str] = (),
) -> Callable[[Test], Test]:
    """Declare which check cell a test grades, for how much, and what it looks for: see `Grades`.

    The first line of the test's docstring is the sentence that students read.

    Raises
    ------
    ValueError
        If the credit is negative, or the test has no docstring.
    """
    if credit < 0:
        raise ValueError("A test's credit cannot be negative.")
    terms = Grades(cell, float(credit), tuple(faults))

    def decorate(test: Test) -> Test:
        if not (test.__doc__ or "").strip():
            raise ValueError(f"{test.__name__} has no docstring; its first line is what students read.")
        setattr(test, ATTRIBUTE, terms)
        return test

    return decorate


def grades_of(test: Callable[..., Any]) -> Grades | None:
    """Return the terms that `grades` gave a test; None without the decorator."""
    terms: Grades | None = getattr(test, ATTRIBUTE, None)
    return terms


def fail(
    what: str,
    *,
    found: object = "",
    expected: object = "",
    place: object = "",
    severity: Severity | None = None,
    causes: tuple[str, ...] = (),
) -> NoReturn:
    """End the test as failed; the arguments are those of `fault`."""
    partial(0.0, what, found=found, expected=expected, place=place, severity=severity, causes=causes)


def partial(
    share: float,
    what: str,
    *,
    found: object = "",
    expected: object = "",
    place: object = "",
    severity: Severity | None = None,
    causes: tuple[str, ...] = (),
) -> NoReturn:
    """End the test with a `share` of its credit (0 ≤ share < 1); other arguments as in `fault`."""
    raise Failed([fault(what, place, found, expected, severity, causes=causes)], share)


def fail_all(faults: Sequence[Fault], share: float = 0.0) -> None:
    """End the test as failed (partly, with a `share`) if there are faults; otherwise go on."""
    if faults:
        raise Failed(faults, share)


def ungradable(sentence: Said) -> NoReturn:
    """End the test as ungradable; the sentence says why there is nothing to judge."""
    raise Ungradable(sentence)


def require_decided(network: Network, codes: Collection[str]) -> None:
    """End the test as ungradable if the reader could not look for one of these faults."""
    for code in sorted(network.left_open.keys() & codes):
        ungradable(network.left_open[code])
