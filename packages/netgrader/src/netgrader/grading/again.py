"""Rerun a notebook if chance may have decided whether it reached the target; the best run counts.

Verdicts, figures, outputs and messages all come from the run that counts.

``evaluation/fairness.md`` has the rule and its effect on networks of known mean and deviation. It applies to every exercise
with a target: points rise linearly from ``none`` to ``full``, and reruns happen on the part of that slope next to ``full``.
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
"""Fraction of the slope from `none` to `full`: three standard deviations of 0.08 % on a slope of 0.92 %
(evaluation/fairness.md)."""


@dataclass(frozen=True)
class RetryRule:
    """The range of accuracies in which chance may decide the points."""

    cell: str
    """The check cell whose points depend on the accuracy."""
    full: float
    none: float
    """Accuracies from `full` earn all points, up to `none` no points; for errors both are negated (`figure_in`)."""
    runs: int = Usual.RUNS
    """Maximum number of runs, including the first."""

    @property
    def again_from(self) -> float:
        """The accuracy from which chance may decide."""
        return self.full - NEAR * (self.full - self.none)

    def asks_again(self, run: Verification) -> bool:
        """Whether a run needs another one: its accuracy is within reach of `full`, and no check doubts it."""
        return self.again_from <= figure_in(run.measured) < self.full and not _named(run, self.cell)


def _named(run: Verification, cell: str) -> bool:
    """Whether a check of the cell doubts that the run's accuracy was earned honestly."""
    return any(
        FOR_A_PERSON & set(check.faults) for check in run.checks.get(cell, ()) if check.credit < check.max_credit
    )


def retry_rule_of(exercises: Exercises, cells: tuple[str, ...]) -> RetryRule | None:
    """Return the rule of the notebook with these check cells; None if none of them has a target."""
    for cell in cells:
        asked = exercises.of_cell(cell)
        if asked.says("full", "none"):
            sign = 1 if asked.none < asked.full else -1
            return RetryRule(cell, sign * asked.full, sign * asked.none, asked.runs)
    return None


def figure_in(measured: Mapping[str, Any]) -> float:
    """Return the measured test accuracy, or the negated test error: larger is better in both.

    Returns minus infinity if neither was measured.
    """
    accuracy, error = measured.get(ACCURACY), measured.get(ERROR)
    if isinstance(accuracy, float):
        return accuracy
    return -error if isinstance(error, float) else -math.inf


def best_of_runs(first: Run, rule: RetryRule, again: Callable[[int], Run]) -> Run:
    """Return the first run, or near the target the best of up to ``rule.runs`` runs.

    Parameters
    ----------
    first
        The first run and its verdicts; it uses the student's own seeds.
    rule
        The range of accuracies that need another run.
    again
        Returns the run with a given number, 1 or more, which uses other seeds.
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
