"""Runs once more a notebook whose accuracy chance may have moved below the line or above it; the best run counts.

That of the run that counts is everything: verdicts, figures, outputs, and what is told of it.

The rule and what it does to networks of known mean and deviation: ``research/fairness.md``. Where it applies stands in
``exercises.toml``, in a table that has ``again_from`` beside ``full``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netgrader.checks.held_out import DOUBTED
from netgrader.faults import FOR_A_PERSON
from netgrader.grading.store import hash_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netgrader.grading.stages import Ran
    from netgrader.grading.verify import Verification

    Run = tuple[Ran, Verification]

__all__ = ["RetryRule", "best_of_runs", "retry_rule_of"]

ACCURACY = "test_accuracy"
ACCURACIES = "accuracies_of_runs"
LEAD = "test_images_lead"


@dataclass(frozen=True)
class RetryRule:
    """Where luck might decide."""

    cell: str
    """The check cell whose points depend on the accuracy."""
    again_from: float
    full: float
    """Accuracies from the first up to the second are tried again; from the second on there is nothing to gain."""
    runs: int
    """How many runs at most, the first one included."""

    def asks_again(self, run: Verification) -> bool:
        """Whether a run is followed by another: for the accuracy it came to, or for a doubt about its test images."""
        accuracy = run.measured.get(ACCURACY)
        near = isinstance(accuracy, float) and self.again_from <= accuracy < self.full
        lead = run.measured.get(LEAD)
        doubted = isinstance(lead, int | float) and lead >= DOUBTED
        return (near or doubted) and not _named(run, self.cell)


def _named(run: Verification, cell: str) -> bool:
    """Whether a check of the cell says of a run that its accuracy was not come by honestly."""
    return any(
        FOR_A_PERSON & set(check.faults) for check in run.checks.get(cell, ()) if check.credit < check.max_credit
    )


def retry_rule_of(tables: Mapping[str, Mapping[str, Any]], cells: tuple[str, ...]) -> RetryRule | None:
    """Return the rule of the notebook with these check cells; None if it has none."""
    for name, table in tables.items():
        cell = f"check_{name}"
        if cell in cells and "again_from" in table:
            return RetryRule(cell, table["again_from"], table["full"], table.get("runs", 3))
    return None


def best_of_runs(first: Run, rule: RetryRule, again: Callable[[int], Run]) -> Run:
    """Return the first run, or at the line the best of up to ``rule.runs`` runs.

    Parameters
    ----------
    first
        The first run and its verdicts, in which the student's own seeds count.
    rule
        Where the points depend on the accuracy.
    again
        Gives the further run of a number, 1 or more: one with other seeds.
    """
    runs, best = [first], first
    while len(runs) < rule.runs and rule.asks_again(best[1]):
        further = again(len(runs))
        runs.append(further)
        if _accuracy(further) > _accuracy(best):
            best = further
    if len(runs) == 1:
        return first
    verdicts = [verified for _, verified in runs]
    ran, counted = best
    accuracies = {ACCURACIES: [verified.measured.get(ACCURACY) for verified in verdicts]}
    readings = [verified.reading for verified in verdicts]
    return ran, dataclasses.replace(
        counted,
        measured_by_cell={
            **counted.measured_by_cell,
            rule.cell: {**counted.measured_by_cell.get(rule.cell, {}), **accuracies},
        },
        seconds=sum(verified.seconds for verified in verdicts),
        reading=None if None in readings else sum(reading for reading in readings if reading is not None),
        digest=hash_json([verified.digest for verified in verdicts]),
    )


def _accuracy(run: Run) -> float:
    found = run[1].measured.get(ACCURACY)
    return found if isinstance(found, float) else 0.0
