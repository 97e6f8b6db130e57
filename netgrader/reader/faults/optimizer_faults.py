"""Faults of the train op: which optimizer it is, at which rate, and what it leaves as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.faults import Severity, fault
from netgrader.phrases import Verbatim, say
from netgrader.reader.find.joining import depths
from netgrader.reader.find.roles import PRODUCTS, all_updates, linear_steps, uses_data
from netgrader.reader.graph.nodes import node_of
from netgrader.reader.trial.optimizer_trial import COUNTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from netgrader.faults import Fault
    from netgrader.reader.find import Found
    from netgrader.reader.graph.nodes import Node
    from netgrader.reader.reading import Reading

#: Kinds that are the one asked for with something added that exercises leave free.
ALSO = {"adam": ("adam", "adamw", "amsgrad")}
#: How far a rate may be off: rates measured from steps carry rounding.
SLACK = 0.03
#: After so many steps, a ninth of an epoch of MNIST, a rate is still the one that was asked for.
SOON = 100


def optimizer(reading: Reading) -> Iterator[Fault]:
    """Another optimizer than asked for."""
    exercise, found = reading.found.exercise, reading.descent.kind
    asked = exercise and exercise.optimizer
    if asked and found and found not in ALSO.get(asked, (asked,)):
        yield fault("wrong-optimizer", reading.descent.place, found, asked)
    given = [update.variable for update in reading.found.roles.updates if update.gradient]
    if asked and found in ALSO.get(asked, (asked,)) and len(given) > len(set(given)):
        yield fault("wrong-optimizer", reading.descent.place, say("several steps of {1} at once", found), asked)


def rate(reading: Reading) -> Iterator[Fault]:
    """Another learning rate than the one that was asked for."""
    exercise, descent = reading.found.exercise, reading.descent
    asked, found = exercise and exercise.learning_rate, descent.rate
    if not asked or found is None or (descent.measured and list(optimizer(reading))):
        return  # what multiplies the steps of another rule is not comparable
    if all(abs(abs(rate) / asked - 1) > SLACK for rate in (found, *descent.rates[:1])):
        yield fault("learning-rate-not-as-stated", descent.place, say("learning rate {1:.3g}", found), f"{asked:g}")
    elif _falls_soon(descent.rates, asked):
        fallen = say("learning rate {1:.3g} after a hundred steps", descent.rates[COUNTS.index(SOON)])
        yield fault("learning-rate-not-as-stated", descent.place, fallen, f"{asked:g}")


def _falls_soon(rates: Sequence[float], asked: float) -> bool:
    """Whether a schedule begins at the rate that is asked for, only ever falls, and is below half of it at once."""
    if len(rates) < len(COUNTS) or abs(rates[0] / asked - 1) > SLACK:
        return False
    return list(rates) == sorted(rates, reverse=True) and rates[COUNTS.index(SOON)] < asked / 2


def fed_rate(reading: Reading) -> Iterator[Fault]:
    """A rate that waits to be fed where training feeds images and labels only."""
    found, exercise, descent = reading.found, reading.found.exercise, reading.descent
    if exercise is None or exercise.learning_rate is None or not found.given.has_parts or descent.rate is not None:
        return
    unfed = [source for source in descent.rate_from if found.graph[source].op != "PlaceholderWithDefault"]
    if unfed:
        yield fault("schedule-not-fed", node_of(unfed[0]), "a rate that must be fed", f"{exercise.learning_rate:g}")


def standing_rate(reading: Reading) -> Iterator[Fault]:
    """A schedule by a counter that nothing counts up: it has one assignment, which is its first value."""
    graph, rate = reading.found.graph, reading.descent.rate_of
    for counter in graph.variables_in(rate):
        writes = [node for node in graph.nodes.values() if node.op.startswith("Assign") and _of(node) == counter]
        if graph[counter].dtype("dtype").startswith("int") and len(writes) <= 1:
            yield fault("schedule-stands-still", node_of(counter), expected="minimize(loss, global_step=…)")


def _of(assignment: Node) -> str:
    """Return the variable that is assigned to."""
    return node_of(assignment.inputs[0]) if assignment.inputs else ""


def not_trained(reading: Reading) -> Iterator[Fault]:
    """Layers that training leaves as they are."""
    found, descent = reading.found, reading.descent
    if descent.runs:
        still = [name for name in (*descent.still, *descent.unreached) if name not in descent.moved]
        still = [name for name in still if name not in _counted(found)]
        if found.exercise is None:
            still = [name for name in still if name in reading.setup.trainable]
    elif not reading.setup.opened and descent.moved:
        still = [name for name in found.weights if name not in descent.moved]
    else:
        return
    moved = _moved_elsewhere(found) if found.exercise is None else set()
    still = [name for name in still if name not in moved]
    for step in found.steps:
        own = [name for name in (*step.variables, *step.bias) if name in still]
        if own and (set(step.variables) <= set(still) or set(own) == set(step.bias)):
            grave = Severity.REMARK if _is_spared(reading, own) else None
            told = say("{1} never changes", Verbatim(own[0]))
            yield fault("layers-not-trained", step.node, told, "every layer trained", grave)


def _moved_elsewhere(found: Found) -> set[str]:
    """Return the variables that another op changes by what is fed: who asks for nothing may run it as well."""
    graph, own = found.graph, {update.node for update in found.roles.updates}
    others = [update for update in all_updates(graph) if update.node not in own]
    return {update.variable for update in others if uses_data(graph, update, graph.rows)}


def _counted(found: Found) -> set[str]:
    """The variables whose gradient depends on a counter: they may be moved later."""
    graph = found.graph
    return {
        update.variable
        for update in found.roles.updates
        for name in (graph.variables_in(update.gradient) if update.gradient else ())
        if graph.nodes[name].dtype("dtype").startswith("int") and graph.nodes[name].rank() == 0
    }


def answers_untrained(reading: Reading) -> Iterator[Fault]:
    """What is evaluated is made with layers that nothing trains: another network than the one that is trained, say."""
    found, graph = reading.found, reading.found.graph
    if not found.roles.updates or found.exercise is None:
        return
    own = {
        name for step in found.steps for name in (*step.variables, *(v for part in step.parts for v in part.variables))
    }
    # What is written again, averages of weights and copies, may be written by what is not known here.
    writes = [update.variable for update in all_updates(graph)]
    written = {name for name in writes if writes.count(name) > 1}  # the first write gives a variable its beginning
    for part in ("logits", "prediction", "accuracy"):
        tensor = found.hints.get(part)
        above = graph.ancestor_nodes([tensor]) if tensor in graph else set()
        for node, (_, weights) in linear_steps(graph, PRODUCTS, above).items():
            used = set(graph.variables_in(weights))
            if used and used.isdisjoint(own | written) and used <= set(reading.setup.trainable):
                told = say("{1} never changes", Verbatim(min(used)))
                yield fault("layers-not-trained", node, told, "the layers that are trained")
                return


def _is_spared(reading: Reading, still: list[str]) -> bool:
    """Whether weights are said not to be trained, and an exercise that leaves widths free has layers enough without them."""
    exercise, found = reading.found.exercise, reading.found
    if exercise is None or exercise.widths is not None or exercise.min_layers is None:
        return False
    trained = [step for step in found.steps if set(step.variables) & set(reading.descent.moved)]
    spared = not set(still) & set(reading.setup.trainable)
    return spared and max(depths(found.graph, trained), default=0) >= exercise.min_layers


CHECKS: tuple[Callable[[Reading], Iterator[Fault]], ...] = (
    optimizer,
    rate,
    fed_rate,
    standing_rate,
    not_trained,
    answers_untrained,
)
