"""Faults of evaluation: randomness, dependence on other rows, moving averages never updated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphread.fault import fault
from graphread.fault_kinds import Severity
from graphread.find.roles import updates_of
from graphread.graph.nodes import node_of, words
from graphread.graph.plain import RANDOM
from graphread.text import Said, Text
from graphread.trial.probe import source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from graphread.fault import Fault
    from graphread.find import Found
    from graphread.reading import Reading

#: Random ops, and ops that may contain any other op.
_DRAWING = RANDOM | words("Multinomial StatelessMultinomial While If PartitionedCall StatefulPartitionedCall")
_SAME = Text("the same output")


def rows(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if the output for a row is random or depends on other rows."""
    found, trial = reading.found, reading.rows
    place = node_of(trial.drawn or reading.scores)
    dropped = reading.layers.all_dropped
    if dropped is not None:
        yield fault("keep-rate-swapped", dropped, Text("everything is dropped"), Text("nothing, when evaluated"))
    drawn = trial.drawn or (trial.repeats is False and _draws(found))
    mixed: tuple[tuple[bool, str, Said, Said], ...] = (
        (bool(drawn), "dropout-at-evaluation", Text("two evaluations of the same {images} differ"), _SAME),
        (
            trial.repeats is False,
            "rows-mixed",
            Text("each evaluation updates something that changes the next one's result"),
            Text("evaluation that updates nothing"),
        ),
        (
            bool(trial.mixed),
            "rows-mixed",
            Text("{an_image}'s output changes with the other {images}"),
            Text("each by itself"),
        ),
    )
    for code, told, expected in [row[1:] for row in mixed if row[0]][:1]:
        yield fault(code, place, told, expected)


def constant(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if the output is the same for all rows with any weights."""
    if reading.rows.constant:
        yield fault("constant-output", reading.output, Text("the same output for {images} that differ"))


def fixed_batch(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if the graph accepts only one batch size."""
    found, batch = reading.found, reading.setup.batch
    if batch is None or reading.rows.other_batch is not False:
        return
    place, told = found.roles.images, Text("a reshape for {batch} rows", batch=batch)
    for source in (source_of(found.graph, name) for name in (found.roles.labels, found.roles.images)):
        if batch in source.sizes:
            place, told = source.name, Text("shape {list}", list=list(source.sizes))
    grave = Severity.REMARK if reading.free else None  # without an exercise, this may be the full number of rows
    yield fault("fixed-batch-size", node_of(place), told, Text("any number of {images}"), grave)


def _draws(found: Found) -> bool:
    """Whether the output may be random: random ops, or ops that hide a computation."""
    return not _DRAWING.isdisjoint(found.graph.ops_above([found.loss, found.scores], control=True))


def placeholders(reading: Reading) -> Iterator[Fault]:
    """Yield faults of placeholders: wrong shape or dtype of images, or labels that keep it from running."""
    found, images, asked = reading.found, reading.found.roles.images, reading.asked
    if reading.free or images not in found.graph.sources or not found.given.has_parts:
        return
    # Unless it says otherwise, an exercise feeds rows of floating-point numbers.
    source = source_of(found.graph, images)
    if asked.row_shapes and not any(map(source.takes, asked.row_shapes)):
        told = Text("shape {list}", list=list(source.sizes))
        yield fault("wrong-placeholder", node_of(images), told, str([None, *asked.row_shapes[0]]))
    elif source.whole:
        yield fault("wrong-placeholder", node_of(images), source.dtype, "float32")
    labels = source_of(found.graph, found.roles.labels)
    if reading.setup.runs is False and not labels.whole and len(labels.sizes) == 1:
        wanted = Text("[None, {width}]", width=found.given.classes)
        yield fault("wrong-placeholder", node_of(labels.name), Text("shape {list}", list=list(labels.sizes)), wanted)


def moving_averages(reading: Reading) -> Iterator[Fault]:
    """Yield a fault for moving averages that evaluation uses and training never updates."""
    found = reading.found
    if not found.descends:
        return
    moved = found.roles.updated.union(update.variable for update in updates_of(found.graph, found.given.beside))
    # Averages that do not start at a constant value were measured beforehand and need no update.
    left = sorted(found.statistics - moved - reading.start.measured)
    for name in [name for name in left if found.graph.nodes[name].rank() == 1][:1]:
        told = Text("training does not update the moving averages"), Text("updated at each step")
        yield fault("batchnorm-not-updated", name, *told)


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (rows, constant, fixed_batch, moving_averages, placeholders)
