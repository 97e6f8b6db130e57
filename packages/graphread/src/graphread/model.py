"""What the reader says of a graph, as types, words and JSON; and the `Exercise` that asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from graphread.text import Plural, Said, Text, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from graphread.fault import Fault


@dataclass(frozen=True)
class Exercise:
    """What an exercise asks of a network, as data. None means: free."""

    name: str
    """The id of the solution cell that asks for it."""
    widths: tuple[int, ...] | None = None
    """Outputs of each layer in order, ``(1500, 10)``."""
    activations: tuple[str, ...] | None = None
    """Activation after each layer, the last one ``"none"``: ``("relu", "none")``."""
    inputs: int | None = None
    classes: int | None = None
    """Width of a flattened image and number of classes; None if unknown."""
    input_shape: tuple[int, ...] | None = None
    """Of an image as the network is fed it; a flat row is taken as well."""
    one_output: bool = False
    """Whether labels of two classes are a column of 0 and 1, for a network with one output."""
    image_shape: tuple[int, ...] | None = None
    """Height and width of an image, and its colours if there are several; None where inputs are not images."""
    loss: str | None = "softmax-cross-entropy"
    optimizer: str | None = None
    """Kinds as in `Loss.kind` and `Optimizer.kind`."""
    learning_rate: float | None = None
    """The rate that this graph was asked for."""
    min_layers: int | None = None
    """Fewest trained layers."""
    min_conv_layers: int | None = None
    """Fewest convolutions among them, one behind the other."""
    nonlinear: bool = True
    """Whether a nonlinearity must stand between every two layers."""
    bias: bool | None = None
    """Whether each dense layer must have one."""
    initialisation: str | None = None
    """``"glorot-uniform"`` or None."""
    outputs: int | None = None
    """How many real numbers each row's target has, where the network is to come close to them: regression. Then `loss` is
    a kind of `graphread.find.target_losses`. None for classification."""
    keras: bool = False
    """Whether a Keras model, or another that is traced, is asked for: then no part of a `net` is."""
    targets: tuple[float, float] | None = None
    """The smallest and the largest target, which an activation behind the last layer must reach."""

    @property
    def label_width(self) -> int | None:
        """How many numbers the label of a row has."""
        return 1 if self.one_output else self.classes

    @property
    def row_shapes(self) -> list[tuple[int, ...]]:
        """The shapes in which an image may be fed, the likeliest first."""
        flat = self.inputs and (self.inputs,)
        return [sizes for sizes in (self.input_shape, flat) if sizes]


NOTHING_ASKED = Exercise("", loss=None, nonlinear=False)
"""In place of an exercise where nobody asks for the network."""


@dataclass(frozen=True)
class Role:
    """A part of the network, the tensor or op that plays it, and why it was chosen.

    `name` is None where the role is undecided or absent; `candidates` then lists what it might be.
    """

    role: str
    name: str | None
    reason: Said
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
    name: str = field(default="", compare=False)
    """What its author calls it, where layers have names."""

    @property
    def described(self) -> list[Said]:
        """What a line about it lists: its kind, its sizes, its activation, and more."""
        sizes = " → ".join("?" if size is None else str(size) for size in (self.inputs, self.outputs))
        activation = {
            "none": Text("no activation"),
            "undecided": Text("activation undecided"),
            "other": Text("an activation of its own"),
        }
        words: list[Said] = [self.kind, sizes, activation.get(self.activation, self.activation)]
        if not self.bias:
            words.append(Text("no bias"))
        if self.parameters is not None:
            words.append(Text("{parameters:,} parameters", parameters=self.parameters))
        return words

    def describe(self) -> Text:
        """Return the layer in a line."""
        return joined(self.described, ", ")


@dataclass(frozen=True)
class Loss:
    """The loss: its `kind`, its input `of` ("logits", "probabilities"), and its `reduction`.

    `detail` names a form that exercises leave free: label smoothing, class weights, a temperature.
    """

    kind: str
    of: str
    reduction: str
    place: str = field(default="", compare=False)
    detail: Said = field(default="", compare=False)


@dataclass(frozen=True)
class Optimizer:
    """What moves which variables. `learning_rate` is None where it could not be decided.

    `rate` says how it is used if it is not constant: ``decays`` (from `learning_rate`), ``varies`` (up to it), or ``fed``
    (it is then the default, None where there is none).
    """

    kind: str
    learning_rate: float | None
    variables: tuple[str, ...] = field(compare=False)
    place: str = field(default="", compare=False)
    rate: str = field(default="", compare=False)


_RATES = {
    "": Text("learning rate {known}"),
    "fed": Text("learning rate fed, {known} by default"),
    "decays": Text("learning rate decays from {known}"),
    "varies": Text("learning rate varies, {known} at most"),
}
_VARIABLES = Plural("{number} variable", "{number} variables")
_RATES_UNKNOWN = {"fed": Text("learning rate fed")}
"""How the learning rate is described, by `Optimizer.rate`: where it is known, and where it is not."""


@dataclass(frozen=True, eq=False)
class Network:
    """A graph as the reader understands it.

    Two networks are equal if they mean the same: layers, loss, optimizer and fault codes, regardless of names.
    `undecided` says in sentences what could not be decided; nothing that is undecided is a fault.
    """

    layers: tuple[Layer, ...] = ()
    loss: Loss | None = None
    optimizer: Optimizer | None = None
    faults: tuple[Fault, ...] = ()
    remarks: tuple[Fault, ...] = ()
    roles: Mapping[str, Role] = field(default_factory=dict)
    exercise: Exercise | None = None
    undecided: tuple[Said, ...] = ()
    left_open: Mapping[str, Said] = field(default_factory=dict)
    """Codes of faults that could not be looked for, each with a sentence for students that says what is undecided."""
    prediction_is: str | None = None
    """What the prediction is of the scores: an activation, ``classes``, ``distribution`` or ``other``; None where undecided."""

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the faults."""
        return frozenset(fault.code for fault in self.faults)

    @property
    def parameters(self) -> int | None:
        """How many numbers the layers' variables hold; None where one of them is undecided."""
        return total([layer.parameters for layer in self.layers])

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
        lines = ["Network"]
        named = [f"{layer.name}: {layer.describe()}".removeprefix(": ") for layer in self.layers]
        layers = [f"  {index}. {words}" for index, words in enumerate(named, 1)]
        lines += layers or ["  no layers found"]
        lines += [f"  loss: {self.describe_loss()}", f"  optimizer: {self.describe_optimizer()}"]
        lines += _section("Faults", chain.from_iterable(map(_fault_lines, self.faults)))
        lines += _section("Remarks", chain.from_iterable(map(_fault_lines, self.remarks)))
        lines += _section("Undecided", self.undecided)
        return "\n".join(lines)

    def describe_loss(self) -> Said:
        """Return the loss in a few words."""
        loss = self.loss
        if loss is None:
            return Text("none found")
        detail = Text(", {detail}", detail=loss.detail) if loss.detail else ""
        kind = loss.kind.replace("-", " ")
        return Text(
            "{kind} of {of}, reduction: {reduction}{detail}",
            kind=kind,
            of=loss.of,
            reduction=loss.reduction,
            detail=detail,
        )

    def describe_optimizer(self) -> Said:
        """Return the optimizer in a few words."""
        optimizer = self.optimizer
        if optimizer is None:
            return Text("none found")
        known, rate = "", _RATES_UNKNOWN.get(optimizer.rate, Text("learning rate undecided"))
        if optimizer.learning_rate is not None:
            known, rate = f"{optimizer.learning_rate:.4g}", _RATES[optimizer.rate]
        rate = rate.format(known=known)
        variables = _VARIABLES.of(len(optimizer.variables))
        return joined([str(optimizer.kind), rate, variables], ", ")

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` writes: layers, loss, optimizer, and the codes of faults and remarks."""
        layer_keys = ("kind", "inputs", "outputs", "activation", "bias", "variables")
        return {
            "layers": [_chosen(layer, (*layer_keys, *["name"] * bool(layer.name))) for layer in self.layers],
            "loss": _chosen(self.loss, ("kind", "of", "reduction")),
            "optimizer": _chosen(self.optimizer, ("kind", "learning_rate", "variables")),
            "faults": [fault.code for fault in self.faults],
            "remarks": [fault.code for fault in self.remarks],
        }

    def svg(self) -> str:
        """Draw layers with widths and activations, loss and optimizer; faulty places are marked."""
        from graphread import drawing  # noqa: PLC0415 - a view of this type

        return drawing.svg(drawing.boxes_of(self), str(drawing.title_of(self)))

    def _repr_svg_(self) -> str:
        return self.svg()


def total(counts: Sequence[int | None]) -> int | None:
    """Return the sum of counts; None where one is not known."""
    return None if None in counts else sum(count or 0 for count in counts)


def _chosen(part: Layer | Loss | Optimizer | None, keys: tuple[str, ...]) -> dict[str, Any] | None:
    """Some attributes of a part of the network as JSON."""
    if part is None:
        return None
    values = {key: getattr(part, key) for key in keys}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def _section(title: str, lines: Iterable[Said]) -> list[str]:
    """A title and the lines below it; nothing where there are none."""
    found = [f"  {line}" for line in lines]
    return [title, *found] if found else []


def _fault_lines(fault: Fault) -> list[str]:
    place = f" (at {fault.where})" if fault.place else ""
    lines = [f"{fault.code}: {fault.sentence}{place}"]
    if fault.found:
        expected = f", expected {fault.expected}" if fault.expected else ""
        lines.append(f"  found {fault.found}{expected}")
    return lines
