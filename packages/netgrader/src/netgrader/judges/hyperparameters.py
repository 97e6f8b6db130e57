"""Whether a network follows the hyperparameter that its function receives.

Any network must change with it. A dropout rate is measured in the inputs of a layer, however dropout is written.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

import graphread
from graphread import LabError
from graphread.graph.hashes import op_hashes
from graphread.graph.plain import PLACEHOLDERS, plain_graph
from graphread.graph.source import read_source
from graphread.text import Text
from netgrader.checks.exercises import value_at
from netgrader.checks.language import fail, ungradable
from netgrader.judges.answers import run_parts, shaped, started
from netgrader.judges.learning_rate import fed_in_training
from netgrader.judges.sweeps import DROPOUT, drawn_of, student_sweep, sweep_cell, swept

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from graphread import Lab, LabSession, Network
    from graphread.graph.plain import Graph
    from netgrader.checks.context import TestContext
    from netgrader.data import DataSpec
    from netgrader.evidence import GraphEvidence
    from netgrader.judges.sweeps import Swept

__all__ = ["dropped_shares", "require_followed"]

Array = npt.NDArray[Any]
Feed = dict[str, Array]
Graphs: TypeAlias = "Mapping[float, GraphEvidence]"

NOT_AS_STATED = "hyperparameter-not-as-stated"
ROWS = 400
LEAST_COUNTED = 400  # nonzero numbers needed to measure a fraction
NEAR = 0.03  # tolerance of a fraction; with this few numbers, chance moves it by a third of this at most one time in twenty


def require_followed(bench: TestContext) -> None:
    """End the test unless the network changes with the hyperparameter, and drops the given fraction.

    Checks the smallest, the largest and the best value of the sweep, and one drawn after the submission.
    """
    asked, graphs = swept(bench.exercises), dict(_graphs(bench))
    if asked.parameter == DROPOUT:
        _require_dropped(bench, graphs)
    else:
        _require_change(bench, asked, graphs)


def _graphs(bench: TestContext) -> Iterator[tuple[float, GraphEvidence]]:
    """Yield the networks at the checked values; one that could not be built ends the test."""
    sweep, cell = student_sweep(bench), sweep_cell(bench)
    known = np.unique(sweep.rates).tolist()
    values = {known[0], known[-1], drawn_of(bench, known)} | ({sweep.best} & set(known))
    for value in sorted(values):
        yield value, bench.evidence(cell).graph(value_at(known.index(value)))


def _network(bench: TestContext, graph: GraphEvidence) -> Network:
    """Return a network of the sweep as the reader sees it."""

    def read() -> Network:
        exercise = bench.exercises.network(swept(bench.exercises).network)
        return graphread.read_network(graph.meta_graph, graph.parts, exercise, lab=bench.lab, eval_feed=graph.eval_feed)

    network: Network = bench.once(("swept network", graph.meta_graph), read)
    return network


def _require_change(bench: TestContext, asked: Swept, graphs: Graphs) -> None:
    """End the test if the networks at two neighboring values do the same."""
    done = {value: _done(bench, asked, graph) for value, graph in graphs.items()}
    for (one, first), (other, second) in itertools.pairwise(sorted(done.items())):
        if first == second:
            found = Text("the same network at {one:g} and at {other:g}", one=one, other=other)
            fail(NOT_AS_STATED, found=found, expected=Text("one that changes with the {words}", words=asked.words))


def _done(bench: TestContext, asked: Swept, graph: GraphEvidence) -> float | list[bytes]:
    """Return what must change with the value: the learning rate itself, else what ops compute.

    Some initializers keep random numbers in the graph, so two equal networks may compute different things.
    """
    optimizer = _network(bench, graph).optimizer if asked.is_rate else None
    if optimizer is None or optimizer.learning_rate is None or optimizer.rate:
        return sorted(op_hashes(read_source(graph.meta_graph).graph_def).values())
    return optimizer.learning_rate


def _require_dropped(bench: TestContext, graphs: Graphs) -> None:
    """End the test unless some layer reads inputs of which dropout removed the required fraction.

    If the same fraction is dropped at all values, one of them may match the swapped rate by chance: the rate counts as
    swapped with the keep rate only if that fits all wrong values.
    """
    dropped = {drop: _dropped_by(bench, graph) for drop, graph in graphs.items()}
    wrong = {drop: shares for drop, shares in dropped.items() if not _has(shares, drop)}
    other = {drop: shares for drop, shares in wrong.items() if not _has(shares, 1 - drop)}
    code = NOT_AS_STATED if other else "keep-rate-swapped"
    for drop, shares in (other or wrong).items():
        most = max([0.0, *shares])
        found = Text("{most:.2f} of the numbers dropped", most=most)
        fail(code, found=found, expected=Text("{drop:g} of the numbers dropped in training", drop=round(drop, 6)))


def _dropped_by(bench: TestContext, graph: GraphEvidence) -> list[float]:
    shares = dropped_shares(bench.lab, graph, _network(bench, graph), bench.spec)
    if shares is None:
        ungradable(
            Text("The grader could not decide what the network drops in training; your instructor will look at it.")
        )
    return shares


def _has(shares: Sequence[float], share: float) -> bool:
    return any(abs(one - share) <= NEAR for one in (0.0, *shares))


def dropped_shares(lab: Lab, graph: GraphEvidence, network: Network, spec: DataSpec) -> list[float] | None:
    """Return the fraction of each layer's inputs that training drops; None if the graph cannot be run.

    Dropped numbers are zero in training and nonzero in evaluation. If the training feeds are unknown, the graph's defaults
    and its switches in either position are tried, and the choice that drops the most is used.
    """
    plain = plain_graph(read_source(graph.meta_graph).graph_def)
    images, labels = (_named(graph, network, role) for role in ("X", "Y"))
    places = [*_read_by_layers(plain, network, images)]
    random = np.random.default_rng(3)
    rows = random.uniform(0.2, 1.0, (ROWS, spec.size)).astype(np.float32)
    fed = shaped(graph, spec.label_rows(random.integers(0, spec.classes, ROWS)), "Y")
    feeds = {name: value for name, value in ((images, shaped(graph, rows)), (labels, fed)) if name}
    modes = _modes(graph, plain, feeds)
    try:
        with started(lab.load(graph.meta_graph)) as session:
            trained = _values(session, places, feeds, modes)
            # A separate run: if dropout is active here too, it drops other numbers.
            by_itself = [dict(graph.eval_feed)] if graph.eval_feed else [{}, *modes]
            evaluated = _values(session, places, feeds, by_itself)
    except LabError:
        return None
    if not evaluated or not trained:
        return None
    known = max(evaluated, key=_count_nonzero)
    return max(([*_shares(known, values)] for values in trained), key=sum)


def _count_nonzero(values: Sequence[Array]) -> int:
    return sum(map(np.count_nonzero, values))


def _modes(graph: GraphEvidence, plain: Graph, fed: Feed) -> list[Feed]:
    """Return possible training feeds in addition to images and labels."""
    told = fed_in_training(graph)
    placeholders = {f"{node.name}:0" for node in plain.of_ops(PLACEHOLDERS)} - fed.keys()
    switches = [name for name in sorted(placeholders) if plain.static_dtype(name) == "bool"]
    return [told] if told else [{}, *(dict.fromkeys(switches, np.asarray(on)) for on in (True, False))]


def _values(session: LabSession, places: Sequence[str], fed: Feed, modes: Sequence[Feed]) -> list[list[Array]]:
    """Return the values of tensors for each of the modes that can run, fed in addition."""
    found = (run_parts(session, places, {**fed, **mode}) for mode in modes)
    return [values for values in found if not isinstance(values, LabError)]


def _shares(evaluated: list[Array], trained: list[Array]) -> Iterator[float]:
    for before, after in zip(evaluated, trained, strict=True):
        counted = np.abs(before) > 0
        if before.shape == after.shape and np.count_nonzero(counted) >= LEAST_COUNTED:
            yield float(np.mean(after[counted] == 0))


def _named(graph: GraphEvidence, network: Network, role: str) -> str:
    played = network.roles.get(role)
    return (played.name if played is not None else None) or graph.parts.get(role, "")


def _read_by_layers(plain: Graph, network: Network, images: str) -> Iterator[str]:
    """Yield the tensors derived from the images that layers multiply by weights, as far as ops are known."""
    made = plain.descendants([images or None])
    for layer in network.layers:
        node = plain.nodes.get(layer.place)
        yield from made.intersection(() if node is None else node.inputs)
