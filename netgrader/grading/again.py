"""Runs once more a notebook whose accuracy lies below the line by less than chance explains; the best run counts.

The rule and what it does to networks of known mean and deviation: ``docs/fairness.md``. Where it applies stands in
``exercises.toml``, in a table that has ``again_from`` beside ``full``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netgrader.grading.store import hash_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netgrader.grading.verify_stage import Verified

__all__ = ["Line", "best_of_runs", "line_of"]

ACCURACY = "test_accuracy"
ACCURACIES = "accuracies_of_runs"
OF_THE_RUN = (ACCURACY, "train_accuracy", "target_met")
"""What is measured of one run, and comes from the one that counts."""


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

    def asks_again(self, accuracy: object) -> bool:
        """Whether a run with this accuracy is tried again."""
        return isinstance(accuracy, float) and self.again_from <= accuracy < self.full


def line_of(tables: Mapping[str, Mapping[str, Any]], cells: tuple[str, ...]) -> Line | None:
    """The line of the notebook with these check cells; None if it has none."""
    for name, table in tables.items():
        cell = f"check_{name}"
        if cell in cells and "again_from" in table:
            return Line(cell, table["again_from"], table["full"], table.get("runs", 3))
    return None


def best_of_runs(first: Verified, line: Line, again: Callable[[int], Verified]) -> Verified:
    """The first run's verdicts, and at the line those of the best of up to ``line.runs`` runs.

    Parameters
    ----------
    first
        The verdicts of the first run, in which the student's own seeds count.
    line
        Where the points depend on the accuracy.
    again
        Gives the verdicts of the further run of a number, 1 or more: one with other seeds.
    """
    runs, best = [first], first
    while len(runs) < line.runs and line.asks_again(best.measured.get(ACCURACY)):
        further = again(len(runs))
        runs.append(further)
        found = further.measured.get(ACCURACY)
        if isinstance(found, float) and found > best.measured[ACCURACY]:
            best = further
    if len(runs) == 1:
        return first
    experiments = [run.experiments for run in runs if run.experiments is not None]
    of_the_best = {key: best.measured[key] for key in OF_THE_RUN if key in best.measured}
    return dataclasses.replace(
        first,
        checks={**first.checks, line.cell: best.checks[line.cell]},
        measured={**first.measured, **of_the_best, ACCURACIES: [run.measured.get(ACCURACY) for run in runs]},
        seconds=sum(run.seconds for run in runs),
        experiments=sum(experiments) if len(experiments) == len(runs) else None,
        digest=hash_json([run.digest for run in runs]),
    )
