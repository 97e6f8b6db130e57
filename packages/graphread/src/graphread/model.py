"""Types of the reader's results, with texts and JSON, and the `Exercise` that states requirements."""

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
    """The requirements of an exercise, as data; None leaves a choice to the student."""

    name: str
    """Id of its solution cell."""
    widths: tuple[int, ...] | None = None
    """Number of outputs of each layer in order, such as ``(1500, 10)``."""
    activations: tuple[str, ...] | None = None
    """Activation after each layer, ``"none"`` after the last: ``("relu", "none")``."""
    inputs: int | None = None
    classes: int | None = None
    """Size of a flattened input and number of classes; None if unknown."""
    input_shape: tuple[int, ...] | None = None
    """Shape of one input as fed; flat rows are accepted, too."""
    one_output: bool = False
    """Whether two classes are labeled by one column of 0 and 1, for a network with a single output."""
    image_shape: tuple[int, ...] | None = None
    """Height and width of an image, then channels if there are several; None if inputs are not images."""
    loss: str | None = "softmax-cross-entropy"
    optimizer: str | None = None
    """Kinds as in `Loss.kind` and `Optimizer.kind`."""
    learning_rate: float | None = None
    """The learning rate required for this graph."""
    min_layers: int | None = None
    """Minimum number of trained layers."""
    min_conv_layers: int | None = None
    """Minimum number of successive convolutions among them."""
    nonlinear: bool = True
    """Whether a nonlinearity is required between any two layers."""
    bias: bool | None = None
    """Whether each dense layer must have a bias."""
    initialisation: str | None = None
    """``"glorot-uniform"`` or None."""
    outputs: int | None = None
    """For regression, the number of real values in each row's target; `loss` is then a kind of
    `graphread.find.target_losses`. None for classification."""
    keras: bool = False
    """Whether a Keras model, or another traced model, is required: then it has no `net` with named parts."""
    targets: tuple[float, float] | None = None
    """Smallest and largest target, which must be within the range of the last activation."""

    @property
    def label_width(self) -> int | None:
        """Return the width of a row's label; None if unknown."""
        return 1 if self.one_output else self.classes

    @property
    def row_shapes(self) -> list[tuple[int, ...]]:
        """Return the shapes in which an input may be fed, likeliest first."""
        flat = self.inputs and (self.inputs,)
        return [sizes for sizes in (self.input_shape, flat) if sizes]


NOTHING_ASKED = Exercise("", loss=None, nonlinear=False)
"""A placeholder exercise without requirements."""


@dataclass(frozen=True)
class Role:
    """A part of the network, the tensor or op that plays it, and the reason for the choice.

    `name` is None if the role is undecided or absent; `candidates` then lists possible names.
    """

    role: str
    name: str | None
    reason: Said
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layer:
    """A trained layer. `inputs` and `outputs` count units or channels; None if undecided.

    `kind` is ``dense``, ``conv2d``, ...; `activation` is ``none``, ``relu``, ``sigmoid``, ..., ``other`` (an unknown
    nonlinear function) or ``undecided``; `place` is the op of its linear step; `variables` are op names; `parameters` is the
    number of its trainable values, None if undecided.
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
    """The author's name of the layer; empty if layers have no names."""

    @property
    def described(self) -> list[Said]:
        """Return the items of its description: kind, sizes, activation, and more."""
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
        """Return the layer's description in one line."""
        return joined(self.described, ", ")


@dataclass(frozen=True)
class Loss:
    """The loss: its `kind`, its input `of` ("logits", "probabilities"), and its `reduction`.

    `detail` names a variant that exercises permit: label smoothing, class weights, a temperature.
    """

    kind: str
    of: str
    reduction: str
    place: str = field(default="", compare=False)
    detail: Said = field(default="", compare=False)


@dataclass(frozen=True)
class Optimizer:
    """The optimizer and its variables. `learning_rate` is None if undecided.

    `rate` describes a rate that is not constant: ``decays`` (from `learning_rate`), ``varies`` (up to it), or ``fed``
    (`learning_rate` is then the default, None if there is none).
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
"""Text for a learning rate by `Optimizer.rate`, if it is known (`_RATES`) and if it is not."""


@dataclass(frozen=True, eq=False)
class Network:
    """The reader's view of a graph.

    Two networks are equal if layers, loss, optimizer and fault codes agree, regardless of names. `undecided` has a sentence
    for each open question; an undecided property is never a fault.
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
    """Codes of faults that could not be checked, each with a sentence for students on what is undecided."""
    prediction_is: str | None = None
    """The function that maps logits to the prediction: an activation, ``classes``, ``distribution`` or ``other``; None if
    undecided."""
    brought: Mapping[str, Fault] = field(default_factory=dict)
    """Codes of consequences, which are not among the faults, each with the fault that brings it."""

    @property
    def codes(self) -> frozenset[str]:
        """Return the codes of the faults."""
        return frozenset(fault.code for fault in self.faults)

    @property
    def parameters(self) -> int | None:
        """Return the number of trainable values in all layers; None if undecided for one of them."""
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
        """Return a short description of the loss."""
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
        """Return a short description of the optimizer."""
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
        """Return the JSON of ``--json``: layers, loss, optimizer, and the codes of faults and remarks."""
        layer_keys = ("kind", "inputs", "outputs", "activation", "bias", "variables")
        return {
            "layers": [_chosen(layer, (*layer_keys, *["name"] * bool(layer.name))) for layer in self.layers],
            "loss": _chosen(self.loss, ("kind", "of", "reduction")),
            "optimizer": _chosen(self.optimizer, ("kind", "learning_rate", "variables")),
            "faults": [fault.code for fault in self.faults],
            "remarks": [fault.code for fault in self.remarks],
        }

    def svg(self) -> str:
        """Return an SVG with layers, loss and optimizer; faults are marked."""
        from graphread import drawing  # noqa: PLC0415 - a view of this type

        return drawing.svg(drawing.boxes_of(self), str(drawing.title_of(self)))

    def _repr_svg_(self) -> str:
        return self.svg()


def total(counts: Sequence[int | None]) -> int | None:
    """Return the sum of counts; None if one is unknown."""
    return None if None in counts else sum(count or 0 for count in counts)


def _chosen(part: Layer | Loss | Optimizer | None, keys: tuple[str, ...]) -> dict[str, Any] | None:
    """Return some attributes of a part of the network as JSON."""
    if part is None:
        return None
    values = {key: getattr(part, key) for key in keys}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def _section(title: str, lines: Iterable[Said]) -> list[str]:
    """Return a title and the lines below it, or nothing if there are none."""
    found = [f"  {line}" for line in lines]
    return [title, *found] if found else []


def _fault_lines(fault: Fault) -> list[str]:
    place = f" (at {fault.where})" if fault.place else ""
    lines = [f"{fault.code}: {fault.sentence}{place}"]
    if fault.found:
        expected = f", expected {fault.expected}" if fault.expected else ""
        lines.append(f"  found {fault.found}{expected}")
    return lines
