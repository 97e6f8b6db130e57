"""Faults of layers: number, widths, activations, biases, initialization."""

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
"""Activations that hide large inputs, because their outputs stay bounded."""
_IN_A_ROW = Plural("{number} layer in a row", "{number} layers in a row")
MEANT = 2
"""Reusing the same weights at least this many times may be intended: recurrence (Lan et al., 2020)."""


def _in_a_row(found: Found) -> int | None:
    """Return the number of successive layers; None if unknown."""
    if not found.steps or looped(found) or scored_elsewhere(found):
        return None
    return max(depths(found.graph, found.steps))


def depth(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if there are more or fewer successive layers than required."""
    found, asked, count = reading.found, len(reading.asked.widths or ()), _in_a_row(reading.found)
    least = reading.asked.min_layers or asked
    if count is None:
        return
    if count + len(_joined(found)) < least:
        yield _too_few(found, count, least)
    elif count > asked > 0:
        yield fault("too-many-layers", found.steps[-1].node, LAYERS.of(count), str(asked))


def _too_few(found: Found, count: int, least: int) -> Fault:
    """Return the fault of too few layers, or of a disconnected layer that explains it."""
    loose = [step.node for step in found.unused if not _mirrors(step, found.steps)]
    if loose:
        told = Text("a layer that the loss does not depend on")
        return fault("layer-not-connected", loose[0], told, _IN_A_ROW.of(least))
    many = LAYERS if len(found.steps) == count else _IN_A_ROW
    return fault("too-few-layers", found.steps[-1].node, many.of(count), f"{least}")


def _joined(found: Found) -> list[str]:
    """Return trained matrices that affect the loss without being the weights of a layer."""
    graph, late = found.graph, found.graph.descendants([found.roles.labels])
    trained = found.roles.gradients.keys() - set(found.weights)
    way = graph.descendants([found.roles.images], stop=late) & graph.ancestors([found.loss])
    made = {name: graph.descendants([f"{name}:0"], stop=late) for name in trained if graph.nodes[name].rank() > 1}
    return [name for name, below in made.items() if way & below]


def scored_elsewhere(found: Found) -> bool:
    """Whether the loss does not depend on the named logits, as in sampled losses.

    Layers may lead to those logits.
    """
    logits = found.hints.get("logits")
    return logits is not None and logits not in found.graph.ancestors([found.loss])


def looped(found: Found) -> bool:
    """Whether a layer is in a loop, so that the number of its applications is unknown."""
    return not _LOOPING.isdisjoint(ops_between(found.graph, found.roles.images, found.loss))


def _mirrors(step: Step, steps: Sequence[Step]) -> bool:
    return (step.inputs, step.outputs) in {(other.inputs, other.outputs) for other in steps}


def _asked_of(reading: Reading, asked: Sequence[Asked] | None) -> Iterator[tuple[Step, Asked]]:
    """Yield each layer with its requirement; nothing if there are none, or they cannot be matched."""
    steps = reading.found.steps
    if asked is not None and len(asked) == len(steps) and not looped(reading.found):
        yield from zip(steps, asked, strict=True)


def widths(reading: Reading) -> Iterator[Fault]:
    """Yield a fault for each layer whose width is not as required."""
    for step, width in _asked_of(reading, reading.asked.widths):
        if step.outputs not in (None, width):
            yield fault("wrong-width", step.node, _UNITS[step.kind == "dense"].format(outputs=step.outputs), str(width))
    yield from _narrow(reading)


def _narrow(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if the first dense layer reads only part of the image, and only once."""
    inputs = reading.found.given.inputs
    for first, _ in islice(_asked_of(reading, reading.asked.widths), 1):
        if first.kind == "dense" and first.places in (None, 1) and (first.inputs or inputs) < inputs:
            yield fault("wrong-width", first.node, Text("{inputs} inputs", inputs=first.inputs), str(inputs))


_UNITS = {True: Text("{outputs} outputs"), False: Text("{outputs} channels")}
"""Words for a width, by whether the layer is dense."""


def activations(reading: Reading) -> Iterator[Fault]:
    """Yield faults of activations between layers: missing, or not the required function."""
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

    Half of a separable convolution needs none; and if its output takes several paths, another path may have one.
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
    """Yield dense layers without the required bias; only a run shows a bias hidden in the weights."""
    nodes = reading.found.graph.nodes
    if not reading.asked.bias or not reading.setup.opened:
        return
    for step in reading.found.steps:
        size = sum(nodes[name].size() or 2 for name in step.bias)
        if not step.normalised and size < min(step.outputs or 1, 2):
            yield fault("missing-bias", step.node, Text("no bias"), Text("one for each output"))


def unused(reading: Reading) -> Iterator[Fault]:
    """Yield a remark on layers that nothing depends on, or on a second copy of the network."""
    found = reading.found
    if _has_twin(found):
        yield fault("built-twice", node_of(found.roles.train_op))
    elif found.unused:
        yield fault("unused-layer", found.unused[0].node)


def _has_twin(found: Found) -> bool:
    """Whether another optimizer receives gradients of variables with the same shapes as ours."""
    graph, ours = found.graph, found.roles.updated
    others = moved_by_gradients(all_updates(graph)) - ours
    own, made = (Counter(graph.nodes[name].shape() for name in names) for names in (ours & {*found.weights}, others))
    return bool(own) and own <= made


def shared(reading: Reading) -> Iterator[Fault]:
    """Yield successive layers that share weights; parallel layers share them by design.

    An autoencoder with tied (transposed) weights is also exempt. Weights that are used three or more times in a row may be an
    intended recurrence (Lan et al., 2020).
    """
    graph, steps = reading.found.graph, reading.found.steps
    if not reading.found.descends:
        return  # layers cannot be told from parts of a gradient, or of a step of another kind
    for first, *others in by_weights(graph, steps):
        grave = Severity.REMARK if _is_free(reading) and len(others) >= MEANT else None
        for other in others:
            tied = transposes(graph, first) != transposes(graph, other)
            if not tied and first.node in graph.ancestor_nodes([other.data]):
                told = Text("the weights of {node}", node=first.node), Text("weights of its own")
                yield fault("shared-weights", other.node, *told, grave)


class _WeightLimits(NamedTuple):
    """Thresholds for initial weights that are too large or too small."""

    huge: float = 10.5
    """Root mean square times sqrt(fan-in), 5 % above ten; Glorot's is 1.4 for few outputs."""
    huge_where_wild: float = 4.2
    """The same, if the initial logits spread by more than `wild`."""
    tiny: float = 0.01
    """Fraction of Glorot's root mean square."""
    faint: float = 0.05
    """Standard deviation of initial logits; a hidden layer with such weights gives about 0.01, Glorot's about 0.5."""
    wild: float = 100.0
    """Standard deviation of initial logits, which is about their initial cross-entropy."""
    spreads: float = 2.0
    """Standard deviation of initial logits; ten classes then start at a cross-entropy of 4 instead of log 10."""


LIMITS = _WeightLimits()


@dataclass(frozen=True)
class _Beginning:
    """The initial weights of one matrix product of a layer."""

    reading: Reading
    step: Step
    layer: Step
    kernel: Array

    @property
    def hidden(self) -> bool:
        """Whether another layer follows; without a loss, the reader of this layer may be its gradient."""
        return self.layer.followed and (self.reading.found.loss is not None or not self.reading.free)

    @property
    def size(self) -> float:
        """Return the root mean square of the weights."""
        return float(np.sqrt(np.square(self.kernel).mean()))

    @property
    def fan_in(self) -> int:
        """Return the number of terms in each output's sum."""
        counted = self.kernel[..., 0].size
        return counted if self.step.kind.startswith("conv") else self.step.inputs or counted

    @property
    def gain(self) -> float:
        """Return the factor by which the layer amplifies uncorrelated inputs of equal size."""
        return float(self.size * self.fan_in**0.5)

    def is_zero(self) -> bool:
        """Whether all weights of a hidden layer start at zero, and nothing breaks the symmetry."""
        return self.hidden and not self.kernel.any() and self.step.weights not in self.reading.start.parted

    def is_equal(self) -> bool:
        """Whether all units of a hidden layer start with the same nonzero weights."""
        apart = np.ptp(self.kernel, axis=-1).any() if self.kernel.shape[-1] > 1 else np.ptp(self.kernel) != 0
        return self.hidden and bool(self.kernel.any()) and not apart

    def is_huge(self) -> bool:
        """Whether the weights are large and the initial logits spread widely as a result."""
        start, found = self.reading.start, self.reading.found
        # Moving averages of the data at their initial values amplify numbers.
        wild = LIMITS.wild < start.spread < np.inf and not found.statistics
        inside = found.graph.ancestor_nodes([found.loss, *(one.output for one in found.steps)])
        gain = self.gain * min(1.0, factor_behind(found.graph, self.step.product, inside))
        shown = start.spread > LIMITS.spreads or self.layer.activation in _SATURATING
        return shown and gain > (LIMITS.huge_where_wild if wild else LIMITS.huge)

    def is_tiny(self) -> bool:
        """Whether a hidden layer's weights are so small, but not zero, that initial logits hardly differ."""
        glorot = (2.0 / (self.fan_in + self.kernel.shape[-1])) ** 0.5
        faint = 0 < self.reading.start.spread < LIMITS.faint and not self.reading.found.statistics
        return self.hidden and faint and 0 < self.size < LIMITS.tiny * glorot

    def is_not_glorot(self) -> bool:
        """Whether weights should be uniform up to sqrt(6 / (inputs + outputs)) and are not.

        Glorot and Bengio, 2010, equation 16. For a convolution, each output is a sum over its window, and each input
        contributes to as many outputs.
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
    # The required layer function is charged where the exercise asks for it.
    (
        "wrong-initialisation",
        _Beginning.is_not_glorot,
        Text("standard deviation {size:.2g}"),
        "Glorot uniform",
        Severity.REMARK,
    ),
)
"""Code, condition, found value, expected value, and a severity that overrides the catalogue's."""


_NO_WEIGHTS = np.zeros(0)


def initialisation(reading: Reading) -> Iterator[Fault]:
    """Yield faults of initial weights: all zero, all equal, huge, tiny, or not as required."""
    for layer in reading.found.steps:
        for step in products([layer]):
            yield from _beginning_faults(reading, step, layer)


def _beginning_faults(reading: Reading, step: Step, layer: Step) -> Iterator[Fault]:
    """Yield the first of `BEGINNINGS` that applies to one product of a layer."""
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
