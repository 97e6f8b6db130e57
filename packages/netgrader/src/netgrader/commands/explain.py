"""``netgrader explain``: a fault's page in the terminal, or all codes with their sentences."""

from __future__ import annotations

from difflib import get_close_matches

from rich.markdown import Markdown
from rich.table import Table

from graphread.fault_kinds import of_any_data, text_of
from netgrader.commands.show import console
from netgrader.errors import UsageError
from netgrader.faults import CATALOGUE

__all__ = ["run"]


def run(code: str | None) -> int:
    """Print the page of a code, or list all codes if it is None; return the exit code."""
    out = console()
    if code is None:
        listed = Table("code", "severity", "what students read", box=None)
        for kind in CATALOGUE.values():
            listed.add_row(kind.code, kind.severity, of_any_data(kind.sentence))
        out.print(listed)
        return 0
    if code not in CATALOGUE:
        near = " or ".join(get_close_matches(code, CATALOGUE, cutoff=0))
        raise UsageError(f"There is no fault code '{code}'. Similar: {near}. Type netgrader explain for all.")
    out.print(f"{code}: {CATALOGUE[code].severity}")
    out.print(Markdown(of_any_data(text_of(CATALOGUE[code].page))))
    return 0
