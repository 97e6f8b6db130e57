"""Faults of what a network does where it is fed and evaluated: by chance, with other rows, by averages that stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.faults import Severity, fault
from netgrader.reader.find.roles import updates_under
from netgrader.reader.graph.nodes import fits, node_of
from netgrader.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netgrader.faults import Fault
    from netgrader.reader.find import Found
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


def rows(reading: Reading) -> Iterator[Fault]:
    """A row's output that depends on chance or on other rows."""
    found, trial = reading.found, reading.rows
    place = reading.output
    if reading.layers.all_dropped is not None:
        yield fault(
            "keep-rate-swapped",
            reading.layers.all_dropped,
            Text("everything is dropped"),
            Text("nothing, when evaluated"),
        )
    elif trial.all_dropped:
        yield fault("keep-rate-swapped", place, Text("everything is dropped in training"), Text("a part"))
    if trial.by_chance or (trial.repeats is False and _draws(found)):
        yield fault(
            "dropout-at-evaluation", place, Text("two evaluations of the same {images} differ"), Text("the same output")
        )
    elif trial.repeats is False:
        changed = Text("each evaluation changes what the next one gives, by what it updates")
        yield fault("rows-mixed", place, changed, Text("evaluation that updates nothing"))
    elif trial.mixed:
        yield fault(
            "rows-mixed", place, Text("{an_image}'s output changes with the other {images}"), Text("each by itself")
        )


def constant(reading: Reading) -> Iterator[Fault]:
    """An output that no row changes, whatever the weights are."""
    if reading.rows.constant:
        yield fault("constant-output", reading.output, Text("the same output for {images} that differ"))


def fixed_batch(reading: Reading) -> Iterator[Fault]:
    """A graph that can be fed one number of rows only."""
    found, setup = reading.found, reading.setup
    if setup.batch is None or reading.rows.other_batch is not False:
        return
    shapes = {name: found.graph.static_shape(name) or () for name in (found.roles.images, found.roles.labels) if name}
    source = next((name for name, shape in shapes.items() if setup.batch in shape[:1]), None)
    told = (
        Text("a reshape for {batch} rows", batch=setup.batch)
        if source is None
        else Text("shape {list}", list=list(shapes[source]))
    )
    grave = Severity.REMARK if found.exercise is None else None  # else it may be all the rows that there are
    yield fault(
        "fixed-batch-size", node_of(source or found.roles.images or ""), told, Text("any number of {images}"), grave
    )


def _draws(found: Found) -> bool:
    """Whether chance may have a part in what the network puts out: something is drawn, or computed out of sight."""
    graph = found.graph
    ops = {graph.nodes[name].op for name in graph.ancestor_nodes([found.loss, found.scores], control=True)}
    return bool(ops & _DRAWING) or any("Random" in op for op in ops)


def placeholders(reading: Reading) -> Iterator[Fault]:
    """Images of a shape or type that the data does not have."""
    found = reading.found
    graph, exercise, images = found.graph, found.exercise, found.roles.images
    if exercise is None or images is None or images not in graph.sources or not found.given.has_parts:
        return
    # What an exercise is given are rows of floating point numbers, unless it says otherwise, and these its network is fed.
    shape, dtype, asked = graph.static_shape(images), graph.static_dtype(images), exercise.input_shape
    flat = (exercise.inputs or (shape or (1,))[-1] or 1,)  # rows of any width, where nobody says which
    takes = [flat] if asked is None else [flat, asked]
    if shape is not None and not any(fits((1, *sizes), (None, *shape[1:])) for sizes in takes):
        wanted = str([None, *asked]) if asked else Text("[None, {inputs}]", inputs=exercise.inputs or "n")
        yield fault("wrong-placeholder", node_of(images), Text("shape {list}", list=list(shape)), wanted)
    elif not dtype.startswith(("float", "bfloat")):
        yield fault("wrong-placeholder", node_of(images), dtype, "float32")


def moving_averages(reading: Reading) -> Iterator[Fault]:
    """Averages that evaluation uses, and that training leaves as they began."""
    found = reading.found
    if found.roles.images is None or not found.roles.updates:
        return
    named = [
        update for name in found.given.beside if name in found.graph for update in updates_under(found.graph, name)
    ]
    moved = {update.variable for update in (*found.roles.updates, *named)}
    left = [name for name in sorted(found.statistics - moved) if found.graph.nodes[name].rank() == 1]
    # What does not begin with one value was measured before, and is not meant to move.
    for name in [name for name in left if not reading.averages_vary.get(name)][:1]:
        told = Text("training does not update the moving averages"), Text("updated at each step")
        yield fault("batchnorm-not-updated", name, *told)


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (rows, constant, fixed_batch, moving_averages, placeholders)
