"""Whether the graph can be run, with which inputs, and how the network begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.lab import LabError
from netgrader.reader.trial.probe import GraphProbe, randomise_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.reader.find import Found
    from netgrader.reader.graph.nodes import Array
    from netgrader.reader.lab import Lab


@dataclass(frozen=True)
class Loading:
    """What is loaded into which lab; where a loop was written out for so many rows, no other number can be fed."""

    lab: Lab | None
    content: bytes
    rows: int | None


@dataclass(frozen=True)
class Setup:
    """How the graph could be run.

    Attributes
    ----------
    opened
        Whether the lab took the graph; what it said where it did not is `refused`.
    runs
        Whether inputs were found with which it runs; None where nothing in it can be run.
    problem
        What the lab said first of all that it could not do.
    batch, looped
        How many rows must be fed, because a placeholder says so or because a loop was written out for so many.
    trainable
        The variables that training is meant to move.
    """

    opened: bool = False
    refused: str | None = None
    runs: bool | None = None
    problem: str = ""
    batch: int | None = None
    looped: int | None = None
    trainable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Start:
    """How the network begins.

    Attributes
    ----------
    weights
        The weights as each layer uses them first, by tensor, whatever they are cut out of or built from.
    spread
        The standard deviation of the first scores.
    """

    weights: Mapping[str, Array] = field(default_factory=dict)
    spread: float = 0.0


def open_probe(found: Found, loading: Loading) -> tuple[Setup, GraphProbe | None]:
    """Load the graph into the lab, with its variables as they begin; the probe is None where there is no lab or it refuses."""
    if loading.lab is None:
        return Setup(), None
    try:
        loaded = loading.lab.load(loading.content)
        session = loaded.session(seed=1)
    except LabError as error:
        return Setup(refused=error.sentence), None
    given = found.given
    probe = GraphProbe(
        found.graph,
        loaded,
        session,
        given.eval_feed,
        given.inputs,
        given.classes,
        images=found.roles.images,
        labels=found.roles.labels,
        looped=loading.rows,
        others={name: value for name, value in found.graph.known.items() if name not in given.eval_feed},
    )
    if not probe.initialise():
        probe.assign(dict(given.values))
    return Setup(), probe


def target(found: Found) -> str | None:
    """Return the tensor that has to run for a network to be tried out."""
    return found.roles.loss or found.scores or next((step.product for step in found.steps), None)


def _needed(found: Found) -> list[str]:
    """The sources that have to be fed for the network or its train op to run."""
    graph, end = found.graph, target(found)
    above = graph.ancestors([end]) if end is not None else set()
    under = {t for u in found.roles.updates for t in graph.ancestors(graph.nodes[u.node].inputs)}
    return [s for s in graph.sources if s in above | under and graph[s].op != "PlaceholderWithDefault"]


def fit_inputs(found: Found, probe: GraphProbe) -> bool | None:
    """Find inputs with which the network runs, and say whether there are any; None where nothing in it can be run."""
    end = target(found)
    return None if end is None else probe.fit_inputs(end, _needed(found))


def setup_of(probe: GraphProbe, runs: bool | None) -> Setup:
    """Return how the graph could be run, once all is tried."""
    return Setup(
        opened=True,
        runs=runs,
        problem=next(iter(probe.problems), ""),
        batch=probe.batch,
        looped=probe.looped,
        trainable=tuple(probe.loaded.trainable),
    )


def choose_shares(found: Found, probe: GraphProbe) -> None:
    """Feed numbers that nothing is said of: all kept, or nothing dropped, whichever lets the images through unchanged."""
    graph, scores = found.graph, found.scores
    if scores is None:
        return
    above = graph.ancestors([scores])
    loose = [
        source
        for source in _needed(found)
        if source in above
        and source in probe.others
        and source not in graph.known
        and graph.static_dtype(source).startswith("float")
        and probe.others[source].size == 1
    ]
    if not loose:
        return
    for share in (1.0, 0.0, 1.0):
        for source in loose:
            probe.others[source] = np.full_like(probe.others[source], share)
        feeds = probe.feed(probe.sample(6))
        randomised = randomise_weights(found, probe)
        once, again = probe.fetch(scores, feeds), probe.fetch(scores, feeds)
        if not randomised or once is None or again is None:
            continue
        varied = once.ndim > 1 and bool(np.ptp(once, axis=0).any() and np.ptp(once, axis=-1).any())
        if varied and np.isfinite(once).all() and np.allclose(once, again):
            break
    probe.initialise()


def try_start(found: Found, probe: GraphProbe) -> Start:
    """Look at how the network begins: its weights, and how far its first scores spread."""
    weights = {}
    for step in [part for step in found.steps for part in (step.parts or (step,))]:
        value = probe.fetch(step.weights, {})
        if value is not None:
            weights[step.weights] = value
    scores = probe.fetch(found.scores, probe.feed(probe.sample(6))) if found.scores is not None else None
    return Start(weights, float(np.std(scores)) if scores is not None and scores.size else 0.0)


def averages_vary(found: Found, probe: GraphProbe) -> dict[str, bool]:
    """Look whether statistics of the data that training leaves alone begin with different values."""
    left = sorted(found.statistics - {update.variable for update in found.roles.updates})
    values = {name: probe.values([name]) for name in left}
    return {name: value is not None and bool(np.ptp(value[name]) > 0) for name, value in values.items()}
