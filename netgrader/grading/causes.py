"""One cause costs once: what a cell was found to do wrong is not charged again where an earlier cell's charge explains it.

Verdicts are made cell by cell, each from its own evidence, and say of a fault what may have brought it (`Fault.causes`): the
check cell of a part by which the finding would be right, as the student handed that part over; a code, where a function of the
student's built what is at fault; or how grave a fault must be. Here they are put together, once all cells have been judged.

By a code or how grave it is an earlier cell explains something only if the later one was made with it, which the code that was
handed in tells: it uses names that the earlier cell makes, or names of what was made with these.
"""

from __future__ import annotations

import ast
import dataclasses
import re
from typing import TYPE_CHECKING

from netgrader.checks.cell_points import CHARGED, causes
from netgrader.checks.wording import FORGIVEN
from netgrader.faults import CATALOGUE, FOR_A_PERSON, Severity
from netgrader.phrases import say
from netgrader.results import Outcome, severity_of
from netgrader.student.cell_runs import made_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from netgrader.results import CheckResult

__all__ = ["charged_once", "made_with"]

CHECK = "check_"


def charged_once(
    checks: Mapping[str, Sequence[CheckResult]], sources: Iterable[tuple[str, str]]
) -> dict[str, tuple[CheckResult, ...]]:
    """Return the verdicts by check cell, those that only follow from a charge of an earlier cell passed.

    Parameters
    ----------
    checks
        Verdicts by check cell, with the severity of each fault.
    sources
        The code cells that were run, in order: the exercise that each solves, empty for others, and its text.
    """
    with_what = made_with(sources)
    charged = {cell: causes(found) for cell, found in checks.items()}

    def before(cell: str, check: CheckResult) -> Mapping[str, Mapping[str, Severity]]:
        used = (f"{CHECK}{name}" for name in with_what.get(cell.removeprefix(CHECK), ()))
        named = (cause for found in check.causes.values() for cause in found)
        return {name: charged[name] for name in (*used, *named) if name in charged}

    return {cell: tuple(_settled(check, before(cell, check)) for check in found) for cell, found in checks.items()}


def _settled(check: CheckResult, before: Mapping[str, Mapping[str, Severity]]) -> CheckResult:
    """Return a verdict without the faults that are charged in one of the cells `before` it."""
    if check.outcome not in CHARGED or not check.causes:
        return check
    found = {code: _cause(check.causes.get(code, ()), before) for code in check.faults}
    follows = tuple(dict.fromkeys(cause for cause in found.values() if cause))
    if not follows:
        return check
    left = tuple(code for code, cause in found.items() if not cause)
    check = dataclasses.replace(check, faults=left, follows=(*check.follows, *follows))
    if any(severity_of(check, code) is not Severity.REMARK for code in left):
        return check
    said = " ".join(say(FORGIVEN, sentence=_sentence(cause)) for cause in follows)
    return dataclasses.replace(check, outcome=Outcome.PASSED, credit=check.max_credit, message=said, hint=None)


def _cause(wanted: Sequence[str], before: Mapping[str, Mapping[str, Severity]]) -> str:
    """Return the code of a charge that is one of those `wanted`; empty if none is."""
    found = (
        code
        for cell, codes in before.items()
        for code, severity in codes.items()
        if cell in wanted or code in wanted or (severity in wanted and code not in FOR_A_PERSON)
    )
    return next(found, "")


def _sentence(code: str) -> str:
    return CATALOGUE[code].sentence if code in CATALOGUE else code


def made_with(sources: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return for each exercise the earlier ones whose cells made what its own cell uses, the nearest last."""
    makers: dict[str, list[int]] = {}
    reached: list[set[int]] = []
    names: list[str] = []
    for number, (name, text) in enumerate(sources):
        direct = {maker for used in _used_by(text) for maker in makers.get(used, ())}
        reached.append(direct.union(*(reached[maker] for maker in direct)))
        names.append(name)
        for made in made_by(text):
            makers.setdefault(made, []).append(number)
    return {name: [names[at] for at in sorted(reached[n]) if names[at]] for n, name in enumerate(names) if name}


def _used_by(text: str) -> Iterator[str]:
    """Yield the names that a cell uses, also where Python cannot read it."""
    try:
        tree = ast.parse(text)
    except SyntaxError:  # of Python, or a line that is IPython's own
        yield from re.findall(r"[^\W\d]\w*", text)
    else:
        yield from (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
