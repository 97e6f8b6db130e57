"""Judge learning rates by their effect on the student's own graph.

A rate is tried in short runs from one seed: at the rate, a third of it, and three and ten times it. The bands were measured
for Adam on two layers with minibatches of 64 (evaluation/rates.md): seeds differ by 0.02. After 300 steps, the loss at a rate
r over the loss at 3r is 2.0 for 3e-5, 1.4 for 1e-4 and 3e-4, 1.1 for 1e-3; over that at 10r it is 1.98 for 1e-4, 1.66 for
2e-4, 1.44 for 3e-4. Short runs favor large rates: after eight epochs, 3e-4 is the best of all. So a rate is too low if 3r
beats it by more than 45 percent or 10r by more than 50 (by 80, if it is the best of a plausible sweep), and a student who
judged at either horizon is right. evaluation/rates.md has the results for other optimizers and networks.

In sweeps of 300 steps with minibatches of 64 or 100, Glorot or He initialization, two seeds each, the accuracy at 0.01 was
within 1.6 percent of that at 0.003, so an honest sweep may end there: its loss was 1.15 to 1.26 times as large, and rose to
at most four times the first. At 0.03 it was 1.4 to 1.8 times that at 0.01. So the best rate of a plausible sweep is too high
if a third of it wins by more than 35 percent; any other rate, by more than 15. And since a sweep is judged by accuracies, its
best rate is wrong only if the other rate's accuracy is also higher, by more than chance.

The compared loss is the student's own, which may be a sum over the minibatch, or not the required one: so everything is
judged by ratios.
"""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphread.text import Text
from netgrader.faults import fault
from netgrader.judges.answers import paired, shaped, started

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphread import Lab, LabSession
    from netgrader.data import DataSpec
    from netgrader.evidence import GraphEvidence, Json
    from netgrader.faults import Fault

__all__ = [
    "AROUND",
    "RateVerdict",
    "RunImages",
    "Runs",
    "ShortRun",
    "accuracy_on",
    "compare_rates",
    "fed_in_training",
    "is_settled",
    "judge_rate",
    "runs_around",
    "short_run",
    "told_in_training",
]

Array = npt.NDArray[Any]


class Runs:
    """Length of the short runs that judge a rate, in steps."""

    STEPS, BATCH = 300, 64
    EARLY = 100  # steps; the shortest run that an honest sweep's accuracies may come from
    SMOOTH = 100  # last steps over which a run's loss is averaged


AROUND = {"third": 1 / 3, "best": 1.0, "triple": 3.0, "tenfold": 10.0}
"""Rates of the runs that judge a rate, in its units."""


class _RateLimits(NamedTuple):
    """Ratios of losses, unless another unit is given; measured as the module's docstring says."""

    explodes: float = 3.0
    """The largest loss over the first."""
    stuck: float = 0.95
    """The last loss over the first: guessing nearly reaches it."""
    little: float = 1.2
    """The loss at the rate over that at three times it; see `_may_be_far_too_low`."""
    hardly_begun: float = 0.5
    """The last loss over the first; see `_may_be_far_too_low`."""
    too_low: float = 1.45
    """The loss at the rate over that at three times it."""
    by_chance: float = 0.01
    """Accuracy: equally good networks differ by it on 600 to 2,000 test inputs."""


LIMITS = _RateLimits()


@dataclass(frozen=True)
class RunImages:
    """Prepared images and their classes, or numbers, in pairs: float (n, pixels) and (n,)."""

    train: tuple[Array, Array]
    test: tuple[Array, Array]
    spec: DataSpec


@dataclass(frozen=True)
class ShortRun:
    """A short training run of the student's graph."""

    rate: float
    """The learning rate that the graph was built with."""
    losses: Array
    """The minibatch loss before each step, by the student's graph, (steps,)."""
    early: float
    late: float
    """Accuracy on the test images after `Runs.EARLY` steps and at the end; 0 in a regression."""

    @property
    def last(self) -> float:
        """The mean loss of the last `Runs.SMOOTH` steps; infinite if it is not finite."""
        mean = np.mean(self.losses[-Runs.SMOOTH :])
        return float(np.nan_to_num(mean, nan=math.inf, posinf=math.inf, neginf=math.inf))

    @property
    def smoothed(self) -> Array:
        """The mean loss of the last `Runs.SMOOTH` steps at each step, (steps,), ending with `last`."""
        sums = np.cumsum(np.concatenate([[0.0], self.losses]))
        ends = np.arange(1, len(sums))
        starts = np.maximum(ends - Runs.SMOOTH, 0)
        means: Array = (sums[ends] - sums[starts]) / (ends - starts)
        return means

    @property
    def explodes(self) -> bool:
        """Whether the loss exploded during the run."""
        return not self.losses.max() <= LIMITS.explodes * self.losses[0]  # also if one is NaN

    @property
    def stuck(self) -> bool:
        """Whether the loss ended near its first value or above."""
        return bool(self.last >= LIMITS.stuck * self.losses[0])

    @property
    def diverges(self) -> bool:
        """Whether the loss exploded during the run or ended near its first value or above."""
        return self.explodes or self.stuck


