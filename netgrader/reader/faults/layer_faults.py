"""Faults of the layers: how many, how wide, what stands between them, how they begin, what a row depends on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from netgrader.faults import Severity, fault
from netgrader.phrases import say
from netgrader.reader.find.joining import depths
from netgrader.reader.find.layers import between, factor_behind, transposes, weights_key
from netgrader.reader.find.losses import CROSS_ENTROPY
from netgrader.reader.find.roles import all_updates, linear_steps, uses_data
from netgrader.reader.graph.nodes import node_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from netgrader.faults import Fault
    from netgrader.reader.find import Found
    from netgrader.reader.find.layers import Step
    from netgrader.reader.graph.nodes import Array
    from netgrader.reader.reading import Reading

_UNKNOWN = ("undecided", "other")
#: Root mean square times the root of the inputs: what an image's layer is multiplied by. Glorot's is about 1.4.
HUGE = 10.0
SPREADS = (
    2.0  # standard deviation of what a layer puts out; ten scores that spread so far begin at a cross-entropy of 4
)
#: Less will do where the first scores spread by more than this: their cross-entropy begins at about as much, not at log 10.
WILD = 100.0
HUGE_WHERE_WILD = 4.0
#: Weights drawn at random with what is the limit are above it half of the time.
MARGIN = 1.05
#: More often than this the same weights are not read by mistake.
MEANT = 2


def depth(reading: Reading) -> Iterator[Fault]:
    """More or fewer layers than asked for."""
    found, exercise, steps = reading.found, reading.found.exercise, reading.found.steps
    if exercise is None or not steps or looped(found):
        return
    place = steps[-1].node
    given = exercise.widths or exercise.kinds
    asked = len(given) if given is not None else None
    # Without a trial it may stay open whether layers side by side are parts of one.
    levels = max(depths(found.graph, steps))
    many = len(steps) if reading.setup.opened else levels
    if asked is not None and many > asked:
        yield fault("too-many-layers", place, say("{1} layers", len(steps)), str(asked))
    least = asked if asked is not None else exercise.min_layers
    count = len(steps) if asked is not None else levels
    alone, joined = _weights_elsewhere(found)
    if least is not None and count + len(joined) < least:
        loose = [step.node for step in found.unused if not _mirrors(step, steps)] or alone
        if loose:
            yield fault(
                "layer-not-connected",
                loose[0],
                "a layer that the loss does not depend on",
                say("{1} layers in a row", least),
            )
        else:
            told = "{1} layers" if len(steps) == count else "{1} layers in a row"
            yield fault("too-few-layers", place, say(told, count), f"{least}")


def _weights_elsewhere(found: Found) -> tuple[list[str], list[str]]:
    """Matrices that the optimizer is given, and that no layer multiplies with.

    First those that do not meet the images on the way to the loss, being given for their decay, say; then those that do.
    """
    graph, labels, images = found.graph, found.roles.labels, found.roles.images
    known = set(found.weights)
    given = [update.variable for update in found.roles.updates if update.gradient and update.variable not in known]
    matrices = [name for name in given if graph.nodes[name].rank() > 1]
    if not matrices:
        return [], []
    late = graph.descendants([labels])
    seen = graph.descendants([images], stop=late)
    if found.loss is not None:
        seen &= graph.ancestors([found.loss])
    joined = [name for name in matrices if not seen.isdisjoint(graph.descendants([name + ":0"], stop=late))]
    return [name for name in matrices if name not in joined], joined


_WIDENING = ("ConcatV2", "Concat", "Pad", "PadV2", "MirrorPad")


def looped(found: Found) -> bool:
    """Whether a layer stands in a loop: how often it is passed is not to be seen."""
    if not found.roles.images or not found.loss:
        return False
    return any(
        node.op in ("NextIteration", "RefNextIteration", "While", "StatelessWhile")
        for node in between(found.graph, found.roles.images, found.loss)
    )


def _mirrors(step: Step, steps: Sequence[Step]) -> bool:
    return any((step.inputs, step.outputs) == (other.inputs, other.outputs) for other in steps)


def widths(reading: Reading) -> Iterator[Fault]:
    """Layers of another width than asked for."""
    exercise, steps = reading.found.exercise, reading.found.steps
    if exercise is None or exercise.widths is None or len(exercise.widths) != len(steps):
        return
    for step, asked in zip(steps, exercise.widths, strict=True):
        if step.outputs is not None and step.outputs != asked:
            many = say("{1} outputs", step.outputs) if step.kind == "dense" else say("{1} channels", step.outputs)
            yield fault("wrong-width", step.node, many, str(asked))
    first, inputs = steps[0], reading.found.given.inputs
    once = first.kind == "dense" and not first.parts and first.places in (None, 1)  # and not of each piece of an image
    if once and (first.inputs or inputs) < inputs:
        yield fault("wrong-width", first.node, say("{1} inputs", first.inputs), str(inputs))


def activations(reading: Reading) -> Iterator[Fault]:
    """What stands between layers is missing or another function than asked for."""
    exercise, steps = reading.found.exercise, reading.found.steps
    if looped(reading.found):
        return
    asked: Sequence[str | None] = [None] * (len(steps) - 1)
    if exercise is not None and exercise.activations is not None and len(exercise.activations) == len(steps):
        asked = exercise.activations[:-1]
    if len(asked) != len(steps) - 1:
        return
    free = _is_free(reading)
    beside = zip([None, *steps[:-1]], steps, [*steps[1:], None], strict=True)
    for (before, step, after), expected in zip(beside, [*asked, None], strict=True):
        unnamed = step.activation == "other" and step.node in reading.layers.unit_by_unit
        if step.followed and step.alone and expected is not None and unnamed:
            yield fault("wrong-activation", step.node, "a function of no name", expected)
        if not step.followed or not step.alone or step.activation in _UNKNOWN or step.activation == expected:
            continue
        if step.activation == "none":
            if step.kind == "depthwise-conv2d" or (step.rejoined and not reading.layers.affine):
                continue  # half of a separable convolution; or more than one way leads on from here
            code = "missing-activation" if exercise is not None and exercise.nonlinear else "linear-layers"
            mixed = before is not None and before.activation == "softmax"  # by the shares before it
            meant = mixed or _is_bottleneck(step, after) or _is_fixed(reading, step) or _is_fixed(reading, after)
            grave = Severity.REMARK if free and meant else None
            yield fault(code, step.node, "no activation", expected or "a nonlinearity", grave)
        elif step.activation == "softmax":
            # Shares by which the rows of the next layer's weights are mixed are attention, where that has no activation.
            mixes = after is not None and after.followed and after.activation == "none"
            grave = Severity.REMARK if free and mixes else None
            told = expected or "an activation of each unit by itself"
            yield fault("softmax-in-hidden-layer", step.node, "softmax", told, grave)
        elif expected is not None:
            yield fault("wrong-activation", step.node, step.activation, expected)


def _is_free(reading: Reading) -> bool:
    """Whether an exercise leaves the layers free, and nonlinearities stand between as many as it asks for at least."""
    exercise, steps = reading.found.exercise, reading.found.steps
    if exercise is None or exercise.min_layers is None or exercise.widths is not None:
        return False
    linear = [step for step in steps if step.followed and step.activation == "none"]
    return len({weights_key(reading.found.graph, step) for step in steps}) - len(linear) >= exercise.min_layers


def _is_fixed(reading: Reading, step: Step | None) -> bool:
    """Whether the weights of a layer are said not to be trained."""
    own = set(step.variables) if step is not None else set()
    return bool(own) and reading.setup.opened and own.isdisjoint((*reading.setup.trainable, *reading.descent.moved))


def _is_bottleneck(step: Step, after: Step | None) -> bool:
    """Whether a layer is narrower than what it reads and what reads it: two factors of one matrix (Sandler et al., 2018)."""
    around = [size for size in (step.inputs, after.outputs if after is not None else None) if size is not None]
    return step.outputs is not None and len(around) == 2 and step.outputs < min(around)


def bias(reading: Reading) -> Iterator[Fault]:
    """Dense layers without the bias that was asked for."""
    exercise = reading.found.exercise
    if exercise is None or not exercise.bias:
        return
    for step in reading.found.steps:
        sizes = [reading.found.graph.nodes[name].shape() for name in step.bias]
        one = bool(sizes) and all(size in ((), (1,)) for size in sizes) and (step.outputs or 0) > len(sizes)
        if one or (not step.bias and not step.normalised and not _widened(reading, step)):
            yield fault("missing-bias", step.node, "no bias", "one for each output")


def _widened(reading: Reading, step: Step) -> bool:
    """Whether a column may have been put beside the step's data, which without a trial may be one of ones: a bias."""
    found = reading.found
    if reading.setup.opened or not found.roles.images:
        return False
    return any(node.op in _WIDENING for node in between(found.graph, found.roles.images, step.data))


