"""Proposes from which accuracy, or error, on a target's points are given, such that luck decides as little as can be.

The reference solution is run with several seeds; how far its accuracy moves between them is what chance can do to anybody's.
What follows from a line is found by drawing runs of a normal distribution, as ``research/fairness.md`` does.
"""

from __future__ import annotations

import dataclasses
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netgrader.checks.wording import percent
from netgrader.errors import NetgraderError
from netgrader.grading.again import figure_in
from netgrader.grading.grade_submission import NotPrepared, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from netgrader.grading.jobs import Job
    from netgrader.grading.stages import Options

__all__ = ["FairLine", "figures", "propose"]

DRAWS, SEED = 200_000, 20261125
AT_THE_TARGET = 0.01
"""The share of networks that are as good as the target, on average, and may lose points."""
NEAR = 3.0
"""Deviations below the line that chance can still explain."""
NOTHING = 5 / 3
"""Points end where the error rate is so many times what was asked for: 2.5 % where 1.5 % were."""
MOST_RUNS = 5


@dataclass(frozen=True)
class FairLine:
    """Where points for an accuracy begin and end; accuracies lie between 0 and 1, and errors below 0, so that more is better."""

    target: float
    """What students are asked for."""
    full: float
    none: float
    """All points from the first on, none up to the second, and in proportion between them."""
    again_from: float
    runs: int = 3
    """A run that ends from the first up to `full` is run again, up to so many runs in all, and the best counts."""

    def shares(self, mean: float, deviation: float) -> tuple[npt.NDArray[np.float64], float]:
        """Return what share of the points many students get whose network has this mean and deviation, and runs each needed."""
        drawn = np.random.default_rng(SEED).normal(mean, deviation, (self.runs, DRAWS))
        best, used = drawn[0].copy(), np.ones(DRAWS)
        for further in drawn[1:]:
            again = (best < self.full) & (best >= self.again_from)
            used += again
            best = np.where(again, np.maximum(best, further), best)
        return np.clip((best - self.none) / (self.full - self.none), 0, 1), float(used.mean())

    def loses(self, mean: float, deviation: float) -> float:
        """Return the chance that such a network loses points."""
        return float(np.mean(self.shares(mean, deviation)[0] < 1))

    def undeserved(self, deviation: float) -> float:
        """Return the mean accuracy whose networks get all points by luck in 5 of 100 cases; worse ones do so less often."""
        low, high = self.none, self.target
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (middle, high) if 1 - self.loses(middle, deviation) < 0.05 else (low, middle)
        return low


def figures(job: Job, options: Options, seeds: int) -> Iterator[float]:
    """Yield what each of `seeds` runs of a notebook reaches, each with seeds of its own; runs are kept in the store.

    It is the test accuracy, or less than zero the test error.

    Raises
    ------
    NetgraderError
        If the notebook cannot be run, or no check of it measures an accuracy or an error.
    """
    prepared = prepare(job, options)
    if isinstance(prepared, NotPrepared):
        raise NetgraderError(f"{job.path}: {prepared.problem}")
    for run in range(1, seeds + 1):
        ran, verified, _ = prepared.run(run)
        found = figure_in(verified.measured)
        if found is None:
            why = (
                ran.execution.problem
                or "no check of it that is passed measures an accuracy on test images, or an error"
            )
            raise NetgraderError(f"Run {run} of {job.path.name} came to no test accuracy: {why}.")
        yield found


def propose(reached: list[float], target: float | None = None) -> FairLine:
    """Return the line for a target, from the accuracies that the reference solution reached.

    Points begin a deviation below the target and a run is tried again from three deviations below that; as many runs as it
    takes until one in a hundred of the networks that are as good as the target loses points, and no more than five.

    Parameters
    ----------
    reached
        Test accuracies of runs that differ in their seeds alone; two or more that are not all equal. Errors are below zero.
    target
        What is asked for; if None, two deviations below what the reference solution reaches on average, in tenths of a percent,
        or in three digits of an error.

    Raises
    ------
    NetgraderError
        If chance cannot be told from these runs, or the reference solution does not come near the target.
    """
    deviation = statistics.stdev(reached) if len(reached) > 1 else 0.0
    mean = statistics.mean(reached)
    errors = mean < 0
    if not deviation:
        raise NetgraderError(
            f"All runs came to the same {'error' if errors else 'accuracy'}, so they do not show what chance does. "
            "Take the seeds out of the notebook."
        )
    if target is None:
        target = mean - 2 * deviation
        target = _digits(target, 3) if errors else float(np.floor(1000 * target) / 1000)
    if mean < target - deviation:
        reaches, asked = (f"{-one:.4g}" if errors else percent(one, 2) for one in (mean, target))
        raise NetgraderError(
            f"The reference solution reaches {reaches} on average, the target is {asked}: give it more "
            f"epochs or a better network, or choose a {'higher' if errors else 'lower'} --target."
        )
    full = _rounded(target - deviation, errors=errors)
    nothing = NOTHING * target if errors else 1 - NOTHING * (1 - target)
    again_from = _rounded(full - NEAR * deviation, errors=errors)
    line = FairLine(target, full, _rounded(nothing, errors=errors), again_from, 1)
    line = dataclasses.replace(line, none=min(line.none, line.again_from))
    while line.loses(target, deviation) > AT_THE_TARGET and line.runs < MOST_RUNS:
        line = dataclasses.replace(line, runs=line.runs + 1)
    return line


def _rounded(figure: float, *, errors: bool) -> float:
    """Return a figure in four decimals, or of an error in four digits."""
    return _digits(figure, 4) if errors else round(figure, 4)


def _digits(figure: float, digits: int) -> float:
    return float(f"{figure:.{digits}g}")
