"""The findings from following the graph: the start of experiments, and the input of faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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
    """What is given with a graph."""

    hints: Mapping[str, str]
    """The student's names for parts: tensors, or an op for ``train_op``."""
    exercise: Exercise | None
    """What asks for the network; None where nothing does."""
    values: Mapping[str, Array]
    """Values of variables by op name."""
    eval_feed: Mapping[str, Array]
    """The values that evaluation feeds in addition to images and labels, by tensor."""
    has_parts: bool
    """Whether the student's parts were given at all."""
    inputs: int
    classes: int
    """How wide a flattened image is, and how many classes there are, or numbers in a target; 0 where that is not known
    yet."""
    names: Mapping[str, str] | None = None
    """What the author calls the layer of each variable, where functions were traced: then nobody named parts of a graph."""

    single: bool = False
    """Whether a function puts out a single number for each row."""
    beside: frozenset[str] = frozenset()
    """Further named parts, which a loop may run with the training step: tensors and ops by name."""

    @property
    def asked(self) -> Exercise:
        """What is asked of the network: nothing where no exercise asks for it."""
        return self.exercise or NOTHING_ASKED

    def named(self, *parts: str) -> list[str]:
        """Return what the student calls these parts, of those that have a name."""
        return [self.hints[part] for part in parts if part in self.hints]

    @property
    def regression(self) -> bool:
        """Whether labels are real numbers to come close to, not classes."""
        return self.single if self.exercise is None else self.exercise.outputs is not None


@dataclass(frozen=True)
class Found:
    """What following the graph found; experiments refine it."""

    graph: Graph
    given: Given
    """The graph as evaluation sees it, and what was given with it."""
    roles: Roles
    layers: Layers
    outputs: Outputs
    """Which part plays which role; the layers and where they lead; prediction and accuracy."""
    statistics: frozenset[str] = frozenset()
    """Variables that hold statistics of the data."""
    unused: tuple[Step, ...] = ()
    """Layers that the loss does not depend on."""
    noisy: Mapping[str, Array] = field(default_factory=dict)
    """What training feeds its switches, where numbers drawn at random then lead to the scores."""
    minimised: str | None = None
    """The tensor whose gradient the optimizer is given, where that was tried out."""

    @property
    def judged(self) -> bool:
        """Whether an exercise asks for something, or everything trained compares with labels."""
        return self.exercise is not None or self.roles.labels is not None or self.roles.train_op is None

    @property
    def steps(self) -> tuple[Step, ...]:
        """The linear step of each layer, in order."""
        return self.layers.steps

    @property
    def scores(self) -> str | None:
        """What the last layer's linear step puts out."""
        return self.layers.scores

    @property
    def exercise(self) -> Exercise | None:
        """What asks for the network."""
        return self.given.exercise

    @property
    def asked(self) -> Exercise:
        """What is asked of the network: nothing where no exercise asks for it."""
        return self.given.asked

    @property
    def hints(self) -> Mapping[str, str]:
        """The student's names for parts."""
        return self.given.hints

    @property
    def loss(self) -> str | None:
        """The tensor that is minimised, as far as known."""
        return self.minimised or self.roles.loss

    @property
    def read(self) -> str | None:
        """The tensor that tells how the classes are scored: the loss, or one of its terms."""
        return self.layers.term or self.loss

    @property
    def weights(self) -> list[str]:
        """The variables of the layers, in order."""
        found = [name for step in self.steps for name in (*step.variables, *step.bias)]
        return list(dict.fromkeys(found))

    @property
    def float_weights(self) -> list[str]:
        """Those of the weights that hold real numbers."""
        return [name for name in self.weights if self.graph.nodes[name].dtype("dtype").startswith("float")]