def unused(reading: Reading) -> Iterator[Fault]:
    """Layers that nothing depends on: a remark."""
    found = reading.found
    if _twin(found):
        yield fault("built-twice", found.roles.train_op or "")
    elif not found.unused or any(f.code == "layer-not-connected" for f in depth(reading)):
        return
    elif len(found.unused) >= len(found.steps) and all(_mirrors(step, found.steps) for step in found.unused):
        yield fault("built-twice", found.unused[0].node)
    else:
        yield fault("unused-layer", found.unused[0].node)


def _twin(found: Found) -> bool:
    """Whether another train op trains variables of its own, of the same shapes as ours."""
    graph = found.graph
    ours = {update.variable for update in found.roles.updates}
    sources = [source for source in graph.sources if graph.static_shape(source) != ()]
    others = [u for u in all_updates(graph) if u.variable not in ours and uses_data(graph, u, sources)]
    given = {update.variable for update in others if update.gradient}
    if not given and others:
        # Written by hand: what else it keeps is told from weights by what data is multiplied with.
        weights = {name for _, operand in linear_steps(graph).values() for name in graph.variables_in(operand)}
        given = weights & {update.variable for update in others}
        ours &= {name for step in found.steps for name in step.variables}
    moved = [graph.nodes[name].shape() for name in found.weights if name in ours]
    loose = [graph.nodes[name].shape() for name in given]
    return bool(moved) and all(loose.count(shape) >= moved.count(shape) for shape in moved)


