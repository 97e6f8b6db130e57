"""Whether a network has the value of a hyperparameter that its function was given: its width, its dropout, its penalty.

It is found in what the network does: a share that is dropped is counted in what a layer reads, a penalty is how the loss
changes with the weights while the scores stay as they are. So it does not matter how the network is written.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from netgrader import reader
from netgrader.checks.exercises import value_at
from netgrader.checks.language import fail, ungradable
from netgrader.judges.learning_rate import fed_in_training
from netgrader.judges.structure import require_rate
from netgrader.judges.sweeps import drawn_rate, student_sweep, sweep_cell
from netgrader.judges.swept import DROPOUT, KEEP, L2, LAYERS, RATE, WIDTH, op_hashes, swept
from netgrader.phrases import say
from netgrader.reader import LabError
from netgrader.reader.graph.nodes import DTYPES
from netgrader.reader.graph.source import read_source
from netgrader.reader.open_questions import HOW_WIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from netgrader.checks.context import TestContext
    from netgrader.data import DataSpec
    from netgrader.evidence import GraphEvidence
    from netgrader.judges.swept import Swept
    from netgrader.reader import Lab, Layer, Network

__all__ = ["dropped_shares", "penalty_factors", "require_followed"]

Array = npt.NDArray[Any]
Feed = dict[str, Array]
Graphs: TypeAlias = "Mapping[float, GraphEvidence]"

NOT_AS_STATED = "hyperparameter-not-as-stated"
ROWS = 400
LEAST_COUNTED = 400  # numbers that are not zero, for a share of them
NEAR = 0.03  # of a share; of so few numbers chance moves it by a third of this at most one time in twenty
STRETCHED = 1000.0  # by how much weights are multiplied, so that a small penalty shows in a single-precision loss
LEAST_GROWN = 1e-5  # relative: less is rounding
SAME_FACTOR = 0.05  # relative
PLACEHOLDERS = frozenset({"Placeholder", "PlaceholderWithDefault"})


def require_followed(bench: TestContext) -> None:
    """End the test unless the network has the value of the hyperparameter that its function is given, at four of the sweep's.

    These are the smallest, the largest, the best one, and one that is drawn when all has been handed in.
    """
    asked = swept(bench.exercises)
    if not asked.argument:
        return
    LOOKED_FOR.get(asked.parameter, _require_change)(bench, asked, dict(_graphs(bench)))


def _graphs(bench: TestContext) -> Iterator[tuple[float, GraphEvidence]]:
    """Yield the network at the values that are looked at; one that could not be made ends the test."""
    sweep, cell = student_sweep(bench), sweep_cell(bench)
    known = np.unique(sweep.rates).tolist()
    if sweep.asked.is_rate:
        yield sweep.best, bench.evidence(cell).graph("best")
        return
    values = {known[0], known[-1], drawn_rate(known, bench.challenge(cell) or 0)} | ({sweep.best} & set(known))
    for value in sorted(values):
        yield value, bench.evidence(cell).graph(value_at(known.index(value)))


def _network(bench: TestContext, graph: GraphEvidence) -> Network:
    """Return a network of the sweep as the reader sees it."""

    def read() -> Network:
        exercise = bench.exercises.network(swept(bench.exercises).network)
        return reader.read_network(
            graph.meta_graph, graph.parts, exercise, lab=bench.lab, eval_feed=graph.eval_feed or None
        )

    network: Network = bench.once(("swept network", graph.meta_graph), read)
    return network


def _require_rate(bench: TestContext, _: Swept, graphs: Graphs) -> None:
    for rate, graph in graphs.items():
        require_rate(_network(bench, graph), rate)


def _require_change(_: TestContext, asked: Swept, graphs: Graphs) -> None:
    """End the test if the networks at two values compute the same."""
    computed = {value: op_hashes(read_source(graph.meta_graph).graph_def) for value, graph in graphs.items()}
    for (one, first), (other, second) in itertools.pairwise(sorted(computed.items())):
        if sorted(first.values()) == sorted(second.values()):
            found = say("the same network at {1:g} and at {2:g}", one, other)
            fail(NOT_AS_STATED, found=found, expected=say("one that changes with the {1}", asked.words))


def _require_widths(bench: TestContext, asked: Swept, graphs: Graphs) -> None:
    """End the test unless a layer, or each but the last, has the width."""
    for width, graph in graphs.items():
        layers = _network(bench, graph).layers
        chosen = [layer for number, layer in enumerate(layers[:-1], 1) if asked.layer in {None, number}]
        if not chosen:
            found = say("a network of {1} layers", len(layers))
            fail(NOT_AS_STATED, found=found, expected=say("a layer of width {1:g}", width))
        for layer in chosen:
            if layer.outputs is None:
                ungradable(HOW_WIDE)
            if layer.outputs != width:
                found = say("{1} outputs", layer.outputs)
                fail(NOT_AS_STATED, found=found, expected=f"{width:g}", place=layer.place)


def _require_layers(bench: TestContext, _: Swept, graphs: Graphs) -> None:
    """End the test unless there are as many layers more as the value is larger; whether the last one counts is left open."""
    counts = {value: len(_network(bench, graph).layers) for value, graph in graphs.items()}
    (first, least), *others = sorted(counts.items())
    if not 0 <= least - first <= 1:
        fail(NOT_AS_STATED, found=say("{1} layers where {2:g} are asked for", least, first), expected=f"{first:g}")
    for value, count in others:
        wanted = least + round(value - first)
        if count != wanted:
            found = say("{1} layers where {2:g} are asked for", count, value)
            fail(NOT_AS_STATED, found=found, expected=say("{1}, since there are {2} for {3:g}", wanted, least, first))


def _require_dropped(bench: TestContext, asked: Swept, graphs: Graphs) -> None:
    """End the test unless some layer reads what dropout left of its data, and that is the share that was asked for.

    Where the same share is dropped at all values, it may be what is left at one of them by chance: it is exchanged with the
    share to keep only where it is so at all values that do not fit.
    """
    wrong: list[tuple[float, float, bool]] = []
    for value, graph in graphs.items():
        drop = 1 - value if asked.parameter == KEEP else value
        shares = dropped_shares(bench.lab, graph, _network(bench, graph), bench.spec)
        if shares is None:
            ungradable("It could not be decided what the network drops in training; your instructor will look at it.")
        if any(abs(share - drop) <= NEAR for share in (*shares, *([0.0] if drop < NEAR else []))):
            continue
        swapped = [share for share in shares if share > NEAR and abs(1 - share - drop) <= NEAR]
        wrong.append((drop, swapped[0] if swapped else max(shares, default=0.0), bool(swapped)))
    if not wrong:
        return
    exchanged = all(swapped for _, _, swapped in wrong)
    drop, most, _ = wrong[0] if exchanged else next(one for one in wrong if not one[2])
    found = say("{1:.2f} of the numbers dropped", most) if most > NEAR else "nothing dropped in training"
    wanted = say("{1:g} of the numbers dropped in training", round(drop, 6))
    fail("keep-rate-swapped" if exchanged else NOT_AS_STATED, found=found, expected=wanted)


def dropped_shares(lab: Lab, graph: GraphEvidence, network: Network, spec: DataSpec) -> list[float] | None:
    """Return which share of the numbers that each layer reads is dropped in training; None where none of it can be run.

    Those are zero in training and were not when evaluated. Where nobody says what training feeds, it is what the graph has
    by itself, or its switches to either side: whichever drops the most.
    """
    nodes = {node.name: node for node in read_source(graph.meta_graph).graph_def.node}
    images, labels = (_named(graph, network, role) for role in ("X", "Y"))
    places = list(dict.fromkeys(_data_of(nodes, layer, images) for layer in network.layers))
    places = [place for place in places if place]
    random = np.random.default_rng(3)
    rows = random.uniform(0.2, 1.0, (ROWS, spec.size)).astype(np.float32)
    shape = _shape(nodes, images)
    feeds = {images: rows.reshape(len(rows), *shape[1:]) if len(shape) > 1 and None not in shape[1:] else rows}
    if labels:
        feeds[labels] = spec.one_hot(random.integers(0, spec.classes, ROWS))
    switches = [
        name
        for node in nodes.values()
        if node.op in PLACEHOLDERS
        and (name := f"{node.name}:0") not in feeds
        and DTYPES.get(node.attr["dtype"].type) == "bool"
    ]
    told = fed_in_training(graph)
    modes: list[Feed] = [told] if told else [{}, *({one: np.asarray(on) for one in switches} for on in (True, False))]
    evaluations: list[Feed] = [dict(graph.eval_feed)] if graph.eval_feed else modes
    session = lab.load(graph.meta_graph).session(seed=1)
    try:
        session.initialise()
        run = _running(lambda feed: session.run(places, {**feeds, **feed}))
        evaluated = [found for mode in evaluations if (found := run(mode)) is not None]
        trained = [found for mode in modes if (found := run(mode)) is not None]
    except LabError:
        return None
    finally:
        session.close()
    if not places or not evaluated or not trained:
        return None
    known = max(evaluated, key=lambda values: sum(np.count_nonzero(value) for value in values))
    return max(([*_shares(known, values)] for values in trained), key=sum)


def _running(run: Callable[[Feed], list[Array | None]]) -> Callable[[Feed], list[Array] | None]:
    """Return what runs the network with a feed, and answers None where it cannot be run so."""

    def attempt(feed: Feed) -> list[Array] | None:
        try:
            found = run(feed)
        except LabError as error:
            if error.kind != "run":
                raise
            return None
        return [np.zeros(0) if value is None else np.asarray(value) for value in found]

    return attempt


def _shares(evaluated: list[Array], trained: list[Array]) -> Iterator[float]:
    for before, after in zip(evaluated, trained, strict=True):
        counted = np.abs(before) > 0
        if before.shape == after.shape and np.count_nonzero(counted) >= LEAST_COUNTED:
            yield float(np.mean(after[counted] == 0))


def _named(graph: GraphEvidence, network: Network, role: str) -> str:
    played = network.roles.get(role)
    return (played.name if played is not None else None) or graph.parts.get(role, "")


def _data_of(nodes: Mapping[str, Any], layer: Layer, images: str) -> str:
    """Return the tensor that a layer multiplies with its weights; empty where the graph does not have its op."""
    node = nodes.get(layer.place)
    reads = [read for read in node.input if not read.startswith("^")] if node is not None else []
    data = next((read for read in reads if _comes_from(nodes, read, images)), "")
    return data if not data or ":" in data else f"{data}:0"


def _comes_from(nodes: Mapping[str, Any], tensor: str, source: str) -> bool:
    seen, ahead = set(), [tensor]
    while ahead:
        name = ahead.pop().lstrip("^").partition(":")[0]
        if name == source.partition(":")[0]:
            return True
        if name in nodes and name not in seen:
            seen.add(name)
            ahead += nodes[name].input
    return False


def _shape(nodes: Mapping[str, Any], tensor: str) -> tuple[int | None, ...]:
    node = nodes.get(tensor.partition(":")[0])
    if node is None or node.attr["shape"].shape.unknown_rank:
        return ()
    return tuple(None if dim.size < 0 else int(dim.size) for dim in node.attr["shape"].shape.dim)


def _require_penalty(bench: TestContext, _: Swept, graphs: Graphs) -> None:
    """End the test unless the penalty grows as the value does, on the weights of each layer.

    Whether it is halved, or a mean, is left open.
    """
    made = {
        value: penalty_factors(bench.lab, graph, _network(bench, graph), bench.spec) for value, graph in graphs.items()
    }
    known = {value: factors for value, factors in sorted(made.items()) if factors is not None}
    if not known:
        ungradable("It could not be decided what the loss is made of; your instructor will look at it.")
    wanted = "a loss that grows with the squares of the weights, times the value given"
    for value, factors in known.items():
        if value > 0 and max(factors, default=0.0) <= 0:
            fail(NOT_AS_STATED, found=say("a loss without the weights, at {1:g}", value), expected=wanted)
        bare = [number for number, factor in enumerate(factors, 1) if factor <= 0]
        if value > 0 and bare:
            found = say("a loss without the weights of layer {1}, at {2:g}", bare[0], value)
            fail(NOT_AS_STATED, found=found, expected=say("a penalty on the weights of all {1} layers", len(factors)))
    for each in zip(*known.values(), strict=False):
        ratios = [factor / value for value, factor in zip(known, each, strict=True) if value > 0]
        usual = float(np.median(ratios)) if ratios else 1.0
        for value, factor in zip(known, each, strict=True):
            if abs(factor - usual * value) > SAME_FACTOR * usual * max(known):
                said = say("{1:.3g} times the squares of the weights at {2:g}", factor, value)
                fail(NOT_AS_STATED, found=said, expected=say("{1:.3g}, as at other values", usual * value))


def penalty_factors(lab: Lab, graph: GraphEvidence, network: Network, spec: DataSpec) -> list[float] | None:
    """Return by how much the loss grows with the sum of the squares of each layer's weights; None where it cannot be run.

    Of a layer that has several matrices that is the largest. The scores are fed, so that the loss changes by what it takes
    from the weights themselves.
    """
    nodes = {node.name: node for node in read_source(graph.meta_graph).graph_def.node}
    images, labels, logits, loss = (_named(graph, network, role) for role in ("X", "Y", "logits", "loss"))
    if not (labels and logits and loss):
        return None
    shape = _shape(nodes, images)
    rows = np.zeros((2, spec.size), np.float32)
    feeds = {
        images: rows.reshape(2, *shape[1:]) if len(shape) > 1 and None not in shape[1:] else rows,
        labels: spec.one_hot(np.arange(2) % spec.classes),
        logits: np.zeros((2, spec.classes), np.float32),
        **graph.eval_feed,
        **fed_in_training(graph),
    }
    session = lab.load(graph.meta_graph).session(seed=1)

    def factor(name: str, value: Array) -> float:
        """Return by how much the loss grows, from its value `before`, with the squares of one matrix."""
        stretched = STRETCHED * (value if value.any() else np.ones_like(value))
        session.assign({name: stretched})
        after = float(np.mean(np.asarray(session.run([loss], feeds)[0])))
        session.assign({name: value})
        squares = float(np.square(stretched, dtype=np.float64).sum() - np.square(value, dtype=np.float64).sum())
        return (after - before) / squares if abs(after - before) > LEAST_GROWN * max(1.0, abs(before)) else 0.0

    try:
        session.initialise()
        values = session.values([name for layer in network.layers for name in layer.variables])
        before = float(np.mean(np.asarray(session.run([loss], feeds)[0])))
        layers = [[name for name in layer.variables if values[name].ndim > 1] for layer in network.layers]
        return [max(factor(name, values[name]) for name in names) for names in layers if names]
    except LabError:
        return None
    finally:
        session.close()


LOOKED_FOR: Mapping[str, Callable[[TestContext, Swept, Graphs], None]] = {
    RATE: _require_rate,
    DROPOUT: _require_dropped,
    KEEP: _require_dropped,
    WIDTH: _require_widths,
    LAYERS: _require_layers,
    L2: _require_penalty,
}
"""What has to be found in the networks at some values, by hyperparameter."""
