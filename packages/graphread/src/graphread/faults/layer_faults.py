"""Faults of the layers: how many, how wide, what is between them, how they begin."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from graphread.drawing import LAYERS
from graphread.fault import fault
from graphread.fault_kinds import Severity
from graphread.find.joining import depths
from graphread.find.layers import by_weights, factor_behind, ops_between, transposes
from graphread.find.roles import all_updates, moved_by_gradients
from graphread.graph.nodes import node_of, words
from graphread.text import Plural, Text
from graphread.trial.probe import products

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from graphread.fault import Fault
    from graphread.find import Found
    from graphread.find.layers import Step
    from graphread.graph.nodes import Array
    from graphread.reading import Reading

Asked = TypeVar("Asked")
_UNKNOWN = ("undecided", "other")
_LOOPING = words("NextIteration RefNextIteration While StatelessWhile")
_SATURATING = ("sigmoid", "tanh")
"""What hides in the scores how large the numbers before it are."""
_IN_A_ROW = Plural("{number} layer in a row", "{number} layers in a row")
MEANT = 2
"""So often again the same weights are read where that may be meant: a recurrence (Lan et al., 2020)."""


def _in_a_row(found: Found) -> int | None:
    """How many layers follow one another; None where that is not known."""
    if not found.steps or looped(found) or scored_elsewhere(found):
        return None
    return max(depths(found.graph, found.steps))


def depth(reading: Reading) -> Iterator[Fault]:
    """More layers in a row than the exercise asks for, or fewer."""
    found, asked, count = reading.found, len(reading.asked.widths or ()), _in_a_row(reading.found)
    least = reading.asked.min_layers or asked
    if count is None:
        return
    if count + len(_joined(found)) < least:
        yield _too_few(found, count, least)
    elif count > asked > 0:
        yield fault("too-many-layers", found.steps[-1].node, LAYERS.of(count), str(asked))


def _too_few(found: Found, count: int, least: int) -> Fault:
    """Return the fault of too few layers: one that is there and not connected, where that is why."""
    loose = [step.node for step in found.unused if not _mirrors(step, found.steps)]
    if loose:
        told = Text("a layer that the loss does not depend on")
        return fault("layer-not-connected", loose[0], told, _IN_A_ROW.of(least))
    many = LAYERS if len(found.steps) == count else _IN_A_ROW
    return fault("too-few-layers", found.steps[-1].node, many.of(count), f"{least}")


def _joined(found: Found) -> list[str]:
    """Matrices that are trained on the way to the loss, and that no layer multiplies with."""
    graph, late = found.graph, found.graph.descendants([found.roles.labels])
    trained = found.roles.gradients.keys() - set(found.weights)
    way = graph.descendants([found.roles.images], stop=late) & graph.ancestors([found.loss])
    made = {name: graph.descendants([f"{name}:0"], stop=late) for name in trained if graph.nodes[name].rank() > 1}
    return [name for name, below in made.items() if way & below]


def scored_elsewhere(found: Found) -> bool:
    """Whether the named logits have no part in the loss, as where classes are sampled.

    Layers may lead to them.
    """
    logits = found.hints.get("logits")
    return logits is not None and logits not in found.graph.ancestors([found.loss])


def looped(found: Found) -> bool:
    """Whether a layer is in a loop: how often it is passed is not known."""
    return not _LOOPING.isdisjoint(ops_between(found.graph, found.roles.images, found.loss))


def _mirrors(step: Step, steps: Sequence[Step]) -> bool:
    return (step.inputs, step.outputs) in {(other.inputs, other.outputs) for other in steps}


def _asked_of(reading: Reading, asked: Sequence[Asked]) -> Iterator[tuple[Step, Asked]]:
    """Yield each layer with what is asked of it; nothing where it is not known which is which."""
    steps = reading.found.steps
    if len(asked) == len(steps) and not looped(reading.found):
        yield from zip(steps, asked, strict=True)


def widths(reading: Reading) -> Iterator[Fault]:
    """Layers of another width than required."""
    for step, width in _asked_of(reading, reading.asked.widths or ()):
        if step.outputs not in (None, width):
            yield fault("wrong-width", step.node, _UNITS[step.kind == "dense"].format(outputs=step.outputs), str(width))
    yield from _narrow(reading)


def _narrow(reading: Reading) -> Iterator[Fault]:
    """The first dense layer reads fewer numbers than an image has, and not each piece of it."""
    inputs, asked = reading.found.given.inputs, reading.asked.widths or ()
    for first, _ in islice(_asked_of(reading, asked), 1):
        if first.kind == "dense" and first.places in (None, 1) and (first.inputs or inputs) < inputs:
            yield fault("wrong-width", first.node, Text("{inputs} inputs", inputs=first.inputs), str(inputs))


_UNITS = {True: Text("{outputs} outputs"), False: Text("{outputs} channels")}
"""How widths are called, by whether a layer is dense."""


def activations(reading: Reading) -> Iterator[Fault]:
    """An activation between layers that is missing, or not the function that the exercise asks for."""
    asked = reading.asked.activations or [""] * len(reading.found.steps)
    grave = Severity.REMARK if _is_free(reading) else None
    lacking = "missing-activation" if reading.asked.nonlinear else "linear-layers"
    named = {
        "none": (lacking, Text("no activation"), Text("a nonlinearity"), grave),
        "softmax": ("softmax-in-hidden-layer", "softmax", Text("an activation that acts on each unit by itself"), None),
    }
    for step, expected in _asked_of(reading, asked):
        other = ("wrong-activation", step.activation, "", None)
        code, told, default, severity = named.get(step.activation, other)
        wanted = expected or default
        if _has_activation(step) and step.activation != expected and wanted:
            yield fault(code, step.node, told, wanted, severity)


def _has_activation(step: Step) -> bool:
    """Whether a layer is known to have an activation, or to lack one that it needs.

    Half of a separable convolution needs none; and where more than one way leads on, another may have one.
    """
    if step.activation == "none" and (step.kind == "depthwise-conv2d" or step.rejoined):
        return False
    return step.followed and step.alone and step.activation not in _UNKNOWN


def _is_free(reading: Reading) -> bool:
    """Whether the exercise leaves the layers free and enough of them have an activation."""
    steps, least = reading.found.steps, reading.asked.min_layers
    lacking = [step for step in steps if step.followed and step.activation == "none"]
    return least is not None and len(by_weights(reading.found.graph, steps)) - len(lacking) >= least


def bias(reading: Reading) -> Iterator[Fault]:
    """Yield dense layers without the required bias; only a trial shows a bias hidden in the weights."""
    nodes = reading.found.graph.nodes
    if not reading.asked.bias or not reading.setup.opened:
        return
    for step in reading.found.steps:
        size = sum(nodes[name].size() or 2 for name in step.bias)
        if not step.normalised and size < min(step.outputs or 1, 2):
            yield fault("missing-bias", step.node, Text("no bias"), Text("one for each output"))


def unused(reading: Reading) -> Iterator[Fault]:
    """Layers that nothing depends on, or the whole network once more: a remark."""
    found = reading.found
    if _has_twin(found):
        yield fault("built-twice", node_of(found.roles.train_op))
    elif found.unused:
        yield fault("unused-layer", found.unused[0].node)


def _has_twin(found: Found) -> bool:
    """Whether another optimizer is given gradients of variables of the same shapes as ours."""
    graph, ours = found.graph, found.roles.updated
    others = moved_by_gradients(all_updates(graph)) - ours
    own, made = (Counter(graph.nodes[name].shape() for name in names) for names in (ours & {*found.weights}, others))
    return bool(own) and own <= made


def shared(reading: Reading) -> Iterator[Fault]:
    """Yield successive layers that read the same weights; parallel layers share them by design.

    So does what goes back by the weights that it came by, transposed: an autoencoder with tied weights. A layer that is
    passed three times and more is a recurrence, which may be meant (Lan et al., 2020).
    """
    graph, steps = reading.found.graph, reading.found.steps
    if reading.found.loss is None:
        return  # what is a layer, and what belongs to a gradient, is not known
    for first, *others in by_weights(graph, steps):
        grave = Severity.REMARK if _is_free(reading) and len(others) >= MEANT else None
        for other in others:
            tied = transposes(graph, first) != transposes(graph, other)
            if not tied and first.node in graph.ancestor_nodes([other.data]):
                told = Text("the weights of {node}", node=first.node), Text("weights of its own")
                yield fault("shared-weights", other.node, *told, grave)


class _WeightLimits(NamedTuple):
    """Where weights begin too large, or too small."""

    huge: float = 10.5
    """Root mean square times the root of the inputs, 5 % above ten; Glorot's is 1.4 where outputs are few."""
    huge_where_wild: float = 4.2
    """The same, where the first scores spread by more than `wild`."""
    tiny: float = 0.01
    """Share of Glorot's root mean square."""
    faint: float = 0.05
    """Standard deviation of first scores; a hidden layer of such weights gives about a hundredth, Glorot's half of one."""
    wild: float = 100.0
    """Standard deviation of first scores, at which their cross-entropy begins at about as much."""
    spreads: float = 2.0
    """The same; ten scores that spread so far begin at a cross-entropy of 4, not at log 10."""


