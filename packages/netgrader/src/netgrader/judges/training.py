"""Decide whether a cell's network was trained in this notebook, and if not far enough, why."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import graphread
from graphread import LabError
from netgrader.checks.exercises import NET
from netgrader.checks.language import Failed
from netgrader.judges.accuracy import Doubt, recomputed, require_learned, require_own, require_trained, require_values
from netgrader.judges.answers import opened, outputs_for, random_of, shaped
from netgrader.judges.arrays import data_for
from netgrader.judges.as_handed import network_cells, train_rows_as_handed
from netgrader.judges.learning_rate import (
    AROUND,
    Runs,
    fed_in_training,
    is_settled,
    judge_rate,
    runs_around,
    told_in_training,
)
from netgrader.judges.measure import measure_of
from netgrader.judges.sweep_runs import fault_of_best, is_best_of_sweep, run_images

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.checks.context import TestContext
    from netgrader.evidence import GraphEvidence
    from netgrader.faults import Fault
    from netgrader.judges.accuracy import Recomputed
    from netgrader.judges.as_handed import HandedRows

__all__ = ["require_training"]

Array = npt.NDArray[Any]

TEST_ROWS = 2_000  # test rows for short runs: chance moves an accuracy by half a percent
AS_GOOD = 0.05  # of a score; chance, or fewer steps, may make one run worse than another by this much
SHORTFALL = "accuracy-too-low"
OF_RATES = (
    "learning-rate-too-low",
    "learning-rate-too-high",
    "learning-rate-diverges",
    "best-not-from-sweep",
    "sweep-result-not-reproduced",
    "sweep-of-one-network",
    "sweep-too-narrow",
    "accuracy-over-wrong-axis",
    "accuracy-without-argmax",
    "accuracy-wrong",
    "prediction-wrong",
)
"""Faults of an earlier sweep, and of the accuracy that it chose by, which may have led to a wrong rate."""


def require_training(bench: TestContext, cell: str) -> Recomputed:
    """Return the results of a cell's network; end the test unless it was trained there, far enough.

    Otherwise the fault is the learning rate if that is wrong, and its causes include the network's cell if our own training
    of that network gets no further.
    """
    result: Recomputed = bench.once(("training", cell), lambda: _trained(bench, cell))
    return result


def _trained(bench: TestContext, cell: str) -> Recomputed:
    evidence = bench.evidence(cell)
    require_values(evidence)
    graph, result = evidence.graph(NET), recomputed(bench, cell)
    require_learned(result)
    require_own(result, bench.untrained(cell))
    try:
        require_trained(bench.lab, graph, result, _least(bench, cell))
    except Failed as failed:
        (found,) = failed.faults
        if found.code != SHORTFALL:
            raise
        explained = _by_its_rate(bench, graph) or found
        causes = (*explained.causes, *_held_back_by(bench, cell, result.counted))
        raise Failed([replace(explained, causes=causes)], failed.share) from None
    return result


def _least(bench: TestContext, cell: str) -> float:
    """Return the score that training must reach; if the target is an error, that error's score."""
    measure = measure_of(bench, cell)
    return float(measure.score_of(getattr(bench.exercises.of_cell(cell), measure.asked)))


def _held_back_by(bench: TestContext, cell: str, counted: float) -> Iterator[str]:
    """Yield the check cells whose rows or network explain a low score: our training does no better."""
    handed = train_rows_as_handed(bench)
    guessed = bench.spec.above_chance(Doubt.GUESSED * (not bench.spec.is_regression))
    for network in () if bench.quick else network_cells(bench):
        # Of two that know nothing, neither is better.
        if _reached_by_ours(bench, cell, network, handed) <= max(counted, guessed) + AS_GOOD:
            yield from (*handed.made_in, network)


def _reached_by_ours(bench: TestContext, cell: str, network: str, handed: HandedRows) -> float:
    """Return a network's score after a short training of ours; -inf if it cannot be trained."""
    graph, measure = bench.evidence(network).graph(NET), measure_of(bench, cell)
    data = data_for(bench)
    rows = np.arange(Runs.STEPS * Runs.BATCH) % len(handed.rows)
    test = slice(None, None, max(1, len(data.x_test) // TEST_ROWS))
    try:
        x, y, step = (graph.parts[part] for part in ("X", "Y", "train_op"))
        with opened(bench.lab, replace(graph, values={})) as session:
            fed = {x: shaped(graph, handed.rows[rows]), y: shaped(graph, handed.labels[rows], "Y")}
            session.run_batches(
                [step], fed, list(np.arange(len(rows)).reshape(Runs.STEPS, Runs.BATCH)), fed_in_training(graph)
            )
            inputs, random = data.prepared(data.x_test[test]), random_of(graph)
            outputs = outputs_for(session, graph, inputs, random, measure, width=bench.spec.outputs)
    except (LabError, KeyError, Failed):
        return -math.inf
    return measure.score(measure.answers(data.by_class(outputs)), data.y_test[test])


def _by_its_rate(bench: TestContext, graph: GraphEvidence) -> Fault | None:
    """Return the fault of the rate at which a network was trained; None if none is known."""
    try:
        network = graphread.read_network(
            graph.meta_graph, graph.parts, lab=bench.lab, values=graph.values, eval_feed=graph.eval_feed
        )
        tensor, optimizer = network.roles["learning_rate"].name, network.optimizer
        if tensor is None or optimizer is None or optimizer.learning_rate is None or optimizer.rate:
            return None  # a schedule has no single rate
        rate = optimizer.learning_rate
        if is_best_of_sweep(bench, rate):
            found = fault_of_best(bench)
        else:
            fed = {name: _at_rate(graph, tensor, factor * rate) for name, factor in AROUND.items()}
            runs = runs_around(bench.lab, fed.__getitem__, rate, run_images(bench), enough=is_settled)
            found = judge_rate(runs["third"], runs["best"], runs["triple"], runs["tenfold"])
    except (LabError, KeyError, Failed):
        return None
    return found and replace(found, causes=OF_RATES)


def _at_rate(graph: GraphEvidence, tensor: str, rate: float) -> GraphEvidence:
    """Return a network that is fed another rate in its training steps."""
    return replace(graph, about={**graph.about, "train_feed": {**told_in_training(graph), tensor: rate}})
