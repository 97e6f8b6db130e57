"""The verdicts on a `train`: one per aspect, with causes named and consequences left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from netgrader.faults import ALL, CATALOGUE, Severity, fault, is_remark, kind_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from graphread.text import Said
    from netgrader.faults import Fault

__all__ = ["Aspect", "Charge", "LoopFinding", "Verdict", "make_charge", "verdicts"]


class Aspect(StrEnum):
    """An aspect of a training loop that is judged separately."""

    RUN = "run"
    """Variables are initialized once, and the train op runs for the required number of epochs."""
    ROWS = "rows"
    """Each epoch feeds each training image once, in minibatches of the required size."""
    ORDER = "order"
    """Each epoch feeds them in a new order."""
    LABELS = "labels"
    """Each image is fed with its own label."""
    HELD_OUT = "held-out"
    """No training step uses test images."""
    EVALUATION = "evaluation"
    """After each epoch, all training and test images are evaluated with the current weights."""
    REPORT = "report"
    """The returned values are the measured ones."""
    GRAPH = "graph"
    """The loop adds nothing to the graph."""


@dataclass(frozen=True)
class Charge:
    """A fault, and the fraction `share` of the credit that is still earned."""

    fault: Fault
    share: float = 0.0


def make_charge(code: str, share: float = 0.0, *, found: Said, expected: Said = "", place: Said = "") -> Charge:
    """Return a charge with a fault of the catalog, and its figures."""
    return Charge(fault(code, found=found, expected=expected, place=place), share)


@dataclass(frozen=True)
class LoopFinding:
    """A fault in one aspect; the fraction `share` of its credit is still earned.

    `side` is ``"training"`` or ``"test"`` if it concerns only one set of images.
    """

    aspect: Aspect
    fault: Fault
    share: float = 0.0
    side: str = ""


@dataclass(frozen=True)
class Verdict:
    """The verdict on one aspect."""

    aspect: Aspect
    share: float = 1.0
    """The fraction of its credit that is earned."""
    faults: tuple[Fault, ...] = ()
    """Its faults; empty with a share below 1 if they only follow from other faults."""
    because: Fault | None = None
    """The cause, if no fault is named."""
    remarks: tuple[Fault, ...] = ()
    """Remarks, which cost nothing."""


# With these faults of the evaluation, the returned values are accuracies of something else.
NOT_REPORTED = frozenset({"evaluated-on-part", "evaluated-in-fresh-session"})


def verdicts(findings: Sequence[LoopFinding], error: Fault | None = None) -> dict[Aspect, Verdict]:
    """Return a verdict for each aspect.

    Parameters
    ----------
    findings
        All findings, causes and consequences alike; the first of each code counts, a fatal one before others.
    error
        The exception of `train` as a fault, or None; it is also among the findings.
    """
    different = _each_code_once(findings)
    explained = _explained([found for found in different if not is_remark(found.fault)], error)
    said: dict[Aspect, Verdict] = {}
    named: set[str] = set()
    for aspect in Aspect:
        verdict = _verdict(aspect, explained, named)
        named |= {one.code for one in verdict.faults}
        remarks = tuple(found.fault for found in different if found.aspect is aspect and is_remark(found.fault))
        said[aspect] = replace(verdict, remarks=remarks)
    return said


def _explained(wrong: Sequence[LoopFinding], error: Fault | None) -> list[tuple[LoopFinding, Fault | None]]:
    """Pair each finding with its cause; add the first uncaused fault that spoils the report to it."""
    explained = [(found, _cause(found, wrong, error)) for found in wrong]
    spoilt = [found.fault for found, cause in explained if cause is None and _spoils_report(found)]
    return explained + [(LoopFinding(Aspect.REPORT, one), one) for one in spoilt[:1]]


def _verdict(aspect: Aspect, explained: Sequence[tuple[LoopFinding, Fault | None]], named: Collection[str]) -> Verdict:
    """Return the verdict on an aspect, without faults `named` under another one."""
    own = [(found, cause) for found, cause in explained if found.aspect is aspect]
    fresh = tuple(found.fault for found, cause in own if cause is None and found.fault.code not in named)
    because = [None if fresh else cause or found.fault for found, cause in own]
    share = min((found.share for found, _ in own), default=1.0)
    return Verdict(aspect, share, fresh, next(iter(because), None))


def _each_code_once(findings: Iterable[LoopFinding]) -> list[LoopFinding]:
    """Return the first finding per code and side in an aspect, fatal first, with the lowest share."""
    first: dict[tuple[Aspect, Said, str], LoopFinding] = {}
    for found in sorted(findings, key=lambda found: found.fault.severity is not Severity.FATAL):
        key = found.aspect, found.fault.code or found.fault.sentence, found.side
        known = first.get(key, found)
        first[key] = replace(known, share=min(known.share, found.share))
    return list(first.values())


def _spoils_report(found: LoopFinding) -> bool:
    return found.aspect is Aspect.EVALUATION and found.fault.code in NOT_REPORTED


def _cause(finding: LoopFinding, wrong: Sequence[LoopFinding], error: Fault | None) -> Fault | None:
    """Return the cause of a finding; None if it has none."""
    # An error keeps the rest from happening, whatever it means.
    if error not in {None, finding.fault} and finding.fault.code in CATALOGUE["error-in-code"].brings:
        return error
    return next((other.fault for other in wrong if _brings(other, finding)), None)


def _brings(one: LoopFinding, other: LoopFinding) -> bool:
    """Whether one finding causes the other: on its side, by the catalog, or because it earns nothing."""
    if one.fault.code == other.fault.code or len({one.side, other.side} - {""}) > 1:
        return False
    brings = kind_of(one.fault.code).brings
    return other.fault.code in brings or (ALL in brings and one.share == 0)
