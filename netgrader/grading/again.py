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
    from netgrader.grading.verify_stage import Verified

    Run = tuple[Ran, Verified]

__all__ = ["Line", "best_of_runs", "line_of"]

ACCURACY = "test_accuracy"
ACCURACIES = "accuracies_of_runs"
LEAD = "test_images_lead"


@dataclass(frozen=True)
class Line:
    """Where luck might decide.

    Attributes
    ----------
    cell
        The check cell whose points depend on the accuracy.
    again_from, full
        Accuracies from the first up to the second are tried again; from the second on there is nothing to gain.
    runs
        How many runs at most, the first one included.
    """

    cell: str
    again_from: float
    full: float
    runs: int

    def asks_again(self, run: Verified) -> bool:
        """Whether a run is followed by another: for the accuracy it came to, or for a doubt about its test images."""
        accuracy = run.measured.get(ACCURACY)
        near = isinstance(accuracy, float) and self.again_from <= accuracy < self.full
        lead = run.measured.get(LEAD)
        doubted = isinstance(lead, int | float) and lead >= DOUBTED
        return (near or doubted) and not _named(run, self.cell)


def _named(run: Verified, cell: str) -> bool:
    """Whether a check of the cell says of a run that its accuracy was not come by honestly."""
    return any(
        FOR_A_PERSON & set(check.faults) for check in run.checks.get(cell, ()) if check.credit < check.max_credit
    )


def line_of(tables: Mapping[str, Mapping[str, Any]], cells: tuple[str, ...]) -> Line | None:
    """The line of the notebook with these check cells; None if it has none."""
    for name, table in tables.items():
        cell = f"check_{name}"
        if cell in cells and "again_from" in table:
            return Line(cell, table["again_from"], table["full"], table.get("runs", 3))
    return None


def best_of_runs(first: Run, line: Line, again: Callable[[int], Run]) -> Run:
    """Return the first run, or at the line the best of up to ``line.runs`` runs.

    Parameters
    ----------
    first
        The first run and its verdicts, in which the student's own seeds count.
    line
        Where the points depend on the accuracy.
    again
        Gives the further run of a number, 1 or more: one with other seeds.
    """
    runs, best = [first], first
    while len(runs) < line.runs and line.asks_again(best[1]):
        further = again(len(runs))
        runs.append(further)
        if _accuracy(further) > _accuracy(best):
            best = further
    if len(runs) == 1:
        return first
    verdicts = [verified for _, verified in runs]
    experiments = [verified.experiments for verified in verdicts if verified.experiments is not None]
    ran, counted = best
    return ran, dataclasses.replace(
        counted,
        measured={**counted.measured, ACCURACIES: [verified.measured.get(ACCURACY) for verified in verdicts]},
        seconds=sum(verified.seconds for verified in verdicts),
        experiments=sum(experiments) if len(experiments) == len(runs) else None,
        digest=hash_json([verified.digest for verified in verdicts]),
    )


def _accuracy(run: Run) -> float:
    found = run[1].measured.get(ACCURACY)
    return found if isinstance(found, float) else 0.0
