"""Faults of the train op: optimizer, learning rate, and layers that it does not train."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from graphread.fault import fault
from graphread.fault_kinds import Severity
from graphread.find.roles import all_updates, uses_data
from graphread.graph.nodes import node_of
from graphread.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from graphread.fault import Fault
    from graphread.graph.plain import Graph
    from graphread.reading import Reading

#: Kinds of optimizers accepted for the required one: variants that exercises permit.
ALSO = {"adam": ("adam", "adamw", "amsgrad")}
#: Relative tolerance of a learning rate: rates measured from steps carry rounding errors.
SLACK = 0.03


def optimizer(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if the optimizer is not the required one."""
    asked, found = reading.asked.optimizer, reading.descent.kind
    if asked and found and found not in ALSO.get(asked, (asked,)):
        yield fault("wrong-optimizer", reading.descent.place, found, asked)


def rate(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if the learning rate is not the required one."""
    asked, descent = reading.asked.learning_rate, reading.descent
    if not asked or descent.rate is None or (descent.measured and list(optimizer(reading))):
        return  # another optimizer's step size is not comparable
    off = [abs(abs(rate) / asked - 1) for rate in (descent.rate, *descent.rates[:1])]
    if min(off) > SLACK:
        told = Text("learning rate {found:.3g}", found=descent.rate)
        yield fault("learning-rate-not-as-stated", descent.place, told, f"{asked:g}")


def fed_rate(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if the learning rate must be fed, while training feeds only images and labels."""
    found, asked, descent = reading.found, reading.asked.learning_rate, reading.descent
    if asked is None or not found.given.has_parts or descent.rate is not None:
        return
    for source in [one for one in descent.rate_from if found.graph[one].op != "PlaceholderWithDefault"][:1]:
        yield fault("schedule-not-fed", node_of(source), Text("a rate that must be fed"), f"{asked:g}")


def standing_rate(reading: Reading) -> Iterator[Fault]:
    """Yield a fault if a schedule depends on a counter that is never incremented after initialization."""
    graph, rate = reading.found.graph, reading.descent.rate_of
    written = Counter(update.variable for update in all_updates(graph))
    for counter in graph.variables_in(rate):
        if graph[counter].dtype("dtype").startswith("int") and written[counter] <= 1:
            yield fault("schedule-stands-still", node_of(counter), expected="minimize(loss, global_step=…)")


def not_trained(reading: Reading) -> Iterator[Fault]:
    """Yield layers that training does not change; with a free choice, some may be frozen on purpose."""
    found, least, trainable = reading.found, reading.asked.min_layers, {*reading.setup.trainable}
    still = _still(reading) - unclear(reading)
    trained = [step for step in found.steps if not still.issuperset(step.variables)]
    free = reading.setup.opened and least is not None and len(trained) >= least
    for step in found.steps:
        own = still.intersection((*step.variables, *step.bias))
        if own and (own.issuperset(step.variables) or own == {*step.bias}):
            grave = Severity.REMARK if free and own.isdisjoint(trainable) else None
            told = Text("{own} never changes", own=min(own)), Text("every layer trained")
            yield fault("layers-not-trained", step.node, *told, grave)


def _still(reading: Reading) -> set[str]:
    """Return variables that training should update but does not; without an exercise, other ops may."""
    found, descent, graph = reading.found, reading.descent, reading.found.graph
    # Variables with an optimizer's gradient may change in later steps.
    later = found.roles.gradients.keys()
    still = {*descent.still, *descent.unreached} - later
    if not reading.setup.opened and descent.moved:
        still = set(found.weights)
    if reading.free:
        still &= {*reading.setup.trainable} - _moved(graph, graph.rows)
    return still - {*descent.moved}


def unclear(reading: Reading) -> set[str]:
    """Return variables that other ops update, if the step is a guess: a step may be a list of ops."""
    found, graph = reading.found, reading.found.graph
    used = (*graph.rows, *map("{}:0".format, graph.variables))
    return set() if found.names_step else _still(reading) & _moved(graph, used)


def _moved(graph: Graph, used: Iterable[str]) -> set[str]:
    """Return variables that any op updates by a value computed from these tensors."""
    return {update.variable for update in all_updates(graph) if uses_data(graph, update, used)}


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (optimizer, rate, fed_rate, standing_rate, not_trained)
