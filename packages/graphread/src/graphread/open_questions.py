"""Questions that a reading may leave open, and the faults that cannot be checked because of them.

The absence of a fault means something only if it could have been found: a check that looks for one of these codes is left to
a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphread.faults.layer_faults import scored_elsewhere
from graphread.faults.optimizer_faults import unclear
from graphread.find.roles import HIDING
from graphread.text import Said, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from graphread.reading import Reading

__all__ = ["HOW_WIDE", "WHICH_RATE", "left_open"]

BETWEEN = Text("The grader could not decide what is between the layers; your instructor will look at it.")
HOW_WIDE = Text("The grader could not decide how wide the layers are; your instructor will look at it.")
TRAINING_STEP = Text("The grader could not decide what a training step does; your instructor will look at it.")
WHICH_PREDICTION = Text("The grader could not decide what the prediction computes; your instructor will look at it.")
WHICH_RATE = Text("The grader could not decide which learning rate the network uses; your instructor will look at it.")


NOT_TRIED = ("wrong-placeholder", "prediction-uses-labels")
"""Codes of faults that keep a network from running, or from running unmodified; they account for all open questions."""


@dataclass(frozen=True)
class _Question:
    """A question, its condition for being open, and the fault codes that depend on its answer."""

    sentence: Said
    """The sentence for students."""
    is_open: Callable[[Reading], bool]
    codes: tuple[str, ...]
    asked: str = "name"
    """The attribute of an exercise that raises it; every exercise has a name."""
    behind: tuple[str, ...] = ()
    """Codes of faults that may keep it open: if one of them is found, that fault accounts for it."""

    def stays_open(self, reading: Reading, found: Collection[str]) -> bool:
        """Whether it applies and is open, and no fault in `found` answers or explains it."""
        asked = getattr(reading.found.exercise, self.asked, None) is not None
        return asked and not {*self.codes, *self.behind, *NOT_TRIED}.intersection(found) and self.is_open(reading)


def _loss(reading: Reading) -> bool:
    """Whether there is a loss of unknown formula; a loss that is not finite is a fault in any case."""
    loss = reading.loss
    return reading.found.loss is not None and not loss.decided and loss.finite is not False


def _hides_layers(reading: Reading) -> bool:
    """Whether the network contains functional control flow (a loop or branch), whose content is not read."""
    return not reading.found.graph.ops_above([reading.found.loss]).isdisjoint(HIDING)


def _between(reading: Reading) -> bool:
    """Whether the activation between two layers is undecided."""
    return "undecided" in _followed_by(reading) or _hides_layers(reading)


def _followed_by(reading: Reading) -> set[str]:
    """Return the activations of all layers that are followed by another layer."""
    return {step.activation for step in reading.found.steps if step.followed}


def _widths(reading: Reading) -> bool:
    """Whether the width of a layer is undecided."""
    return None in {step.outputs for step in reading.found.steps} or _hides_layers(reading)


def _after_the_last(reading: Reading) -> bool:
    """Whether the formula of the loss is known, but not the activation before it."""
    return reading.loss.decided and reading.loss.last_activation == "undecided"


def _mean(reading: Reading) -> bool:
    """Whether the reduction of the loss over rows is undecided."""
    return reading.found.loss is not None and reading.loss.reduction == "undecided"


def _of_train_op(reading: Reading, unknown: bool) -> bool:
    """Whether there is a train op of which something is unknown."""
    return reading.found.roles.train_op is not None and unknown


def _accuracy(reading: Reading) -> bool:
    """Whether there is an accuracy that could not be computed from known logits."""
    return reading.found.outputs.accuracy is not None and reading.outputs.accuracy_is is None


def _prediction(reading: Reading) -> bool:
    """Whether there is a prediction that could not be computed from known logits."""
    return reading.found.outputs.prediction is not None and reading.outputs.prediction_is is None


def _number(reading: Reading) -> bool:
    """Whether a named prediction could not be compared with the targets."""
    return "prediction" in reading.found.hints and reading.targets.prediction_fits is None


_OF_LOSS = (
    "softmax-before-loss",
    "sigmoid-before-loss",
    "mse-on-softmax",
    "mse-on-logits",
    "sigmoid-cross-entropy",
    "wrong-loss",
    "loss-over-wrong-axis",
    "labels-logits-swapped",
    "labels-off-by-one",
    "classification-loss",
    "broadcast-in-loss",
    "differences-cancel",
)
_OF_LAST = ("relu-on-logits", "logits-are-probabilities")
_OF_ANY = (
    _Question(
        Text("The grader could not decide what the loss computes; your instructor will look at it."),
        _loss,
        (*_OF_LOSS, *_OF_LAST),
    ),
    _Question(
        BETWEEN,
        _between,
        ("missing-activation", "softmax-in-hidden-layer", "wrong-activation"),
    ),
    _Question(
        Text("The grader could not decide what comes after the last layer; your instructor will look at it."),
        _after_the_last,
        _OF_LAST,
        behind=_OF_LOSS,
    ),
    _Question(
        BETWEEN,
        lambda reading: "other" in _followed_by(reading),
        ("wrong-activation",),
        "activations",
    ),
    _Question(
        Text("The grader could not decide whether each layer has a bias; your instructor will look at it."),
        lambda reading: not reading.setup.opened,
        ("missing-bias",),
        "bias",
    ),
    _Question(BETWEEN, lambda reading: scored_elsewhere(reading.found), ("too-few-layers",)),
    _Question(HOW_WIDE, _widths, ("wrong-width",), "widths"),
    _Question(
        Text("The grader could not decide which optimizer this is; your instructor will look at it."),
        lambda reading: _of_train_op(reading, reading.descent.kind is None),
        ("wrong-optimizer",),
        "optimizer",
    ),
    _Question(
        WHICH_RATE,
        lambda reading: _of_train_op(reading, reading.descent.rate is None),
        ("learning-rate-not-as-stated",),
        "learning_rate",
    ),
    _Question(
        TRAINING_STEP,
        lambda reading: _of_train_op(reading, not reading.descent.runs),
        ("maximises-loss", "layers-not-trained"),
    ),
    _Question(TRAINING_STEP, lambda reading: bool(unclear(reading)), ("layers-not-trained",)),
    _Question(
        TRAINING_STEP,
        lambda reading: _of_train_op(reading, not reading.found.descends),
        ("shared-weights", "batchnorm-not-updated"),
    ),
    _Question(
        Text(
            "The grader could not decide whether evaluation gives the same answer each time; your instructor will look at it."
        ),
        lambda reading: reading.rows.repeats is None,
        ("dropout-at-evaluation", "keep-rate-swapped", "rows-mixed"),
    ),
    _Question(
        Text(
            "The grader could not decide whether the network takes any number of rows; your instructor will look at it."
        ),
        lambda reading: reading.setup.batch is not None and reading.rows.other_batch is None,
        ("fixed-batch-size",),
    ),
)
_OF_CLASSES = (
    _Question(
        Text("The grader could not decide what the accuracy computes; your instructor will look at it."),
        _accuracy,
        ("accuracy-over-wrong-axis", "accuracy-without-argmax", "accuracy-not-mean"),
        behind=("accuracy-wrong",),
    ),
    _Question(WHICH_PREDICTION, _prediction, ("prediction-wrong",), behind=_OF_LOSS),
)
_OF_NUMBERS = (
    _Question(
        Text("The grader could not decide whether the loss is a mean over the rows; your instructor will look at it."),
        _mean,
        ("loss-not-mean",),
    ),
    _Question(WHICH_PREDICTION, _number, ("prediction-wrong",), behind=_OF_LOSS),
)
QUESTIONS = {False: (*_OF_ANY, *_OF_CLASSES), True: (*_OF_ANY, *_OF_NUMBERS)}
"""Questions by whether the task is regression."""


def left_open(reading: Reading, found: Collection[str]) -> Mapping[str, Said]:
    """Return the codes of faults that could not be checked, each with the open question.

    `found` are the codes of detected faults; questions that they answer or explain are skipped.
    """
    questions = QUESTIONS[reading.found.given.regression]
    return {code: one.sentence for one in questions if one.stays_open(reading, found) for code in one.codes}
