"""One cause costs once: a fault that an earlier cell's charge explains is not charged again.

Verdicts come from each cell's own evidence and list possible causes of a fault (`Fault.causes`): the check cell of an earlier
part, if the result is right given that part as submitted; a code, if one of the student's functions built the faulty part; or
a severity. This module combines the verdicts of all cells. If the earlier fault stopped a cell, so that there is
nothing to judge, a person decides.

By a code or a severity, an earlier cell explains a fault only if the later cell depends on it. The submitted code shows that:
it uses names that the earlier cell defines, directly or through other cells.
"""

from __future__ import annotations

import dataclasses
from collections import ChainMap
from itertools import chain
from typing import TYPE_CHECKING

from graphread.text import Said, Text, joined
from netgrader.checks.cell_points import CHARGED, causes
from netgrader.checks.wording import FOLLOWS_FROM, FORGIVEN
from netgrader.faults import FOR_A_PERSON, Severity, kind_of
from netgrader.results import Outcome, severity_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from netgrader.faults import Fault
    from netgrader.results import CheckResult

__all__ = ["charged_once"]

CHECK = "check_"
MISSING = "missing-name"
UNDECIDED = FOLLOWS_FROM, Outcome.UNGRADABLE, 0.0


def charged_once(
    checks: Mapping[str, Sequence[CheckResult]], earlier: Mapping[str, Sequence[str]]
) -> dict[str, tuple[CheckResult, ...]]:
    """Return the verdicts by check cell; checks that only follow from an earlier cell's charge pass.

    Parameters
    ----------
    checks
        Verdicts by check cell, with the severity of each fault.
    earlier
        The earlier exercises that each exercise depends on, as `netgrader.cell_names.made_with` finds them. A check without
        its own cell depends on all.
    """
    charged = {cell: causes(found) for cell, found in checks.items()}
    told = _sentences(chain.from_iterable(checks.values()))

    def before(cell: str, check: CheckResult) -> Mapping[str, Mapping[str, Severity]]:
        used = (f"{CHECK}{name}" for name in earlier.get(cell.removeprefix(CHECK), earlier))
        named = (cause for found in check.causes.values() for cause in found)
        return {name: charged[name] for name in (*used, *named) if name in charged}

    return {
        cell: _forgiving(found, [_explained(check, before(cell, check)) for check in found], told)
        for cell, found in checks.items()
    }


def _forgiving(
    checks: Sequence[CheckResult], explained: Sequence[dict[str, str]], told: Mapping[str, Said]
) -> tuple[CheckResult, ...]:
    """Return a cell's verdicts without the faults that are `explained` (one mapping per check)."""
    forgiven = ChainMap(*explained)
    pairs = zip(checks, explained, strict=True)
    return tuple(_settled(_requoted(check, forgiven, told), one, told) for check, one in pairs)


def _sentences(checks: Iterable[CheckResult]) -> dict[str, Said]:
    """Return the sentence of each code that is found, in the course's words."""
    return {fault.code: fault.sentence for check in checks for fault in check.findings}


def _explained(check: CheckResult, before: Mapping[str, Mapping[str, Severity]]) -> dict[str, str]:
    """Return a check's codes that a charge in the cells `before` it explains, with that charge's code."""
    if check.outcome not in CHARGED:
        return {}
    causes = {code: _cause(check.causes.get(code, ()), before) for code in check.faults}
    return {code: cause for code, cause in causes.items() if cause}


def _requoted(check: CheckResult, forgiven: Mapping[str, str], told: Mapping[str, Said]) -> CheckResult:
    """Return a verdict that names the charged fault if it follows from a `forgiven` one."""
    if forgiven.keys().isdisjoint(check.follows):
        return check
    follows = tuple(dict.fromkeys(forgiven.get(code, code) for code in check.follows))
    return dataclasses.replace(check, follows=follows, message=_quoted(FOLLOWS_FROM, follows, told))


def _quoted(wording: Text, codes: Iterable[str], told: Mapping[str, Said]) -> Said:
    """Return a sentence of this wording for each code; `told` has the sentences of codes."""
    return joined(wording.format(sentence=told.get(code, Text(kind_of(code).sentence))) for code in codes)


def _settled(check: CheckResult, explained: Mapping[str, str], told: Mapping[str, Said]) -> CheckResult:
    """Return a verdict without its `explained` faults."""
    if not explained:
        return check
    left = tuple(code for code in check.faults if code not in explained)
    follows = tuple(dict.fromkeys(explained.values()))
    charged = [code for code in left if severity_of(check, code) is not Severity.REMARK]
    findings = _findings_of(check, {*left, ""})
    settled = dataclasses.replace(check, findings=findings, faults=left, follows=(*check.follows, *follows))
    return settled if charged else _without_charge(settled, follows, told, is_missing=MISSING in check.faults)


def _findings_of(check: CheckResult, codes: Collection[str]) -> tuple[Fault, ...]:
    return tuple(fault for fault in check.findings if fault.code in codes)


def _without_charge(
    check: CheckResult, follows: Iterable[str], told: Mapping[str, Said], *, is_missing: bool
) -> CheckResult:
    """Return a verdict without charges: passed, or undecided if there was nothing to judge."""
    wording, outcome, credit = UNDECIDED if is_missing else (FORGIVEN, Outcome.PASSED, check.max_credit)
    said = _quoted(wording, follows, told)
    return dataclasses.replace(check, outcome=outcome, credit=credit, message=said, hint=None)


def _cause(wanted: Sequence[str], before: Mapping[str, Mapping[str, Severity]]) -> str:
    """Return the code of a charge that matches `wanted` by cell, code or severity; empty if none does."""
    found = (
        code
        for cell, codes in before.items()
        for code, severity in codes.items()
        if cell in wanted or code in wanted or (severity in wanted and code not in FOR_A_PERSON)
    )
    return next(found, "")