def short_run(
    lab: Lab,
    graph: GraphEvidence,
    rate: float,
    images: RunImages,
    *,
    seed: int = 1,
    enough: Callable[[ShortRun], bool] = lambda _: False,
) -> ShortRun:
    """Train the graph from its own initializer for `Runs.STEPS` minibatches; return the run.

    Parameters
    ----------
    graph
        A network with the parts ``X``, ``Y``, ``logits``, ``loss`` and ``train_op``, built with `rate`.
    images
        Training images, at least `Runs.STEPS` times `Runs.BATCH`, and test images.
    seed
        Seed of the initialization; the order of minibatches is always the same.
    enough
        Whether the run of `Runs.EARLY` steps already decides; it then ends there.
    """
    runs = short_runs(lab, {"": (graph, rate)}, images, seed=seed, enough=lambda early: enough(early[""]))
    return runs[""]


def short_runs(
    lab: Lab,
    graphs: Mapping[str, tuple[GraphEvidence, float]],
    images: RunImages,
    *,
    seed: int = 1,
    enough: Callable[[Mapping[str, ShortRun]], bool],
) -> dict[str, ShortRun]:
    """Train graphs, one per rate, as `short_run` does, equally long: to the end or until `enough`.

    `enough` is called once all have run `Runs.EARLY` steps. They train one after the other in sessions that stay open, so
    they can continue.
    """
    trials: dict[str, _Trial] = {}
    with ExitStack() as sessions:
        for name, (graph, rate) in graphs.items():
            session = sessions.enter_context(started(lab.load(graph.meta_graph), seed, often=True))
            trials[name] = _Trial(session, graph, rate, images)
            trials[name].go_on(Runs.EARLY)
        if not enough({name: trial.run for name, trial in trials.items()}):
            for trial in trials.values():
                trial.go_on(Runs.STEPS)
    return {name: trial.run for name, trial in trials.items()}


def runs_around(
    lab: Lab,
    graph_of: Callable[[str], GraphEvidence],
    rate: float,
    images: RunImages,
    *,
    enough: Callable[[ShortRun, ShortRun, ShortRun], bool],
) -> dict[str, ShortRun]:
    """Return short runs at `AROUND` times a rate, by name.

    `enough` says whether three runs of `Runs.EARLY` steps decide, as `is_settled` does.
    """
    near = {name: (graph_of(name), rate * factor) for name, factor in AROUND.items() if name != "tenfold"}
    runs = short_runs(lab, near, images, enough=lambda early: enough(*early.values()))
    at, triple = runs["best"], runs["triple"]
    if len(at.losses) < Runs.STEPS or not _may_be_far_too_low(at, triple):
        return {**runs, "tenfold": triple}
    return {**runs, "tenfold": short_run(lab, graph_of("tenfold"), rate * AROUND["tenfold"], images)}


class _Trial:
    """A short training run that can be continued."""

    def __init__(self, session: LabSession, graph: GraphEvidence, rate: float, images: RunImages) -> None:
        self._session, self._graph, self._rate, self._images = session, graph, rate, images
        self._losses: list[float] = []
        self._reached: list[float] = []

    def go_on(self, steps: int) -> None:
        """Train until `steps` steps in all, then measure the accuracy."""
        parts, spec, done = self._graph.parts, self._images.spec, len(self._losses)
        rows = slice(done * Runs.BATCH, steps * Runs.BATCH)
        images, labels = (part[rows] for part in self._images.train)
        batches = list(np.arange((steps - done) * Runs.BATCH).reshape(-1, Runs.BATCH))
        told = self._session.run_batches(
            [parts["loss"], parts["train_op"]],
            {
                parts["X"]: shaped(self._graph, images),
                parts["Y"]: shaped(self._graph, spec.label_rows(labels), "Y"),
            },
            batches,
            fed_in_training(self._graph),
        )
        self._losses += [float(np.mean(np.asarray(row[0]))) for row in told]
        self._reached.append(0.0 if spec.is_regression else accuracy_on(self._session, self._graph, *self._images.test))

    @property
    def run(self) -> ShortRun:
        return ShortRun(self._rate, np.asarray(self._losses), self._reached[0], self._reached[-1])


def told_in_training(graph: GraphEvidence) -> dict[str, Json]:
    """Return the submitted training feeds of a network, by tensor."""
    told = graph.about.get("train_feed")
    return told if isinstance(told, dict) else {}


def fed_in_training(graph: GraphEvidence) -> dict[str, Array]:
    """Return the numbers that training feeds in addition to images and labels, by tensor.

    Feeds that would replace the network's own parts are ignored.
    """
    told = told_in_training(graph)
    others = told.keys() - graph.parts.values()
    return {name: np.asarray(told[name]) for name in others if isinstance(told[name], int | float)}


