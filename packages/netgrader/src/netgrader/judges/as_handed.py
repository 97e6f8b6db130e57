"""Judge a later cell with what the student handed over earlier: rows, labels, accuracy.

If a result is wrong with our rows and right with the student's, the student's rows made it wrong. So a judge that reports a fault
first checks here, and lists the check cells of these parts as possible causes (`Fault.causes`); once all cells are judged,
`netgrader.grading.causes` looks up whether anything was charged there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphread import LabError
from netgrader.checks.exercises import NET, BadExerciseError
from netgrader.judges.accuracy import Doubt
from netgrader.judges.answers import opened, outputs_for, random_of, run_alone, shaped
from netgrader.judges.arrays import images_of
from netgrader.judges.measure import measure_of

if TYPE_CHECKING:
    from graphread import LabSession
    from netgrader.checks.context import TestContext
    from netgrader.data import DataSpec
    from netgrader.evidence import GraphEvidence

__all__ = [
    "HandedRows",
    "causes_of_accuracy",
    "network_cells",
    "own_accuracy",
    "test_rows_as_handed",
    "train_rows_as_handed",
]

Array = npt.NDArray[Any]
NONE = np.empty(0)


@dataclass(frozen=True)
class HandedRows:
    """Rows of one set and their targets as the notebook feeds them."""

    rows: Array
    """The rows as fed, float (n, …)."""
    labels: Array
    """Labels as fed (n, label_width); in a regression, numbers (n,)."""
    true: Array
    """The true class, or number, of the input that each row shows, (n,)."""
    shown: npt.NDArray[np.int64]
    """The index of the given input that each row shows, (n,)."""
    spec: DataSpec
    made_in: tuple[str, ...] = ()
    """The check cell of the exercise that made them; empty if they are ours."""

    @property
    def targets(self) -> Array:
        """The classes, or numbers, that the labels name (n,)."""
        labels = self.labels.reshape(len(self.labels), -1)
        return self.spec.one_hot(labels).argmax(axis=1) if self.spec.classes else self.labels


def test_rows_as_handed(bench: TestContext) -> HandedRows:
    """Return the test rows and labels from the student's own arrays; ours, if theirs do not fit."""
    return _as_handed(bench, "test")


def train_rows_as_handed(bench: TestContext) -> HandedRows:
    """Return the training rows and labels from the student's own arrays; ours, if theirs do not fit."""
    return _as_handed(bench, "train")


def _as_handed(bench: TestContext, part: str) -> HandedRows:
    made: HandedRows = bench.once(("rows_as_handed", part), lambda: _own_rows(bench, part) or _our_rows(bench, part))
    return made


def _our_rows(bench: TestContext, part: str) -> HandedRows:
    inputs, true = bench.part(part)
    return HandedRows(
        bench.dataset.prepared(inputs), bench.spec.label_rows(true), true, np.arange(len(true)), bench.spec
    )


def _own_rows(bench: TestContext, part: str) -> HandedRows | None:
    try:
        cell = f"check_{bench.exercises.of_kind('data')}"
    except BadExerciseError:
        return None
    _, true = bench.part(part)
    arrays, spec = bench.evidence(cell).raw.arrays, bench.spec
    targets = () if spec.is_regression else (spec.label_width,)
    rows, labels = arrays.get(f"x_{part}", NONE), arrays.get(spec.labels_of(part), NONE)
    if (rows.shape, labels.shape) != ((len(true), *spec.fed_shape), (len(true), *targets)):
        return None
    shown = images_of(bench, part).shown(len(true))
    return HandedRows(rows, labels, true[shown], shown, spec, (cell,))


def own_accuracy(session: LabSession, graph: GraphEvidence, handed: HandedRows) -> float | None:
    """Return the network's own accuracy over all rows at once; None if it cannot be evaluated."""
    if not {"X", "Y", "accuracy"} <= graph.parts.keys():
        return None
    feeds = {graph.parts["X"]: shaped(graph, handed.rows), graph.parts["Y"]: shaped(graph, handed.labels, "Y")}
    value = run_alone(session, graph.parts["accuracy"], {**feeds, **graph.eval_feed})
    return None if isinstance(value, LabError) or not value.size else float(np.mean(value))


def causes_of_accuracy(bench: TestContext, cell: str, reported: float) -> tuple[str, ...]:
    """Return the check cells whose parts explain a reported accuracy or error; empty if none do.

    The parts are the student's own rows and labels, and the network's own accuracy on them.
    """
    graph, handed, measure = bench.evidence(cell).graph(NET), test_rows_as_handed(bench), measure_of(bench, cell)
    try:
        with opened(bench.lab, graph) as session:
            outputs = outputs_for(session, graph, handed.rows, random_of(graph), measure, width=bench.spec.outputs)
            own = own_accuracy(session, graph, handed)
    except LabError:
        return ()
    if abs(measure.score_of(reported) - measure.score(measure.answers(outputs), handed.targets)) <= Doubt.ROUNDED:
        return handed.made_in
    if own is not None and abs(reported - own) <= Doubt.ROUNDED:
        return (*handed.made_in, *network_cells(bench))
    return ()


def network_cells(bench: TestContext) -> tuple[str, ...]:
    """Return the check cells with evidence of networks that exercises require."""
    cells = map("check_{}".format, bench.exercises.networks)
    return tuple(cell for cell in cells if bench.evidence(cell).has(NET))
