"""Results of static analysis: the basis of experiments and the input of fault checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphread.find.roles import moved_by_gradients
from graphread.model import NOTHING_ASKED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphread.find.layers import Step
    from graphread.find.outputs import Layers, Outputs
    from graphread.find.roles import Roles
    from graphread.graph.nodes import Array
    from graphread.graph.plain import Graph
    from graphread.model import Exercise


@dataclass(frozen=True)
class Given:
    """The facts given along with a graph."""

    hints: Mapping[str, str]
    """The student's names for parts: tensors, or an op for ``train_op``."""
    exercise: Exercise | None
    """The exercise with its requirements; None without one."""
    values: Mapping[str, Array]
    """Values of variables by op name."""
    eval_feed: Mapping[str, Array]
    """Values to feed at evaluation in addition to images and labels, by tensor."""
    has_parts: bool
    """Whether the student's parts were given."""
    inputs: int
    classes: int
    """Size of a flattened input, and number of classes or of values in a target; 0 if not yet known."""
    names: Mapping[str, str] | None = None
    """The author's layer name for each variable of a traced model, which has no named parts; else None."""

    single: bool = False
    """Whether a model has a single output for each row."""
    beside: frozenset[str] = frozenset()
    """Other named parts, which a loop may run along with the training step: tensors and ops by name."""

    @property
    def asked(self) -> Exercise:
        """Return the exercise's requirements; none without an exercise."""
        return self.exercise or NOTHING_ASKED

    def named(self, *parts: str) -> list[str]:
        """Return the student's tensors for these parts, as far as they are named."""
        return [self.hints[part] for part in parts if part in self.hints]

    @property
    def regression(self) -> bool:
        """Whether the labels are real-valued targets, not classes."""
        return self.single if self.exercise is None else self.exercise.outputs is not None


@dataclass(frozen=True)
class Found:
    """The results of static analysis; experiments refine them."""

    graph: Graph
    given: Given
    """The graph as evaluation sees it, and the facts given along with it."""
    roles: Roles
    layers: Layers
    outputs: Outputs
    """The roles of parts; the layers and their outputs; prediction and accuracy."""
    statistics: frozenset[str] = frozenset()
    """Variables that hold statistics of the data, such as moving averages."""
    unused: tuple[Step, ...] = ()
    """Layers that the loss does not depend on."""
    noisy: Mapping[str, Array] = field(default_factory=dict)
    """Feeds of training for the switches, if random numbers then affect the logits."""
    minimised: str | None = None
    """The tensor whose gradient the optimizer receives, if an experiment determined it."""

    @property
    def judged(self) -> bool:
        """Whether the graph is judged: it has an exercise or labels, or trains nothing."""
        return self.exercise is not None or self.roles.labels is not None or self.roles.train_op is None

    @property
    def descends(self) -> bool:
        """Whether a loss is trained, by a named step or by gradients; others may be no training."""
        updates = self.roles.updates
        return self.loss is not None and bool(updates if self.names_step else moved_by_gradients(updates))

    @property
    def names_step(self) -> bool:
        """Whether the train op is the one that the student names; any other is the reader's guess."""
        return self.roles.train_op == self.hints.get("train_op")

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the linear step of each layer, in order."""
        return self.layers.steps

    @property
    def scores(self) -> str | None:
        """Return the output of the last layer's linear step."""
        return self.layers.scores

    @property
    def exercise(self) -> Exercise | None:
        """Return the exercise with its requirements."""
        return self.given.exercise

    @property
    def asked(self) -> Exercise:
        """Return the exercise's requirements; none without an exercise."""
        return self.given.asked

    @property
    def hints(self) -> Mapping[str, str]:
        """Return the student's names for parts."""
        return self.given.hints

    @property
    def loss(self) -> str | None:
        """Return the minimized tensor, as far as known."""
        return self.minimised or self.roles.loss

    @property
    def read(self) -> str | None:
        """Return the tensor that shows how classes are scored: the loss, or one of its terms."""
        return self.layers.term or self.loss

    @property
    def weights(self) -> list[str]:
        """Return the variables of the layers, in order."""
        found = [name for step in self.steps for name in (*step.variables, *step.bias)]
        return list(dict.fromkeys(found))

    @property
    def float_weights(self) -> list[str]:
        """Return the weights with a floating-point dtype."""
        return [name for name in self.weights if self.graph.nodes[name].dtype("dtype").startswith("float")]