def shared(reading: Reading) -> Iterator[Fault]:
    """Two layers, one after the other, that read the same weights: beside one another they do it by design.

    So does what goes back by the weights that it came by, transposed: an autoencoder with tied weights, a Boltzmann machine.
    """
    graph = reading.found.graph
    if reading.found.loss is None:
        return  # what is a layer, and what belongs to a gradient, is not known
    seen: dict[str, Step] = {}
    keys = [weights_key(graph, step) for step in reading.found.steps]
    ways = {(name, transposes(graph, step)) for step in reading.found.steps for name in step.variables}
    tied = {name for name, turned in ways if (name, not turned) in ways}
    for step in reading.found.steps:
        key = weights_key(graph, step)
        if tied.intersection(step.variables):
            continue
        if key in seen and seen[key].data != step.data and seen[key].node in graph.ancestor_nodes([step.data]):
            # A layer that is passed three times and more is a recurrence, which may be meant (Lan et al., 2020).
            grave = Severity.REMARK if _is_free(reading) and keys.count(key) > MEANT else None
            yield fault(
                "shared-weights", step.node, say("the weights of {1}", seen[key].node), "weights of its own", grave
            )
        seen.setdefault(key, step)


def initialisation(reading: Reading) -> Iterator[Fault]:
    """Weights that begin all zero, all equal, huge, or otherwise than asked for."""
    exercise, start = reading.found.exercise, reading.start
    asked = exercise is not None and exercise.initialisation == "glorot-uniform"
    known = reading.found.loss is not None or exercise is not None  # else it may be its gradient that reads a layer
    for step, layer in [(part, layer) for layer in reading.found.steps for part in (layer.parts or (layer,))]:
        hidden = layer.followed and known
        value = start.weights.get(step.weights)
        if value is None or value.ndim < 2 or not step.variables or not np.isfinite(value).all():
            continue
        kernel = value.astype(np.float64)
        place, zero = step.variables[0], not kernel.any()
        if hidden and zero and step.weights not in start.parted:
            yield fault("zero-initialisation", place, "all weights zero", "random weights")
        elif hidden and not zero and _begins_equal(kernel):  # though random weights behind it may tell units apart
            yield fault("constant-initialisation", place, "all weights equal", "random weights")
        elif step.weights in start.of_any_size or _is_normalised(reading, layer):
            continue
        elif _is_huge(reading, step, layer, kernel):
            told = say("numbers of about {1:.2g}", _root_mean_square(kernel))
            yield fault("huge-initialisation", place, told, say("about {1:.2g}", _fan_in(step, kernel) ** -0.5))
        elif asked and step.inputs and step.outputs and not any(_is_glorot(kernel, part) for part in (step, layer)):
            spread = say("standard deviation {1:.2g}", kernel.std())
            # Which layer function made it is charged where that is asked for.
            yield fault("wrong-initialisation", place, spread, "Glorot uniform", Severity.REMARK)


