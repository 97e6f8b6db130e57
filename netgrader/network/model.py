"""What the reader says of a graph: the types `Network`, `Layer`, `Loss`, `Optimizer`, and the `Exercise` that asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from netgrader.faults import Fault

__all__ = ["Exercise", "Layer", "Loss", "Network", "Optimizer", "Role"]


@dataclass(frozen=True)
class Exercise:
    """What an exercise asks of a network, as data. None means: free.

    Attributes
    ----------
    name
        The id of the solution cell that asks for it.
    widths
        Outputs of each layer in order, ``(1500, 10)``.
    activations
        Activation after each layer, the last one ``"none"``: ``("relu", "none")``.
    inputs, classes
        Width of a flattened image and number of classes.
    loss, optimizer
        Kinds as in `Loss.kind` and `Optimizer.kind`.
    learning_rate
        The rate that this graph was asked for.
    min_layers
        Fewest trained layers.
    nonlinear
        Whether a nonlinearity must stand between every two layers.
    bias
        Whether each dense layer must have one.
    initialisation
        ``"glorot-uniform"`` or None.
    """

    name: str
    widths: tuple[int, ...] | None = None
    activations: tuple[str, ...] | None = None
    inputs: int = 784
    classes: int = 10
    loss: str | None = "softmax-cross-entropy"
    optimizer: str | None = None
    learning_rate: float | None = None
    min_layers: int | None = None
    nonlinear: bool = True
    bias: bool | None = None
    initialisation: str | None = None


@dataclass(frozen=True)
class Role:
    """A part of the network, the tensor or op that plays it, and why it was chosen.

    `name` is None where the role is undecided or absent; `candidates` then lists what it might be.
    """

    role: str
    name: str | None
    reason: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layer:
    """One trained layer. `inputs`/`outputs` are units (channels for a convolution), None where undecided.

    `kind` is ``dense``, ``conv2d``, ...; `activation` is ``none``, ``relu``, ``sigmoid``, ... or ``undecided``;
    `place` is the op that computes its linear step; `variables` are op names.
    """

    kind: str
    inputs: int | None
    outputs: int | None
    activation: str
    bias: bool
    variables: tuple[str, ...]
    place: str = ""


@dataclass(frozen=True)
class Loss:
    """What is minimised: its `kind`, what it is computed `of` ("logits", "probabilities"), and its `reduction`."""

    kind: str
    of: str
    reduction: str
    place: str = ""


@dataclass(frozen=True)
class Optimizer:
    """What moves which variables. `learning_rate` is None where it could not be decided."""

    kind: str
    learning_rate: float | None
    variables: tuple[str, ...]
    place: str = ""


@dataclass(frozen=True)
class Network:
    """A graph as the reader understands it."""

    layers: tuple[Layer, ...] = ()
    loss: Loss | None = None
    optimizer: Optimizer | None = None
    faults: tuple[Fault, ...] = ()
    remarks: tuple[Fault, ...] = ()
    roles: Mapping[str, Role] = field(default_factory=dict)
    exercise: Exercise | None = None

    def as_json(self) -> dict[str, Any]:
        """The object of ``netgrader read --json``."""
        raise NotImplementedError
