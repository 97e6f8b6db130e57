"""The quality of a network's answers as one number: the share of right classes, or an error.

Both are scores that are larger for a better network, 1 for a perfect one, so that the same rules judge both. An accuracy is
one. An error becomes one by what is gone of the error of who always answers the same, the best there is of such answers: 0 for
that, and less for what is worse. What people read is in percent, or in the unit of the targets.
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
"""What ``error`` in an exercise's table may say; the first if it says nothing."""
FARTHEST = 1e12
"""The value of an answer that is not a number, or is farther off than this."""


class Measure(Protocol):
    """A way to say how good answers are."""

    @property
    def part(self) -> str:
        """What of a network its answers are: ``logits`` or ``prediction``."""

    @property
    def curves(self) -> tuple[str, str]:
        """The names of what notebooks report of training and of test inputs after each epoch."""

    @property
    def no_curves(self) -> tuple[Text, Text]:
        """What was found and expected where nothing is reported."""

    @property
    def asked(self) -> str:
        """The parameter that says what a training has to reach."""

    def answers(self, outputs: Array) -> Array:
        """Return the answers (n,) of outputs (n, k)."""

    def score(self, answers: Array, targets: Array) -> float:
        """Return how good answers (n,) are."""

    def known(self, outputs: Array, targets: Array) -> Floats:
        """Return how well each input is known (n,), larger where it is known better."""

    def score_of(self, figure: float) -> float:
        """Return a figure's score as exercises state it: an accuracy, or an error in the targets' unit."""

    def figure(self, score: float) -> float:
        """Return the figure of a score."""

    def told(self, score: float, digits: int | None = 1) -> Said:
        """Return a score as people read it."""

    def at_least(self, score: float) -> Said:
        """Return what is asked for, as people read it."""

    def written(self, score: float, digits: int = 4) -> str:
        """Return a score as a notebook writes it in a curve."""


class Accuracy:
    """The share of inputs whose class is the one with the largest logit."""

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
        """Return by how much the true class is ahead: `netgrader.checks.held_out.knowledge`."""
        return knowledge(outputs, targets)

    def score_of(self, figure: float) -> float:
        """Return the accuracy itself."""
        return figure

    def figure(self, score: float) -> float:
        """Return the accuracy itself."""
        return score

    def told(self, score: float, digits: int | None = 1) -> str:
        """Return it in percent."""
        return percent(score, digits)

    def at_least(self, score: float) -> Said:
        """Return it in percent, with as many digits as it takes."""
        return Text("over {share}", share=percent(score, None))

    def written(self, score: float, digits: int = 4) -> str:
        """Return it as a number up to 1."""
        return f"{score:.{digits}f}"


ACCURACY = Accuracy()


@dataclass(frozen=True)
class Error:
    """The mean absolute error, or the root of the mean squared one."""

    kind: str
    guessed: float
    """That of who always answers the median of the targets, or their mean."""
    unit: str = ""
    part: str = "prediction"
    curves: tuple[str, str] = ("err_trn", "err_val")
    no_curves: tuple[Text, Text] = (Text("no errors"), Text("the error after each epoch"))
    asked: str = "largest_error"

    def answers(self, outputs: Array) -> Array:
        """Return the numbers; anything else becomes the farthest possible value."""
        numbers = np.nan_to_num(outputs[:, 0].astype(np.float64), nan=FARTHEST, posinf=FARTHEST, neginf=-FARTHEST)
        return np.clip(numbers, -FARTHEST, FARTHEST)

    def score(self, answers: Array, targets: Array) -> float:
        """Return the share of the error of guessing that is gone."""
        return self.score_of(error_of(self.kind, answers - targets))

    def known(self, outputs: Array, targets: Array) -> Floats:
        """Return the rank of each error, the largest first: no few far ones outweigh all others."""
        order = np.argsort(-np.abs(self.answers(outputs) - targets), kind="stable")
        ranks = np.empty(len(order))
        ranks[order] = np.arange(len(order)) / max(1, len(order) - 1)
        return ranks

    def score_of(self, figure: float) -> float:
        """Return the score of an error."""
        return 1 - figure / self.guessed

    def figure(self, score: float) -> float:
        """Return the error of a score."""
        return (1 - score) * self.guessed

    def told(self, score: float, digits: int | None = 1) -> Said:  # noqa: ARG002  (of an error three that count)
        """Return the error in its unit."""
        return Text("an error of {in_unit}", in_unit=self.in_unit(self.figure(score)))

    def at_least(self, score: float) -> Said:
        """Return the largest error."""
        return Text("at most {in_unit}", in_unit=self.in_unit(self.figure(score)))

    def written(self, score: float, digits: int = 4) -> str:  # noqa: ARG002  (three that count)
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
    """Return an error on the data's test targets."""
    targets = dataset.y_test.astype(np.float64)
    middle = np.median(targets) if kind == MEAN_ABSOLUTE else targets.mean()
    return Error(kind, error_of(kind, targets - middle) or 1.0, dataset.spec.unit)


def measure_of(bench: TestContext, exercise: str) -> Measure:
    """Return what an exercise's network is measured by: its accuracy, or the error that its table says."""
    if not bench.spec.is_regression:
        return ACCURACY
    return error_in(bench.dataset, getattr(bench.exercises.of_cell(exercise), "error", MEAN_ABSOLUTE))
