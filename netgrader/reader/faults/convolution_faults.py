"""Faults of networks with convolutions: how many there are, what each layer is, how large the windows, what they look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.faults import fault
from netgrader.phrases import say
from netgrader.reader.faults.layer_faults import looped
from netgrader.reader.find.joining import depths
from netgrader.reader.find.layers import CONVOLUTIONS
from netgrader.reader.graph.nodes import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netgrader.faults import Fault
    from netgrader.reader.find import Found
    from netgrader.reader.find.layers import Step
    from netgrader.reader.reading import Reading

#: With these a convolution is written as a product with the pieces of an image.
_CUTTING = words("ExtractImagePatches StridedSlice Slice GatherV2 GatherNd SpaceToBatchND SpaceToDepth")


def convolutions(reading: Reading) -> Iterator[Fault]:
    """Fewer convolutions than asked for, one behind the other."""
    found, exercise = reading.found, reading.found.exercise
    least = exercise.min_conv_layers if exercise is not None else None
    if least is None or not _measured(found) or looped(found):
        return
    known = [step for step in found.steps if _is_convolution(found, step)]
    count = max(depths(found.graph, known), default=0)
    if count < least:
        place = (known or found.steps)[-1].node
        yield fault("too-few-layers", place, say("{1} convolutions", count), str(least))


def kinds(reading: Reading) -> Iterator[Fault]:
    """Layers of another kind than asked for, or convolutions with another window."""
    found, exercise = reading.found, reading.found.exercise
    steps = found.steps
    if exercise is None or exercise.kinds is None or len(exercise.kinds) != len(steps):
        return
    if not _measured(found) or looped(found):
        return
    sizes = iter(exercise.kernel_sizes or ())
    for step, asked in zip(steps, exercise.kinds, strict=True):
        size = next(sizes, None) if asked != "dense" else None
        if not any(_is_as_asked(found, step, part, asked) for part in _parts(step)):
            yield fault("wrong-layer-kind", step.node, step.kind, asked)
        elif size is not None and not step.added and not any(_has_side(part, size) for part in _parts(step)):
            window = _parts(step)[0].window
            yield fault("wrong-kernel-size", step.node, _sides(window), _sides((size,) * len(window)))


def images(reading: Reading) -> Iterator[Fault]:
    """Images of which a convolution does not see neighbours as neighbours."""
    exercise = reading.found.exercise
    if exercise is None or exercise.image_shape is None or reading.rows.mixed:
        return
    for node, shape in reading.images.torn.items():
        asked = [*exercise.image_shape, 1][:3]
        yield fault("image-torn", node, say("neighbouring pixels apart, in shape {1}", list(shape)), str(asked))


def _sides(window: tuple[int, ...]) -> str:
    return "x".join(map(str, window))


def _parts(step: Step) -> tuple[Step, ...]:
    return step.parts or (step,)


def _measured(found: Found) -> bool:
    """Whether the network was run: before, a product over a whole image, or with its pieces, is not told from others."""
    return bool(found.steps) and all(part.places is not None for step in found.steps for part in _parts(step))


def _is_convolution(found: Found, step: Step) -> bool:
    for part in _parts(step):
        kind = CONVOLUTIONS.get(found.graph.nodes[part.node].op)
        if kind == "depthwise-conv2d" and step.activation == "none" and step.followed:
            continue  # half of a separable convolution
        if kind is not None or _is_over_pieces(found, part):
            return True
    return False


def _is_over_pieces(found: Found, step: Step) -> bool:
    """Whether a product is with pieces of what the layers before it make, the same weights for each piece."""
    if (step.places or 0) < 2:
        return False
    graph = found.graph
    before = {part.product for other in found.steps for part in _parts(other)} - {step.product}
    return any(graph.nodes[name].op in _CUTTING for name in graph.ancestor_nodes([step.data], stop=before))


def _is_as_asked(found: Found, step: Step, part: Step, asked: str) -> bool:
    """Whether a layer can be called what is asked for, in any of the ways in which it can be written."""
    kind = CONVOLUTIONS.get(found.graph.nodes[part.node].op, "dense")
    names = {kind, part.kind}
    if asked == "dense":
        # The mean of maps, each pixel through the last layer, is the last layer of their mean.
        return asked in names or (kind == "conv2d" and not step.followed and set(part.window) == {1})
    if asked in names or "conv3d" in names:
        return True
    of_one_channel = part.inputs == 1 and names <= {"conv2d", "depthwise-conv2d"}
    return of_one_channel or (asked == "conv2d" and kind == "dense" and (part.places or 0) > 1)


def _has_side(part: Step, size: int) -> bool:
    """Whether a window has this side; one that is none, of a convolution written as a product, may have any."""
    return all(side == size for side in part.window)


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (convolutions, kinds, images)
