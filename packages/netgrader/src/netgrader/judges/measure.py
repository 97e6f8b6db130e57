"""The quality of a network's answers as one number: accuracy, or a score from an error.

Both are scores that are larger for a better network, 1 for a perfect one, so that the same rules judge both. An accuracy is
such a score. An error becomes one relative to the best constant answer: 1 - error/its error, so 0 for that answer, and less
for worse ones. People read percentages, or the unit of the targets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from graphread.text import Said, Text
from netgrader.checks.held_out import knowledge
from netgrader.checks.wording import percent

if TYPE_CHECKING:
    from netgrader.checks.context import Dataset, TestContext

__all__ = ["ACCURACY", "ERRORS", "MEAN_ABSOLUTE", "ROOT_MEAN_SQUARED", "Error", "Measure", "measure_of"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

MEAN_ABSOLUTE, ROOT_MEAN_SQUARED = "mean-absolute-error", "root-mean-squared-error"
ERRORS = (MEAN_ABSOLUTE, ROOT_MEAN_SQUARED)
"""Possible values of ``error`` in an exercise's table; the first is the default."""
PAIRED = 1_000
"""Rows for errors over pairs: a million differences, whose mean is known to a few percent."""
FARTHEST = 1e12
"""The value of an answer that is not a number, or is farther from zero than this."""


class Measure(Protocol):
    """A measure of the quality of answers."""

    @property
    def part(self) -> str:
        """The network's part with its answers: ``logits`` or ``prediction``."""

    @property
    def curves(self) -> tuple[str, str]:
        """The names of the curves that notebooks report for training and test inputs after each epoch."""

    @property
    def no_curves(self) -> tuple[Text, Text]:
        """Found and expected texts if nothing is reported."""

    @property
    def asked(self) -> str:
        """The parameter with the score that a training must reach."""

    def answers(self, outputs: Array) -> Array:
        """Return the answers (n,) from outputs (n, k)."""

    def score(self, answers: Array, targets: Array) -> float:
        """Return the score of answers (n,)."""

    def known(self, outputs: Array, targets: Array) -> Floats:
        """Return how well each input is known (n,); larger is better."""

    def score_of(self, figure: float) -> float:
        """Return the score of a figure in exercises' terms: an accuracy, or an error in the targets' unit."""

    def figure(self, score: float) -> float:
        """Return the figure of a score."""

    def told(self, score: float, digits: int | None = 1) -> Said:
        """Return a score as text for people."""

    def at_least(self, score: float) -> Said:
        """Return a required score as text for people."""

    def written(self, score: float, digits: int = 4) -> str:
        """Return a score as a notebook writes it in a curve."""


class Accuracy:
    """The fraction of inputs whose class has the largest logit."""

    part = "logits"
    curves = "acc_trn", "acc_val"
    no_curves = Text("no accuracies"), Text("the accuracy after each epoch")
    asked = "least_accuracy"

    def answers(self, outputs: Array) -> Array:
        """Return the classes."""
        found: npt.NDArray[np.int64] = outputs.argmax(axis=1)
        return found

    def score(self, answers: Array, targets: Array) -> float:
        """Return the accuracy."""
        return float(np.mean(answers == targets))

    def known(self, outputs: Array, targets: Array) -> Floats:
        """Return the margin of the true class: `netgrader.checks.held_out.knowledge`."""
        return knowledge(outputs, targets)

    def score_of(self, figure: float) -> float:
        """Return the accuracy itself."""
        return figure

    def figure(self, score: float) -> float:
        """Return the accuracy itself."""
        return score

    def told(self, score: float, digits: int | None = 1) -> str:
        """Return it as a percentage."""
        return percent(score, digits)

    def at_least(self, score: float) -> Said:
        """Return it as a percentage, with all its digits."""
        return Text("over {share}", share=percent(score, None))

    def written(self, score: float, digits: int = 4) -> str:
        """Return it as a decimal from 0 to 1."""
        return f"{score:.{digits}f}"


ACCURACY = Accuracy()


@dataclass(frozen=True)
class Error:
    """The mean absolute error, or the root mean squared error."""

    kind: str
    guessed: float
    """The error of the best constant answer: the targets' median, or their mean."""
    unit: str = ""
    part: str = "prediction"
    curves: tuple[str, str] = ("err_trn", "err_val")
    no_curves: tuple[Text, Text] = (Text("no errors"), Text("the error after each epoch"))
    asked: str = "largest_error"

    def answers(self, outputs: Array) -> Array:
        """Return the predictions; other values become the farthest possible value."""
        numbers = np.nan_to_num(outputs[:, 0].astype(np.float64), nan=FARTHEST, posinf=FARTHEST, neginf=-FARTHEST)
        return np.clip(numbers, -FARTHEST, FARTHEST)

    def score(self, answers: Array, targets: Array) -> float:
        """Return 1 minus the error relative to the best constant answer."""
        return self.score_of(error_of(self.kind, answers - targets))

    def known(self, outputs: Array, targets: Array) -> Floats:
        """Return ranks of the errors, 0 for the largest to 1, so that outliers do not dominate."""
        order = np.argsort(-np.abs(self.answers(outputs) - targets), kind="stable")
        ranks = np.empty(len(order))
        ranks[order] = np.arange(len(order)) / max(1, len(order) - 1)
        return ranks

    def over_pairs(self, answers: Array, targets: Array) -> float:
        """Return the error of each prediction (n,) against the target of every row, on a sample of rows."""
        some = slice(None, None, max(1, len(targets) // PAIRED))
        return error_of(self.kind, answers[some, np.newaxis] - targets[some])

    def score_of(self, figure: float) -> float:
        """Return the score of an error."""
        return 1 - figure / self.guessed

    def figure(self, score: float) -> float:
        """Return the error of a score."""
        return (1 - score) * self.guessed

    def told(self, score: float, digits: int | None = 1) -> Said:  # noqa: ARG002  (an error has three significant digits)
        """Return the error in its unit."""
        return Text("an error of {in_unit}", in_unit=self.in_unit(self.figure(score)))

    def at_least(self, score: float) -> Said:
        """Return the largest accepted error."""
        return Text("at most {in_unit}", in_unit=self.in_unit(self.figure(score)))

    def written(self, score: float, digits: int = 4) -> str:  # noqa: ARG002  (three significant digits)
        """Return the error with its unit."""
        return self.in_unit(self.figure(score))

    def in_unit(self, error: float) -> str:
        """Return an error with its unit."""
        return f"{error:.3g} {self.unit}".strip()


def error_of(kind: str, differences: Array) -> float:
    """Return the error of this kind of `differences` (n,)."""
    if kind == ROOT_MEAN_SQUARED:
        return float(np.sqrt(np.mean(np.square(differences, dtype=np.float64))))
    return float(np.mean(np.abs(differences)))


def error_in(dataset: Dataset, kind: str = MEAN_ABSOLUTE) -> Error:
    """Return an error measure for the data's test targets."""
    targets = dataset.y_test.astype(np.float64)
    middle = np.median(targets) if kind == MEAN_ABSOLUTE else targets.mean()
    return Error(kind, error_of(kind, targets - middle) or 1.0, dataset.spec.unit)


def measure_of(bench: TestContext, exercise: str) -> Measure:
    """Return the measure of an exercise's network: accuracy, or the error that its table names."""
    if not bench.spec.is_regression:
        return ACCURACY
    return error_in(bench.dataset, getattr(bench.exercises.of_cell(exercise), "error", MEAN_ABSOLUTE))
