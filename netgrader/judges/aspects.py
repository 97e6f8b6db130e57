"""What is said of a `train`: a verdict for each aspect, with causes named and their consequences left out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from netgrader.faults import ALL, CATALOGUE, Severity, kind_of
from netgrader.text import Said

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netgrader.faults import Fault
    from netgrader.text import Said

__all__ = ["Aspect", "Charge", "LoopFinding", "Verdict", "verdicts"]


class Aspect(StrEnum):
    """What of a training loop is judged apart from the rest."""

    RUN = "run"
    """The variables are initialised once, the train op is run, for as many epochs as asked."""
    ROWS = "rows"
    """Each epoch feeds each training image once, in minibatches of the size asked for."""
    ORDER = "order"
    """Each epoch feeds them in a new order."""
    LABELS = "labels"
    """Each image is fed with its own label."""
    HELD_OUT = "held-out"
    """No test image is trained on."""
    EVALUATION = "evaluation"
    """After each epoch all training and all test images are evaluated, with the weights as they are."""
    REPORT = "report"
    """What is returned is what was measured."""
    GRAPH = "graph"
    """The loop adds nothing to the graph."""


@dataclass(frozen=True)
class Charge:
    """Something wrong, and the `share` of its credit that is earned all the same."""

    fault: Fault
    share: float = 0.0


@dataclass(frozen=True)
class LoopFinding:
    """Something wrong in one aspect; `share` of its credit is earned all the same.

    `side` is ``"training"`` or ``"test"`` if it concerns the images of one set only.
    """

    aspect: Aspect
    fault: Fault
    share: float = 0.0
    side: str = ""


@dataclass(frozen=True)
class Verdict:
    """What is said of one aspect."""

    aspect: Aspect
    share: float = 1.0
    """Part of its credit that is earned."""
    faults: tuple[Fault, ...] = ()
    """What is wrong; empty with a share below 1 if that only follows from something else."""
    because: Fault | None = None
    """What it follows from, where none of it is named."""
    remarks: tuple[Fault, ...] = ()
    """What is noted and costs nothing."""


# What was found in the evaluation makes the numbers returned those of something else.
NOT_REPORTED = frozenset({"evaluated-on-part", "evaluated-in-fresh-session"})


def verdicts(findings: Iterable[LoopFinding], error: Fault | None = None) -> dict[Aspect, Verdict]:
    """Return a verdict for each aspect.

    Parameters
    ----------
    findings
        What was found wrong, causes and consequences alike; of each code the first counts, one that was fatal before others.
    error
        What `train` raised, if anything; it is among the findings.
    """
    first: dict[tuple[Aspect, Said, str], LoopFinding] = {}
    shares: dict[Aspect, float] = {}
    for found in sorted(findings, key=lambda found: found.fault.severity is not Severity.FATAL):
        first.setdefault((found.aspect, found.fault.code or found.fault.sentence, found.side), found)
        if not found.fault.remark:
            shares[found.aspect] = min(shares.get(found.aspect, 1.0), found.share)
    wrong = [found for found in first.values() if not found.fault.remark]
    causes = {id(found): _cause(found, wrong, error) for found in wrong}
    follows: dict[Aspect, Fault] = {}
    for found in [found for found in wrong if causes[id(found)] is None]:
        if found.fault.code in NOT_REPORTED and found.aspect is Aspect.EVALUATION:
            shares[Aspect.REPORT] = 0.0
            follows.setdefault(Aspect.REPORT, found.fault)
    said: dict[Aspect, Verdict] = {}
    named: set[str] = set()
    for aspect in Aspect:
        own = [found for found in wrong if found.aspect is aspect]
        # What one aspect has named is not named again under another.
        fresh = tuple(found.fault for found in own if causes[id(found)] is None and found.fault.code not in named)
        because = next((causes[id(found)] or found.fault for found in own), follows.get(aspect))
        remarks = tuple(found.fault for found in first.values() if found.fault.remark and found.aspect is aspect)
        said[aspect] = Verdict(aspect, shares.get(aspect, 1.0), fresh, None if fresh else because, remarks)
        named |= {fault.code for fault in fresh if fault.code}
    return said


def _cause(finding: LoopFinding, wrong: Sequence[LoopFinding], error: Fault | None) -> Fault | None:
    """Return what a finding follows from, None if it stands for itself."""
    code = finding.fault.code
    # Whatever an error means, it keeps the rest from happening.
    if error is not None and finding.fault is not error and code in CATALOGUE["error-in-code"].brings:
        return error
    for other in wrong:
        kind = kind_of(other.fault.code)
        one_side = not (other.side and finding.side) or other.side == finding.side
        if not one_side or other.fault.code == code:
            continue
        # What earns nothing leaves nothing else to say.
        if code in kind.brings or (ALL in kind.brings and other.share == 0):
            return other.fault
    return None
