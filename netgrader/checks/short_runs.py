"""Short trainings of a student's own graph, from its own initialiser and always on the same minibatches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from netgrader.evidence import GraphEvidence
    from netgrader.reader.lab.api import Lab, LabSession

__all__ = ["BATCH", "EARLY", "SMOOTH", "STEPS", "Images", "ShortRun", "short_run", "short_runs", "trained_accuracies"]

Array = npt.NDArray[Any]

STEPS, BATCH = 300, 64
EARLY = 100  # steps; the shortest run from which a sweep's accuracies may honestly come
SMOOTH = 100  # the last steps, over which a run's loss is averaged
EXPLODES, STUCK = 3.0, 0.95  # largest loss over the first; last over first: 2.37 when weights are fresh, 2.30 guessed


@dataclass(frozen=True)
class Images:
    """Scaled images and their classes, to train on and to test with: float (n, 784) and (n,), in pairs."""

    train: tuple[Array, Array]
    test: tuple[Array, Array]


@dataclass(frozen=True)
class ShortRun:
    """A short training of the student's graph.

    Attributes
    ----------
    rate
        The learning rate that the graph was made for.
    losses
        The loss of the minibatch before each step, as the student's graph has it, (steps,).
    early, late
        Accuracy on the test images after `EARLY` and after all steps.
    """

    rate: float
    losses: Array
    early: float
    late: float

    @property
    def last(self) -> float:
        """The mean loss of the last steps; infinite if it is not finite."""
        mean = float(np.mean(self.losses[-SMOOTH:]))
        return mean if math.isfinite(mean) else math.inf

    @property
    def smoothed(self) -> Array:
        """For each step the mean loss of the last `SMOOTH` steps, which ends at `last`."""
        sums = np.cumsum(np.concatenate([[0.0], self.losses]))
        ends = np.arange(1, len(sums))
        starts = np.maximum(ends - SMOOTH, 0)
        means: Array = (sums[ends] - sums[starts]) / (ends - starts)
        return means

    @property
    def explodes(self) -> bool:
        """Whether the loss exploded on the way."""
        return not np.isfinite(self.losses).all() or bool(self.losses.max() > EXPLODES * self.losses[0])

    @property
    def stuck(self) -> bool:
        """Whether the loss ended no better than guessing."""
        return bool(self.last >= STUCK * self.losses[0])

    @property
    def diverges(self) -> bool:
        """Whether the loss exploded on the way or ended no better than guessing."""
        return self.explodes or self.stuck


def short_run(
    lab: Lab,
    graph: GraphEvidence,
    rate: float,
    images: Images,
    *,
    seed: int = 1,
    enough: Callable[[float], bool] | None = None,
) -> ShortRun:
    """Train the graph from its own initialiser for `STEPS` minibatches.

    Parameters
    ----------
    graph
        A network with the parts ``X``, ``Y``, ``logits``, ``loss`` and ``train_op``, made for `rate`.
    images
        What to train on, at least `STEPS` times `BATCH` images, and to test with.
    seed
        Of the initialisation; the order of the minibatches is always the same.
    enough
        Says of the accuracy after `EARLY` steps whether it already tells what is asked; the run then ends there, and
        that accuracy is its last.
    """
    trial = _Trial(lab, graph, rate, images, seed)
    try:
        trial.go_on(EARLY)
        if enough is None or not enough(trial.run.early):
            trial.go_on(STEPS)
    finally:
        trial.close()
    return trial.run


def short_runs(
    lab: Lab,
    graphs: Mapping[str, tuple[GraphEvidence, float]],
    images: Images,
    *,
    enough: Callable[[Mapping[str, ShortRun]], bool],
) -> dict[str, ShortRun]:
    """Train several graphs, each made for its rate, as `short_run` does, all for as long: to the end unless it is `enough`.

    That is asked after `EARLY` steps of each. They are trained one after the other, and those that go on begin anew where
    they were.
    """
    trials: dict[str, _Trial] = {}
    try:
        for name, (graph, rate) in graphs.items():
            trials[name] = _Trial(lab, graph, rate, images)
            trials[name].go_on(EARLY)
        if not enough({name: trial.run for name, trial in trials.items()}):
            for trial in trials.values():
                trial.go_on(STEPS)
    finally:
        for trial in trials.values():
            trial.close()
    return {name: trial.run for name, trial in trials.items()}


class _Trial:
    """A short training that can be gone on with."""

    def __init__(self, lab: Lab, graph: GraphEvidence, rate: float, images: Images, seed: int = 1) -> None:
        self._graph, self._rate, self._images = graph, rate, images
        self._losses: list[float] = []
        self._reached: list[float] = []
        self._session = lab.load(graph.meta_graph).session(seed=seed, often=True)
        try:
            self._session.initialise()
        except BaseException:
            self.close()
            raise

    def go_on(self, steps: int) -> None:
        """Train until so many steps were taken in all, and take the accuracy."""
        parts, done = self._graph.parts, len(self._losses)
        rows = slice(done * BATCH, steps * BATCH)
        images, labels = (part[rows] for part in self._images.train)
        batches = list(np.arange((steps - done) * BATCH).reshape(-1, BATCH))
        told = self._session.run_batches(
            [parts["loss"], parts["train_op"]],
            {parts["X"]: images, parts["Y"]: np.eye(10, dtype=np.float32)[labels]},
            batches,
        )
        self._losses += [float(np.mean(np.asarray(row[0]))) for row in told]
        self._reached.append(_accuracy(self._session, self._graph, self._images.test))

    @property
    def run(self) -> ShortRun:
        return ShortRun(self._rate, np.asarray(self._losses), self._reached[0], self._reached[-1])

    def close(self) -> None:
        self._session.close()


def trained_accuracies(lab: Lab, graphs: Sequence[GraphEvidence], test: tuple[Array, Array]) -> list[float]:
    """The accuracy on test images of each of some networks, with the weights that were handed over with it."""
    found = []
    for graph in graphs:
        loaded = lab.load(graph.meta_graph)
        session = loaded.session(seed=1)
        try:
            session.initialise()
            session.assign({name: value for name, value in graph.values.items() if name in loaded.variables})
            found.append(_accuracy(session, graph, test))
        finally:
            session.close()
    return found


def _accuracy(session: LabSession, graph: GraphEvidence, test: tuple[Array, Array]) -> float:
    (logits,) = session.run([graph.parts["logits"]], {graph.parts["X"]: test[0], **graph.eval_feed})
    return float(np.mean(np.argmax(np.asarray(logits), axis=1) == test[1]))