LIMITS = _WeightLimits()


@dataclass(frozen=True)
class _Beginning:
    """How the weights of a product of a layer begin."""

    reading: Reading
    step: Step
    layer: Step
    kernel: Array

    @property
    def hidden(self) -> bool:
        """Whether another layer follows; without a loss it may be its gradient that reads the layer."""
        return self.layer.followed and (self.reading.found.loss is not None or not self.reading.free)

    @property
    def size(self) -> float:
        """The root mean square of the weights."""
        return float(np.sqrt(np.square(self.kernel).mean()))

    @property
    def fan_in(self) -> int:
        """How many products each output is a sum of."""
        counted = self.kernel[..., 0].size
        return counted if self.step.kind.startswith("conv") else self.step.inputs or counted

    @property
    def gain(self) -> float:
        """By how much the layer makes numbers of one size larger that have nothing to do with one another."""
        return float(self.size * self.fan_in**0.5)

    def is_zero(self) -> bool:
        """Whether all units of a hidden layer begin with zeros, and nothing tells them apart."""
        return self.hidden and not self.kernel.any() and self.step.weights not in self.reading.start.parted

    def is_equal(self) -> bool:
        """Whether all units of a hidden layer begin with the same weights, which are not zero."""
        apart = np.ptp(self.kernel, axis=-1).any() if self.kernel.shape[-1] > 1 else np.ptp(self.kernel) != 0
        return self.hidden and bool(self.kernel.any()) and not apart

    def is_huge(self) -> bool:
        """Whether weights are large, and the first scores that come of them spread widely."""
        start, found = self.reading.start, self.reading.found
        # Averages of the data that are as they began make numbers large.
        wild = LIMITS.wild < start.spread < np.inf and not found.statistics
        inside = found.graph.ancestor_nodes([found.loss, *(one.output for one in found.steps)])
        gain = self.gain * min(1.0, factor_behind(found.graph, self.step.product, inside))
        shown = start.spread > LIMITS.spreads or self.layer.activation in _SATURATING
        return shown and gain > (LIMITS.huge_where_wild if wild else LIMITS.huge)

    def is_tiny(self) -> bool:
        """Whether the weights of a hidden layer are not zero and so small that the first scores hardly differ."""
        glorot = (2.0 / (self.fan_in + self.kernel.shape[-1])) ** 0.5
        faint = 0 < self.reading.start.spread < LIMITS.faint and not self.reading.found.statistics
        return self.hidden and faint and 0 < self.size < LIMITS.tiny * glorot

    def is_not_glorot(self) -> bool:
        """Whether weights are asked to be uniform up to sqrt(6 / (inputs + outputs)) and are not.

        Glorot and Bengio, 2010, equation 16. Each output of a convolution is a sum over its window, and each input goes into
        as many.
        """
        kernel = self.kernel
        if self.reading.asked.initialisation != "glorot-uniform" or not kernel.any():
            return False
        bound = (6.0 / (kernel[..., 0, 0].size * sum(kernel.shape[-2:]))) ** 0.5
        largest, share = float(np.abs(kernel).max()), float((np.abs(kernel) < bound / 2).mean())
        slack = 4 / kernel.size**0.5
        return not (bound * (1 - slack) < largest <= bound * 1.0001 and abs(share - 0.5) < slack)


