"""Rerun a notebook whose accuracy, or error, chance may have moved across the line; the best counts.

Everything comes from the run that counts: verdicts, figures, outputs, and messages.

The rule and what it does to networks of known mean and deviation: ``evaluation/fairness.md``. It applies to every exercise that
is a target: where points rise from ``none`` to ``full``, to the part of that slope next to ``full``.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netgrader.checks.parameters import Usual
from netgrader.faults import FOR_A_PERSON
from netgrader.grading.result_store import hash_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netgrader.checks.exercises import Exercises
    from netgrader.grading.stages import Ran
    from netgrader.grading.verify import Verification

    Run = tuple[Ran, Verification]

__all__ = ["RetryRule", "best_of_runs", "figure_in", "retry_rule_of"]

ACCURACY, ERROR = "test_accuracy", "test_error"
OF_RUNS = {ACCURACY: "accuracies_of_runs", ERROR: "errors_of_runs"}
NEAR = 0.26
"""Share of the slope from `none` to `full`: three deviations of 0.08 % where it is 0.92 % (evaluation/fairness.md)."""


@dataclass(frozen=True)
class RetryRule:
    """Where luck might decide."""

    cell: str
    """The check cell whose points depend on the accuracy."""
    full: float
    none: float
    """From the first on an accuracy earns all points, up to the second none; of errors both are less than zero (`figure_in`)."""
    runs: int = Usual.RUNS
    """How many runs at most, the first one included."""

    @property
    def again_from(self) -> float:
        """Return from which accuracy on chance may have decided."""
        return self.full - NEAR * (self.full - self.none)

    def asks_again(self, run: Verification) -> bool:
        """Whether a run is followed by another, since chance may have decided which accuracy it came to."""
        return self.again_from <= figure_in(run.measured) < self.full and not _named(run, self.cell)


def _named(run: Verification, cell: str) -> bool:
    """Whether a check of the cell says of a run that its accuracy was not come by honestly."""
    return any(
        FOR_A_PERSON & set(check.faults) for check in run.checks.get(cell, ()) if check.credit < check.max_credit
    )


def retry_rule_of(exercises: Exercises, cells: tuple[str, ...]) -> RetryRule | None:
    """Return the rule of the notebook with these check cells; None if it has none."""
    for cell in cells:
        asked = exercises.of_cell(cell)
        if asked.says("full", "none"):
            sign = 1 if asked.none < asked.full else -1
            return RetryRule(cell, sign * asked.full, sign * asked.none, asked.runs)
    return None


def figure_in(measured: Mapping[str, Any]) -> float:
    """Return the measured test accuracy, or minus the test error: larger is better in both.

    Where there is neither it is less than any.
    """
    accuracy, error = measured.get(ACCURACY), measured.get(ERROR)
    if isinstance(accuracy, float):
        return accuracy
    return -error if isinstance(error, float) else -math.inf


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
        runs.append(again(len(runs)))
        best = max(runs, key=_figure)
    if len(runs) == 1:
        return first
    verdicts = [verified for _, verified in runs]
    ran, counted = best
    figure = ERROR if ERROR in counted.measured else ACCURACY
    of_cell = {
        **counted.measured_by_cell.get(rule.cell, {}),
        OF_RUNS[figure]: [one.measured.get(figure) for one in verdicts],
    }
    return ran, dataclasses.replace(
        counted,
        measured_by_cell={**counted.measured_by_cell, rule.cell: of_cell},
        seconds=sum(verified.seconds for verified in verdicts),
        reading=sum(verified.reading for verified in verdicts),
        digest=hash_json([verified.digest for verified in verdicts]),
    )


def _figure(run: Run) -> float:
    return figure_in(run[1].measured)