def accuracy_on(session: LabSession, graph: GraphEvidence, inputs: Array, classes: Array) -> float:
    """Return a network's accuracy on prepared inputs (n, …) of these classes (n,)."""
    (logits,) = session.run([graph.parts["logits"]], {graph.parts["X"]: shaped(graph, inputs), **graph.eval_feed})
    return float(np.mean(np.argmax(paired(np.asarray(logits), len(classes)), axis=1) == classes))


class _Bands(NamedTuple):
    """Ratios of losses from which another rate is better, and the required gain in accuracy."""

    far_too_low: float
    too_high: float
    gain: float
    settled: float
    lag: float
    """The ratio to the loss at a third of the rate, and the difference in accuracy, up to which short runs settle it."""


BANDS: Mapping[bool, _Bands] = {
    False: _Bands(1.5, 1.15, -math.inf, settled=0.7, lag=math.inf),
    True: _Bands(1.8, 1.35, LIMITS.by_chance, settled=1.0, lag=LIMITS.by_chance),
}
"""Bands by whether the rate is the best of a plausible sweep; see the module's docstring."""


@dataclass(frozen=True)
class RateVerdict:
    """The fault code for a rate, and the run at another rate that shows it, or None."""

    code: str
    against: ShortRun | None = None


def _may_be_far_too_low(at: ShortRun, triple: ShortRun) -> bool:
    """Whether a run at ten times the rate can add evidence to the one at three times.

    Losses improve less and less from rate to rate near the best: after a ratio of 1.2 for the first factor of three, a second
    one does not reach 1.5.
    """
    return at.diverges or at.last > LIMITS.little * triple.last or at.last > LIMITS.hardly_begun * at.losses[0]


def judge_rate(
    third: ShortRun, at: ShortRun, triple: ShortRun, tenfold: ShortRun, *, found: bool = False
) -> Fault | None:
    """Return the fault of the rate of `at`, by runs at a third, three and ten times it; else None.

    `found` says that it is the best rate of a plausible sweep, from `found_by_sweep`.
    """
    verdict = compare_rates(third, at, triple, tenfold, found=found)
    if verdict is None:
        return None
    if verdict.against is None:
        return fault(
            verdict.code,
            found=Text("{rate:.3g}: the loss rises up to {nanmax:.3g}", rate=at.rate, nanmax=np.nanmax(at.losses)),
        )
    other = verdict.against
    return fault(
        verdict.code,
        found=Text(
            "{rate:.3g}: {steps} steps of the grader end at a loss of {last:.3g}",
            rate=at.rate,
            steps=len(at.losses),
            last=at.last,
        ),
        expected=Text("a lower loss, as at {rate:.3g}: {last:.3g} in as many steps", rate=other.rate, last=other.last),
    )


def compare_rates(
    third: ShortRun, at: ShortRun, triple: ShortRun, tenfold: ShortRun, *, found: bool = False
) -> RateVerdict | None:
    """Return what `judge_rate` does, as a code and the run that shows it.

    Ratios say nothing of losses below zero, which a larger rate may lower forever.
    """
    if min(third.last, at.last, triple.last, tenfold.last) < 0:
        return None
    bands = BANDS[found]
    gets_farther = tenfold.last < at.last <= third.last and not (at.explodes or tenfold.explodes)
    # Barely started: it looks stuck, or a third of the rate does hardly worse, but the larger the rate, the farther it gets.
    if gets_farther and (at.stuck or (not found and _hardly_moves(third, at, tenfold))):
        return RateVerdict("learning-rate-too-low", tenfold)
    if at.stuck and (third.stuck or at.late <= third.late / 2):
        return RateVerdict("learning-rate-diverges")
    # If the loss rises first and then falls, or the network recognizes many images in spite of its loss: at most too high.
    for code, other, ratio, lost in (
        ("learning-rate-too-low", triple, LIMITS.too_low, triple.diverges),
        ("learning-rate-too-low", tenfold, bands.far_too_low, tenfold.diverges),
        ("learning-rate-too-high", third, bands.too_high, third.stuck),
    ):
        if at.last > ratio * other.last and other.late > at.late + bands.gain and not lost:
            return RateVerdict(code, other)
    return None


def _hardly_moves(third: ShortRun, at: ShortRun, tenfold: ShortRun) -> bool:
    """Whether the loss is still high, as with a third of the rate, and lower with ten times it."""
    high = at.last > LIMITS.hardly_begun * at.losses[0]
    return bool(high and at.last > LIMITS.stuck * third.last and tenfold.last < LIMITS.stuck * at.last)


def is_settled(third: ShortRun, at: ShortRun, triple: ShortRun, *, found: bool = False) -> bool:
    """Whether runs of `Runs.EARLY` steps already show that `compare_rates` accepts the rate of `at`.

    Near the best rate, losses have halved and are far below those at a third of the rate; for the best rate of a plausible
    sweep it is enough that a third of it gets no further. In the runs of ``evaluation/rates.csv``, none of these turned out
    too high or too low.
    """
    bands = BANDS[found]
    no_further = at.last <= bands.settled * third.last and third.late <= at.late + bands.lag
    return no_further and not _may_be_far_too_low(at, triple)