BEGINNINGS = (
    ("zero-initialisation", _Beginning.is_zero, Text("all weights zero"), Text("random weights"), None),
    ("constant-initialisation", _Beginning.is_equal, Text("all weights equal"), Text("random weights"), None),
    ("huge-initialisation", _Beginning.is_huge, Text("numbers of about {size:.2g}"), Text("about {fan_in:.2g}"), None),
    ("tiny-initialisation", _Beginning.is_tiny, Text("numbers of about {size:.2g}"), Text("about {fan_in:.2g}"), None),
    # Which layer function made it is charged where that is asked for.
    (
        "wrong-initialisation",
        _Beginning.is_not_glorot,
        Text("standard deviation {size:.2g}"),
        "Glorot uniform",
        Severity.REMARK,
    ),
)
"""Code, condition, what is found, what is expected, and the severity where it is not the catalogue's."""


_NO_WEIGHTS = np.zeros(0)


def initialisation(reading: Reading) -> Iterator[Fault]:
    """Weights that begin all zero, all equal, huge, tiny, or not as the exercise asks."""
    for layer in reading.found.steps:
        for step in products([layer]):
            yield from _beginning_faults(reading, step, layer)


def _beginning_faults(reading: Reading, step: Step, layer: Step) -> Iterator[Fault]:
    """The first of `BEGINNINGS` that holds for a product of a layer."""
    value = reading.start.weights.get(step.weights, _NO_WEIGHTS)
    if not step.variables or value.ndim < 2 or not np.isfinite(value).all():
        return
    one = _Beginning(reading, step, layer, value.astype(np.float64))
    for code, begins, told, expected, severity in BEGINNINGS:
        if begins(one):
            found, wanted = told.format(size=one.size), expected.format(fan_in=one.fan_in**-0.5)
            yield fault(code, step.variables[0], found, wanted, severity)
            return


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (
    depth,
    widths,
    activations,
    bias,
    unused,
    shared,
    initialisation,
)
