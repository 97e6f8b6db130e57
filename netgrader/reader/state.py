"""What the reader knows of one graph while it reads: filled in by the stages, looked at by the faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.reader.find.layers import Step
    from netgrader.reader.find.losses import LossMatch
    from netgrader.reader.find.roles import Roles
    from netgrader.reader.graph.plain import Graph
    from netgrader.reader.model import Exercise
    from netgrader.reader.trial.probe import Bench

__all__ = ["Reading", "Training"]

Array = npt.NDArray[Any]


@dataclass
class Training:
    """What a few steps of the train op did.

    Attributes
    ----------
    kind, rate
        The optimizer; None where undecided.
    moved, still
        The variables that the loss depends on and that the steps changed, or left as they were though the loss has a
        gradient there.
    unreached
        The variables of layers that the loss has no gradient for.
    climbs
        Whether a step goes up what should be minimised; None where that could not be told.
    minimised
        The tensor whose gradient the optimizer is given; None where undecided.
    rate_from
        The placeholders that the rate depends on.
    rate_of
        The tensor that holds the rate; None where the optimizer has no op of its own, or several rates.
    rates
        The rate as steps are counted, where it follows a schedule; `rate` is then the largest.
    measured
        Whether kind and rate come from the steps, not from an optimizer's own op.
    """

    kind: str | None = None
    rate: float | None = None
    moved: tuple[str, ...] = ()
    still: tuple[str, ...] = ()
    unreached: tuple[str, ...] = ()
    climbs: bool | None = None
    minimised: str | None = None
    rate_from: tuple[str, ...] = ()
    rate_of: str | None = None
    rates: tuple[float, ...] = ()
    measured: bool = False
    place: str = ""


@dataclass
class Reading:
    """The state of a reading.

    Attributes
    ----------
    scores
        What the last layer's linear step puts out, before any activation.
    statistics
        Variables that hold statistics of the data; of these, `evaluated_only` are used in evaluation but not in training.
    term
        The term of the loss that is read, where it is a sum of several; `aside` are the layers that only others need.
    chain
        The tensors that all ways from the images to the loss pass, from `scores` to where the labels come in.
    logits
        The tensor of `chain` that `loss_match` is a formula of.
    last_activation
        What stands between `scores` and `logits`; of several functions the last one, `inner_activations` are the others.
    initial
        The variables' values after initialisation.
    measured
        What experiments on the outputs found, by question; a question that could not be asked is absent.
    """

    graph: Graph
    hints: Mapping[str, str]
    eval_feed: Mapping[str, Array]
    exercise: Exercise | None
    roles: Roles
    bench: Bench | None = None
    has_parts: bool = False
    steps: list[Step] = field(default_factory=list)
    unused: list[Step] = field(default_factory=list)
    statistics: frozenset[str] = frozenset()
    evaluated_only: tuple[str, ...] = ()
    aside: list[Step] = field(default_factory=list)
    term: str | None = None
    scores: str | None = None
    chain: list[str] = field(default_factory=list)
    logits: str | None = None
    last_activation: str = "undecided"
    inner_activations: tuple[str, ...] = ()
    loss_match: LossMatch | None = None
    reduction: str = "undecided"
    training: Training = field(default_factory=Training)
    initial: dict[str, Array] = field(default_factory=dict)
    values: Mapping[str, Array] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)
    classes: int = 10

    @property
    def loss(self) -> str | None:
        """The tensor that is minimised, as far as known."""
        return self.training.minimised or self.roles.loss

    @property
    def read(self) -> str | None:
        """The tensor that tells how the classes are scored: the loss, or one of its terms."""
        return self.term or self.loss

    @property
    def weights(self) -> list[str]:
        """The variables of the layers, in order."""
        found = [name for step in self.steps for name in (*step.variables, *step.bias)]
        return list(dict.fromkeys(found))
