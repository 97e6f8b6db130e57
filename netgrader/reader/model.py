"""What the reader says of a graph: the types `Network`, `Layer`, `Loss`, `Optimizer`, and the `Exercise` that asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

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

    `kind` is ``dense``, ``conv2d``, ...; `activation` is ``none``, ``relu``, ``sigmoid``, ..., ``other`` (nonlinear, but
    of no name) or ``undecided``; `place` is the op that computes its linear step; `variables` are op names; `parameters`
    is how many numbers they hold, None where undecided.
    """

    kind: str
    inputs: int | None
    outputs: int | None
    activation: str
    bias: bool
    variables: tuple[str, ...] = field(compare=False)
    place: str = field(default="", compare=False)
    parameters: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Loss:
    """What is minimised: its `kind`, what it is computed `of` ("logits", "probabilities"), and its `reduction`.

    `detail` names a form that exercises leave free: label smoothing, class weights, a temperature.
    """

    kind: str
    of: str
    reduction: str
    place: str = field(default="", compare=False)
    detail: str = field(default="", compare=False)


@dataclass(frozen=True)
class Optimizer:
    """What moves which variables. `learning_rate` is None where it could not be decided.

    `rate` says how it is used where it is no constant: ``decays`` (from `learning_rate`), ``varies`` (up to it), or ``fed``
    (it is then the default, None where there is none).
    """

    kind: str
    learning_rate: float | None
    variables: tuple[str, ...] = field(compare=False)
    place: str = field(default="", compare=False)
    rate: str = field(default="", compare=False)


@dataclass(frozen=True, eq=False)
class Network:
    """A graph as the reader understands it.

    Two networks are equal if they mean the same: layers, loss, optimizer and fault codes, whatever things are called.
    `undecided` says in sentences what could not be decided; nothing that is undecided is a fault.
    """

    layers: tuple[Layer, ...] = ()
    loss: Loss | None = None
    optimizer: Optimizer | None = None
    faults: tuple[Fault, ...] = ()
    remarks: tuple[Fault, ...] = ()
    roles: Mapping[str, Role] = field(default_factory=dict)
    exercise: Exercise | None = None
    undecided: tuple[str, ...] = ()

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the faults."""
        return frozenset(fault.code for fault in self.faults)

    @property
    def parameters(self) -> int | None:
        """How many numbers the layers' variables hold; None where one of them is undecided."""
        counts = [layer.parameters for layer in self.layers]
        return None if None in counts else sum(count or 0 for count in counts)

    def _meaning(self) -> tuple[Any, ...]:
        optimizer = self.optimizer
        rate = optimizer.learning_rate if optimizer else None
        kind = optimizer.kind if optimizer else None
        return self.layers, self.loss, kind, None if rate is None else f"{rate:.3g}", self.codes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Network) and self._meaning() == other._meaning()

    def __hash__(self) -> int:
        return hash(self._meaning())

    def __str__(self) -> str:
        from netgrader.reader.summary import summary  # noqa: PLC0415 - a view of this type, which it imports

        return summary(self)

    def as_json(self) -> dict[str, Any]:
        """The object of ``netgrader read --json``."""
        from netgrader.reader.summary import as_json  # noqa: PLC0415 - likewise

        return as_json(self)

    def svg(self) -> str:
        """A drawing: layers with widths and activations, loss, optimizer, faulty places marked."""
        from netgrader.reader.drawing import svg  # noqa: PLC0415 - likewise

        return svg(self)

    def _repr_svg_(self) -> str:
        return self.svg()
