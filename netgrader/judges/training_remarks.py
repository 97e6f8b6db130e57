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

if TYPE_CHECKING:
    from collections.abc import Callable

    from netgrader.checks.context import TestContext
    from netgrader.evidence import GraphEvidence

__all__ = ["note_training"]


class _TrainingLimits(NamedTuple):
    """Thresholds of remarks."""

    fewest_steps: int = 12
    """In an epoch. Minibatches of a tenth of the data and more were found to generalise worse: Keskar et al., 2017, section 2."""
    dead: float = 0.5
    """Share of a layer's units; of networks that were trained well fewer put out nothing."""
    rows: int = 1_000
    """Training rows that a unit is tried on."""


LIMITS = _TrainingLimits()


SESSIONS = {True: Text("a closed session, which later cells cannot use"), False: Text("an open one")}


def note_training(bench: TestContext, cell: str, remark: Callable[..., None]) -> None:
    """Remark on how the network of a cell was trained, and on what became of its units."""
    _note_batch(bench, cell, remark)
    graph = bench.evidence(cell).graph(NET)
    remark("session-closed", found=SESSIONS[graph.about.get("closed") is True], expected=SESSIONS[False])
    with suppress(GraphError, LabError):  # a network that cannot be run says nothing of its units
        if {"X", "logits"} <= graph.parts.keys():
            _note_dead_units(bench, graph, remark)


def _note_batch(bench: TestContext, cell: str, remark: Callable[..., None]) -> None:
    """Remark that most steps were fed a large part of the training rows, by the notebook's notes."""
    size, rows = bench.evidence(cell).graph(NET).about.get("batch"), bench.spec.train.rows
    if isinstance(size, int) and size * LIMITS.fewest_steps > rows:
        found = Text("training steps on {size:,} of {rows:,} {images} each", size=size, rows=rows)
        remark("large-batch", found=found, expected=Text("{most:,} at most", most=rows // LIMITS.fewest_steps))


def _note_dead_units(bench: TestContext, graph: GraphEvidence, remark: Callable[..., None]) -> None:
    """Remark on the first layer with a ReLU whose units always put out 0.

    Raises
    ------
    GraphError, LabError
        If the network cannot be run.
    """
    data = data_for(bench)
    plain, images = plain_graph(read_source(graph.meta_graph).graph_def), graph.parts["X"]
    # What all that reaches the logits passes: a ReLU may be one side of another activation.
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