def _fan_in(step: Step, kernel: Array) -> int:
    """Return how many products each output is a sum of."""
    counted = kernel[..., 0].size
    return counted if step.kind.startswith("conv") else step.inputs or counted


def _is_huge(reading: Reading, step: Step, layer: Step, kernel: Array) -> bool:
    """Whether weights are large, and what comes of them spreads widely at first."""
    found, start = reading.found, reading.start
    if not layer.followed and start.spread <= SPREADS and _is_softmax(reading):
        return False  # of what moves all scores of a row by the same a softmax shows nothing
    wild = (
        start.spread > WILD and not found.statistics
    )  # averages of the data that stand at their start make numbers large
    inside = found.graph.ancestor_nodes([found.loss, *(one.output for one in found.steps)])
    gain = _root_mean_square(kernel) * _fan_in(step, kernel) ** 0.5
    gain *= min(1.0, factor_behind(found.graph, step.product, inside))
    # What a recurrence puts out is small at first, and its product then is not large.
    spread = gain * start.inputs.get(step.weights, 1.0)
    return gain > MARGIN * (HUGE_WHERE_WILD if wild else HUGE) and (wild or spread > SPREADS)


def _is_softmax(reading: Reading) -> bool:
    """Whether the loss is of a softmax of what the last layer puts out."""
    match = reading.loss.match
    return match is not None and match.kind == CROSS_ENTROPY and reading.loss.last_activation == "none"


def _is_normalised(reading: Reading, layer: Step) -> bool:
    """Whether averages of the data stand right behind a layer: in training what it puts out is normalised."""
    found, steps = reading.found, reading.found.steps
    index = [step.node for step in steps].index(layer.node)
    end = steps[index + 1].data if index + 1 < len(steps) else found.scores
    if not found.statistics or end is None:
        return False
    reads = {read for node in between(found.graph, layer.product, end) for read in found.graph.value_inputs(node)}
    return any(
        not found.statistics.isdisjoint(found.graph.variables_in(r)) for r in reads if node_of(r) not in found.graph.fed
    )


def _begins_equal(kernel: Array) -> bool:
    """Whether all units of a layer begin with the same weights."""
    return bool(np.ptp(kernel) == 0 or (kernel.shape[-1] > 1 and not np.ptp(kernel, axis=-1).any()))


def _root_mean_square(values: Array) -> float:
    return float(np.sqrt(np.square(values).mean()))


def _is_glorot(kernel: Array, step: Step) -> bool:
    """Whether weights are uniform up to sqrt(6 / (inputs + outputs)): Glorot and Bengio, 2010, equation 16."""
    if not step.inputs:
        return False
    largest = float(np.abs(kernel).max())
    # Each output of a convolution is a sum over its window, and each input goes into as many.
    window = math.prod(kernel.shape[:-2])
    sums = {step.inputs + (step.outputs or 0), window * sum(kernel.shape[-2:])}
    return any(_is_uniform(kernel, largest, (6.0 / total) ** 0.5) for total in sums)


def _is_uniform(kernel: Array, largest: float, bound: float) -> bool:
    """Whether numbers, up to the `largest`, are uniform up to a `bound`."""
    share = float((np.abs(kernel) < bound / 2).mean())
    slack = 4 / kernel.size**0.5
    return bool(bound * (1 - slack) < largest <= bound * 1.0001 and abs(share - 0.5) < slack)


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (
    depth,
    widths,
    activations,
    bias,
    unused,
    shared,
    initialisation,
)
