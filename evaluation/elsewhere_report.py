"""Write the tables of ``evaluation/attacks.md`` from ``elsewhere.csv`` and ``fuzzing.csv``: ``python -m evaluation.elsewhere_report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from evaluation import fuzzing
from evaluation.elsewhere import ATTACKS, ROWS
from evaluation.rows import filled, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HERE = Path(__file__).parent
PAGE = HERE / "attacks.md"
CONTROL = "no attack"
"""Prefix of rows without an attack."""
GRADERS = ("nbgrader", "otter-grader", "netgrader")
Row = dict[str, str]


def told(row: Row | None) -> str:
    """Return one cell of the table."""
    if row is None:
        return "not run"
    deserved, given = float(row["deserved"]), float(row["given"]) if row["given"] else None
    said = "*no mark*" if given is None else f"**{given:g}**" if given > deserved else f"{given:g}"
    if given is not None and given < deserved:
        said = f"*{given:g}*"
    return f"{said}, **another student's work destroyed**" if row["harm"] == "1" else said


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """Count attacks that gained points, harmed others, or lost earned points."""
    rows = [row for row in rows if not row["attack"].startswith(CONTROL)]
    return {
        "more than deserved": sum(bool(row["given"]) and float(row["given"]) > float(row["deserved"]) for row in rows),
        "others harmed": sum(row["harm"] == "1" for row in rows),
        "earned points lost": sum(not row["given"] or float(row["given"]) < float(row["deserved"]) for row in rows),
        "of": len(rows),
    }


def page() -> str:
    """Return the page with its tables from the current rows."""
    rows = rows_of(ROWS)
    there = [grader for grader in GRADERS if any(row["grader"] == grader for row in rows)]
    text = filled(PAGE.read_text(encoding="utf-8"), "counts", table_of_counts(rows, there))
    return filled(filled(text, "results", table_of_results(rows, there)), "fuzzed", fuzzed(fuzzing.load(fuzzing.ROWS)))


def table_of_counts(rows: list[Row], there: list[str]) -> Iterator[str]:
    """Yield the lines of a table of outcomes by grader."""
    versions = {row["grader"]: row["version"] for row in rows}
    by_grader = {grader: counts(row for row in rows if row["grader"] == grader) for grader in there}
    yield "| | " + " | ".join(f"{grader} {versions[grader]}" for grader in there) + " |"
    yield "|---|" + "---|" * len(there)
    for what in ("more than deserved", "others harmed", "earned points lost"):
        yield f"| {what} | " + " | ".join(f"{found[what]} of {found['of']}" for found in by_grader.values()) + " |"


def table_of_results(rows: list[Row], there: list[str]) -> Iterator[str]:
    """Yield the lines of a table of points by attack and grader."""
    found = {(row["grader"], row["attack"]): row for row in rows}
    yield "| attack | deserved | " + " | ".join(there) + " |"
    yield "|---|---|" + "---|" * len(there)
    for attack in (one.name for one in ATTACKS):
        deserved = next((row["deserved"] for row in rows if row["attack"] == attack), "")
        yield f"| {attack} | {deserved} | " + " | ".join(told(found.get((grader, attack))) for grader in there) + " |"


def fuzzed(tally: list[fuzzing.Row]) -> Iterator[str]:
    """Yield the lines of a table of fuzzing results."""
    yield "| target | inputs | goal | failures |"
    yield "|---|---|---|---|"
    parts = {
        target: [row for row in tally if row.target == target] for target in dict.fromkeys(row.target for row in tally)
    }
    parts = {"all readers": [row for row in tally if row.target != fuzzing.ROAD], **parts}
    wanted = {"all readers": f"{fuzzing.READERS:,}", fuzzing.ROAD: f"{fuzzing.ROADS:,}"}
    for target, rows in parts.items():
        inputs, wrong = sum(row.inputs for row in rows), sum(row.wrong for row in rows)
        yield f"| {target} | {inputs:,} | {wanted.get(target, '')} | {wrong} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
