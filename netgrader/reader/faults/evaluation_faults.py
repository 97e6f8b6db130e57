"""Faults of what a network does where it is fed and evaluated: by chance, with other rows, by averages that stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netgrader.faults import Severity, fault
from netgrader.phrases import say
from netgrader.reader.find.roles import all_updates, updates_under
from netgrader.reader.graph.nodes import fits, node_of, words
from netgrader.reader.graph.plain import RANDOM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netgrader.faults import Fault
    from netgrader.reader.find import Found
    from netgrader.reader.graph.plain import Graph
    from netgrader.reader.reading import Reading

#: Ops of chance that are not called after it, and ops that may hold any others.
_DRAWING = frozenset(
    {
        "TruncatedNormal",
        "Multinomial",
        "StatelessMultinomial",
        "While",
        "If",
        "PartitionedCall",
        "StatefulPartitionedCall",
    }
)
#: TensorFlow's dropout keeps what random numbers are at least the share for; more than this share is seldom dropped on purpose.
_AT_LEAST, _ON_THE_WAY, MOSTLY = words("GreaterEqual"), words("Add AddV2 Mul Identity Cast"), 0.75


def rows(reading: Reading) -> Iterator[Fault]:
    """A row's output that depends on chance, on other rows, or on how many there are."""
    found, setup, dropped = reading.found, reading.setup, reading.layers.all_dropped
    place = node_of(reading.loss.logits or found.scores or "")
    if dropped is not None:
        yield fault("keep-rate-swapped", dropped, "everything is dropped", "nothing, when evaluated")
    elif reading.rows.all_dropped:
        yield fault("keep-rate-swapped", place, "everything is dropped in training", "a part")
    if reading.rows.repeats is False and _draws(found):
        yield fault("dropout-at-evaluation", place, "two evaluations of the same images differ", "the same output")
    elif reading.rows.repeats is False:
        changed = "each evaluation changes what the next one gives, by what it updates"
        yield fault("rows-mixed", place, changed, "evaluation that updates nothing")
    if reading.rows.by_chance:
        yield fault(
            "dropout-at-evaluation", place, "the same image many times over gives outputs that differ", "one output"
        )
    if reading.rows.mixed and not reading.rows.shared:
        yield fault("rows-mixed", place, "an image's output changes with the other images", "each by itself")
    if setup.batch is not None and setup.looped is None and reading.rows.other_batch is False:
        sources = [source for source in (found.roles.images, found.roles.labels) if source in found.graph.sources]
        shapes = {source: found.graph.static_shape(source) or () for source in sources if source is not None}
        source = next(
            (source for source, shape in shapes.items() if setup.batch in shape[:1]), found.roles.images or ""
        )
        shape = shapes.get(source, ())
        told = say("shape {1}", list(shape)) if setup.batch in shape[:1] else say("a reshape for {1} rows", setup.batch)
        grave = Severity.REMARK if found.exercise is None else None  # else it may be all the rows that there are
        yield fault("fixed-batch-size", node_of(source), told, "any number of images", grave)


def dropped(reading: Reading) -> Iterator[Fault]:
    """Most of a layer dropped in training: a remark, since it may be meant."""
    graph = reading.found.graph
    if reading.rows.all_dropped or reading.layers.all_dropped is not None:
        return
    for node in graph.of_ops(_AT_LEAST):
        drawn = [read for read in node.inputs if graph[graph.past(read, _ON_THE_WAY)].op in RANDOM]
        share = graph.constant(next((read for read in node.inputs if read not in drawn), "")) if drawn else None
        high = share is not None and share.size == 1 and MOSTLY <= float(share.reshape(())) < 1
        if share is not None and high and _drops(graph, f"{node.name}:0"):
            told = say("{1:.2g} of the numbers dropped in training", float(share.reshape(())))
            yield fault("keep-rate-swapped", node.name, told, "a smaller share", Severity.REMARK)
            return


def _drops(graph: Graph, mask: str) -> bool:
    """Whether where a mask is false there is a zero then: it is a factor, or chooses between numbers and zeros."""
    for name in graph.consumers.get(mask, ()):
        node = graph.nodes[name]
        other = graph.constant(node.inputs[2]) if node.op in ("Select", "SelectV2") else None
        factors = graph.consumers.get(f"{name}:0", ()) if node.op == "Cast" else ()
        if (other is not None and not other.any()) or any(graph.nodes[factor].op == "Mul" for factor in factors):
            return True
    return False


def _draws(found: Found) -> bool:
    """Whether chance may have a part in what the network puts out: something is drawn, or computed out of sight."""
    graph = found.graph
    ops = {graph.nodes[name].op for name in graph.ancestor_nodes([found.loss, found.scores], control=True)}
    return bool(ops & _DRAWING) or any("Random" in op for op in ops)


def placeholders(reading: Reading) -> Iterator[Fault]:
    """Images or labels of a shape that the data does not have."""
    found = reading.found
    graph, exercise, images = found.graph, found.exercise, found.roles.images
    if exercise is None or images is None or images not in graph.sources or not found.given.has_parts:
        return
    # What an exercise is given are rows of floating point numbers, unless it says otherwise, and these its network is fed.
    shape, dtype = graph.static_shape(images), graph.static_dtype(images)
    inputs, asked = exercise.inputs, exercise.input_shape
    as_asked = asked is not None and shape is not None and fits((1, *asked), (None, *shape[1:]))
    if (
        shape is not None
        and not as_asked
        and (len(shape) != 2 or (inputs is not None and shape[1] not in (None, inputs)))
    ):
        wanted = str([None, *asked]) if asked else say("[None, {1}]", "n" if inputs is None else inputs)
        yield fault("wrong-placeholder", node_of(images), say("shape {1}", list(shape)), wanted)
    elif not dtype.startswith(("float", "bfloat")):
        yield fault("wrong-placeholder", node_of(images), dtype, "float32")


def moving_averages(reading: Reading) -> Iterator[Fault]:
    """Averages that evaluation uses, and that training leaves as they began."""
    found = reading.found
    if found.roles.images is None or not found.roles.updates:
        return
    under = {update.variable for update in found.roles.updates}
    kept = {update.variable for update in all_updates(found.graph)}
    named = [name for name in found.given.beside if name in found.graph]
    under |= {update.variable for name in named for update in updates_under(found.graph, name)}
    for name in sorted(found.statistics - under):
        if found.graph.nodes[name].rank() != 1:
            continue
        if found.exercise is None and name in kept:
            continue  # whoever trains it may run that op as well
        value = found.given.values.get(name)
        if value is not None and np.ptp(value) > 0:
            continue  # it was kept all the same, by another run of the student's
        if reading.averages_vary.get(name):
            continue  # it was measured before, and is not meant to move
        yield fault(
            "batchnorm-not-updated", name, "training does not update the moving averages", "updated at each step"
        )
        return


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (rows, dropped, moving_averages, placeholders)
