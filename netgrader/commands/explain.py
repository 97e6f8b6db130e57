"""``netgrader explain``: a fault's page in the terminal, or all codes with their sentences."""

from __future__ import annotations

from difflib import get_close_matches

from rich.markdown import Markdown
from rich.table import Table

from netgrader.commands.show import console
from netgrader.errors import UsageError
from netgrader.fault_kinds import KINDS, of_any_data, page_of

__all__ = ["run"]


def run(code: str | None) -> int:
    """Print the page of a code, or list all codes if it is None; return the exit code."""
    out = console()
    if code is None:
        listed = Table("code", "severity", "what students read", box=None)
        for kind in KINDS.values():
            listed.add_row(kind.code, kind.severity, of_any_data(kind.sentence))
        out.print(listed)
        return 0
    if code not in KINDS:
        near = " or ".join(get_close_matches(code, KINDS, cutoff=0))
        raise UsageError(f"There is no fault code '{code}'. Similar: {near}. Type netgrader explain for all.")
    out.print(f"{code}: {KINDS[code].severity}")
    out.print(Markdown(of_any_data(page_of(code))))
    return 0
