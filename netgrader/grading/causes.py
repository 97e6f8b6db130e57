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
import re
import symtable
from itertools import chain
from typing import TYPE_CHECKING

from graphread.text import Said, Text, joined
from netgrader.checks.cell_points import CHARGED, causes
from netgrader.checks.wording import FOLLOWS_FROM, FORGIVEN
from netgrader.faults import FOR_A_PERSON, Severity, kind_of
from netgrader.results import Outcome, severity_of
from netgrader.student.cell_runs import made_by

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from netgrader.faults import Fault
    from netgrader.results import CheckResult

__all__ = ["charged_once", "made_with"]

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
        The earlier exercises that each exercise depends on: see `made_with`. A check without its own cell depends on all.
    """
    charged = {cell: causes(found) for cell, found in checks.items()}
    told = _sentences(chain.from_iterable(checks.values()))

    def before(cell: str, check: CheckResult) -> Mapping[str, Mapping[str, Severity]]:
        used = (f"{CHECK}{name}" for name in earlier.get(cell.removeprefix(CHECK), earlier))
        named = (cause for found in check.causes.values() for cause in found)
        return {name: charged[name] for name in (*used, *named) if name in charged}

    settled = {cell: [_settled(check, before(cell, check), told) for check in found] for cell, found in checks.items()}
    return {cell: tuple(_said_anew(checks[cell], found, told)) for cell, found in settled.items()}


def _said_anew(
    before: Sequence[CheckResult], after: Sequence[CheckResult], told: Mapping[str, Said]
) -> Iterator[CheckResult]:
    """Yield a cell's verdicts; what follows from a forgiven fault says what that one follows from."""
    causes: dict[str, str] = {}
    for old, new in zip(before, after, strict=True):
        causes |= dict.fromkeys({*old.faults} - {*new.faults}, "".join(new.follows[-1:]))
    for check in after:
        follows = tuple(dict.fromkeys(causes.get(code, code) for code in check.follows))
        if follows == check.follows:
            yield check
            continue
        said = joined(FOLLOWS_FROM.format(sentence=told.get(cause, Text(kind_of(cause).sentence))) for cause in follows)
        yield dataclasses.replace(check, follows=follows, message=said)


def _sentences(checks: Iterable[CheckResult]) -> dict[str, Said]:
    """Return the sentence of each code that is found, in the course's words."""
    return {fault.code: fault.sentence for check in checks for fault in check.findings}


def _settled(check: CheckResult, before: Mapping[str, Mapping[str, Severity]], told: Mapping[str, Said]) -> CheckResult:
    """Return a verdict without the faults that are charged in one of the cells `before` it.

    `told` has the sentence of each code.
    """
    if check.outcome not in CHARGED:
        return check
    found = {code: _cause(check.causes.get(code, ()), before) for code in check.faults}
    left = tuple(code for code, cause in found.items() if not cause)
    if len(left) == len(found):
        return check
    follows = dict.fromkeys(filter(None, found.values()))
    sentences = [told.get(cause, Text(kind_of(cause).sentence)) for cause in follows]
    check = dataclasses.replace(check, findings=_findings_of(check, {*left, ""}))
    check = dataclasses.replace(check, faults=left, follows=(*check.follows, *follows))
    charged = [code for code in left if severity_of(check, code) is not Severity.REMARK]
    return check if charged else _without_charge(check, sentences, is_missing=MISSING in found)


def _findings_of(check: CheckResult, codes: Collection[str]) -> tuple[Fault, ...]:
    return tuple(fault for fault in check.findings if fault.code in codes)


def _without_charge(check: CheckResult, sentences: Iterable[Said], *, is_missing: bool) -> CheckResult:
    """Return a verdict without charges: passed, or undecided if there was nothing to judge.

    `sentences` say which faults it follows from.
    """
    wording, outcome, credit = UNDECIDED if is_missing else (FORGIVEN, Outcome.PASSED, check.max_credit)
    said = joined(wording.format(sentence=sentence) for sentence in sentences)
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


def made_with(sources: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return for each exercise the earlier ones whose cells define names that its own cell uses.

    Parameters
    ----------
    sources
        The code cells that ran, in order: the exercise that each solves, empty for others, and its text.
    """
    makers: dict[str, list[int]] = {}
    reached: list[set[int]] = []
    names: list[str] = []
    for number, (name, text) in enumerate(sources):
        used, made = _names(text)
        direct = {maker for one in used for maker in makers.get(one, ())}
        reached.append(direct.union(*(reached[maker] for maker in direct)))
        names.append(name)
        for one in made:
            makers.setdefault(one, []).append(number)
    return {name: [names[at] for at in sorted(reached[n]) if names[at]] for n, name in enumerate(names) if name}


def _names(text: str) -> tuple[Collection[str], Collection[str]]:
    """Return the notebook names that a cell uses, even if it does not parse, and the names it defines."""
    try:
        return {*_global_names(symtable.symtable(text, "cell", "exec"))}, made_by(text)
    except SyntaxError:  # invalid Python, or IPython's own syntax
        return re.findall(r"[^\W\d]\w*", text), made_by(text)
    except (ValueError, RecursionError, MemoryError):  # such a cell cannot have run
        return (), ()


def _global_names(table: symtable.SymbolTable) -> Iterator[str]:
    outermost = table.get_type() == "module"
    yield from (one.get_name() for one in table.get_symbols() if one.is_referenced() and (outermost or one.is_global()))
    for inner in table.get_children():
        yield from _global_names(inner)
