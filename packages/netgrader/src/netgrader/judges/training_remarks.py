"""Remarks on a training that cost nothing: large minibatches, and dead units."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from graphread import LabError
from graphread.graph.nodes import node_of
from graphread.graph.plain import plain_graph
from graphread.graph.source import GraphError, read_source
from graphread.text import Text
from netgrader.checks.exercises import NET
from netgrader.judges.answers import opened, shaped
from netgrader.judges.arrays import data_for
from netgrader.judges.steps import SESSIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from netgrader.checks.context import TestContext
    from netgrader.evidence import GraphEvidence

__all__ = ["note_training"]


class _TrainingLimits(NamedTuple):
    """Thresholds of remarks."""

    fewest_steps: int = 12
    """Steps per epoch. Minibatches of a tenth of the data and more were found to generalize worse: Keskar et al., 2017,
    section 2."""
    dead: float = 0.5
    """Fraction of a layer's units; well-trained networks have fewer dead ones."""
    rows: int = 1_000
    """Training rows that a unit is tested on."""


LIMITS = _TrainingLimits()


def note_training(bench: TestContext, cell: str, remark: Callable[..., None]) -> None:
    """Remark on the training of a cell's network, and on its dead units."""
    _note_batch(bench, cell, remark)
    graph = bench.evidence(cell).graph(NET)
    remark("session-closed", found=SESSIONS[graph.about.get("closed") is True], expected=SESSIONS[False])
    with suppress(GraphError, LabError):  # a network that cannot run shows nothing about its units
        if {"X", "logits"} <= graph.parts.keys():
            _note_dead_units(bench, graph, remark)


def _note_batch(bench: TestContext, cell: str, remark: Callable[..., None]) -> None:
    """Remark that most steps were fed a large part of the training rows, by the notebook's records."""
    size, rows = bench.evidence(cell).graph(NET).about.get("batch"), bench.spec.train.rows
    if isinstance(size, int) and size * LIMITS.fewest_steps > rows:
        found = Text("training steps on {size:,} of {rows:,} {images} each", size=size, rows=rows)
        remark("large-batch", found=found, expected=Text("{most:,} at most", most=rows // LIMITS.fewest_steps))


def _note_dead_units(bench: TestContext, graph: GraphEvidence, remark: Callable[..., None]) -> None:
    """Remark on the first layer with a ReLU whose units mostly always output 0.

    Raises
    ------
    GraphError, LabError
        If the network cannot run.
    """
    data = data_for(bench)
    plain, images = plain_graph(read_source(graph.meta_graph).graph_def), graph.parts["X"]
    # Tensors on every path to the logits: a ReLU may be one branch of another activation.
    passed = plain.dominators(images, graph.parts["logits"])
    relus = sorted({f"{node.name}:0" for node in plain.of_ops({"Relu"})}.intersection(passed))
    rows = data.prepared(data.x_train[: LIMITS.rows])
    with opened(bench.lab, graph) as session:
        outputs = session.run(relus, {images: shaped(graph, rows), **graph.eval_feed})
    for relu, output in zip(relus, map(np.asarray, outputs), strict=True):
        dead = ~output.any(axis=tuple(range(output.ndim - 1)))
        if output.ndim > 1 and dead.sum() > LIMITS.dead * dead.size:
            told = Text("{dead:,} of {units:,} units output 0 for each of {rows:,} training {images}")
            found = told.format(dead=int(dead.sum()), units=len(dead), rows=len(rows))
            remark("dead-units", found=found, place=node_of(relu))
            return
