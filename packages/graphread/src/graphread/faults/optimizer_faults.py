"""Faults of the train op: which optimizer it is, at which rate, and what it leaves as it is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from graphread.fault import fault
from graphread.fault_kinds import Severity
from graphread.find.roles import all_updates, uses_data
from graphread.graph.nodes import node_of
from graphread.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from graphread.fault import Fault
    from graphread.reading import Reading

#: Kinds that are the one asked for with something added that exercises leave free.
ALSO = {"adam": ("adam", "adamw", "amsgrad")}
#: How far a rate may be off: rates measured from steps carry rounding.
SLACK = 0.03


def optimizer(reading: Reading) -> Iterator[Fault]:
    """Another optimizer than required."""
    asked, found = reading.asked.optimizer, reading.descent.kind
    if asked and found and found not in ALSO.get(asked, (asked,)):
        yield fault("wrong-optimizer", reading.descent.place, found, asked)


def rate(reading: Reading) -> Iterator[Fault]:
    """Another learning rate than the one that was asked for."""
    asked, descent = reading.asked.learning_rate, reading.descent
    if not asked or descent.rate is None or (descent.measured and list(optimizer(reading))):
        return  # what multiplies the steps of another rule is not comparable
    off = [abs(abs(rate) / asked - 1) for rate in (descent.rate, *descent.rates[:1])]
    if min(off) > SLACK:
        told = Text("learning rate {found:.3g}", found=descent.rate)
        yield fault("learning-rate-not-as-stated", descent.place, told, f"{asked:g}")


def fed_rate(reading: Reading) -> Iterator[Fault]:
    """A rate that waits to be fed where training feeds images and labels only."""
    found, asked, descent = reading.found, reading.asked.learning_rate, reading.descent
    if asked is None or not found.given.has_parts or descent.rate is not None:
        return
    for source in [one for one in descent.rate_from if found.graph[one].op != "PlaceholderWithDefault"][:1]:
        yield fault("schedule-not-fed", node_of(source), Text("a rate that must be fed"), f"{asked:g}")


def standing_rate(reading: Reading) -> Iterator[Fault]:
    """A schedule by a counter that nothing counts up: it has one assignment, which is its first value."""
    graph, rate = reading.found.graph, reading.descent.rate_of
    written = Counter(update.variable for update in all_updates(graph))
    for counter in graph.variables_in(rate):
        if graph[counter].dtype("dtype").startswith("int") and written[counter] <= 1:
            yield fault("schedule-stands-still", node_of(counter), expected="minimize(loss, global_step=…)")


def not_trained(reading: Reading) -> Iterator[Fault]:
    """Yield layers that training does not change; a free network may leave some untrained on purpose."""
    found, least, trainable = reading.found, reading.asked.min_layers, {*reading.setup.trainable}
    still = _still(reading)
    trained = [step for step in found.steps if not still.issuperset(step.variables)]
    free = reading.setup.opened and least is not None and len(trained) >= least
    for step in found.steps:
        own = still.intersection((*step.variables, *step.bias))
        if own and (own.issuperset(step.variables) or own == {*step.bias}):
            grave = Severity.REMARK if free and own.isdisjoint(trainable) else None
            told = Text("{own} never changes", own=min(own)), Text("every layer trained")
            yield fault("layers-not-trained", step.node, *told, grave)


def _still(reading: Reading) -> set[str]:
    """The variables that training should move and does not; where nobody asks, another op may move them."""
    found, descent, graph = reading.found, reading.descent, reading.found.graph
    # What an optimizer is given a gradient for may be moved later.
    later = found.roles.gradients.keys()
    still = {*descent.still, *descent.unreached} - later
    if not reading.setup.opened and descent.moved:
        still = set(found.weights)
    if reading.free:
        elsewhere = {update.variable for update in all_updates(graph) if uses_data(graph, update, graph.rows)}
        still &= {*reading.setup.trainable} - elsewhere
    return still - {*descent.moved}


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (optimizer, rate, fed_rate, standing_rate, not_trained)
