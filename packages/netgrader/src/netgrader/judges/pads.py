"""The data that a drawing pad needs of a trained network, in notebook and feedback; no verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphread.lab import LabError
from graphread.text import Text
from graphread.trial.plain_trial import NotPlain, plain_network
from netgrader.drawing_pad import can_be_drawn, frame_of
from netgrader.judges.answers import opened, shaped
from netgrader.observations import Pad

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphread import Lab
    from netgrader.checks.context import Dataset, TestContext
    from netgrader.evidence import GraphEvidence
    from netgrader.observations import Observation

__all__ = ["pad_of", "show_pad"]

TRIED = 200
"""Test images on which the page's computation is compared with the network."""
CLEARLY = 0.1
"""Lead in accuracy on unscaled levels that shows that the network was trained on them."""
NOT_HERE = Text("You could draw here, and your network would answer. It cannot, because {why}.")
NOT_RUN = Text("You could draw here, and your network would answer, but it could not be run. {why}")
BROKEN = Text("something went wrong while the grader read its weights ({kind})")
NO_PARTS = Text("net has no {missing} that could be run")
NO_VALUES = Text("no session holds the values of its variables")
UPSIDE_DOWN = Text("it was trained on inverted {images}: feed it 0 for paper and 1 for ink")
WRONG_OUTPUTS = Text("it does not have one score for each of the {classes} classes")


def pad_of(lab: Lab, graph: GraphEvidence, dataset: Dataset) -> Pad:
    """Return the data with which a page answers like a trained network, or the reason why it cannot.

    Parameters
    ----------
    lab
        Runs the network.
    graph
        The network with its values and the parts ``X`` and ``logits``.
    dataset
        The course's data: gray images of classes.
    """
    try:
        return _pad(lab, graph, dataset)
    except NotPlain as error:
        return Pad(refused=NOT_HERE.format(why=error))
    except LabError as error:
        return Pad(refused=NOT_RUN.format(why=error.sentence))
    except Exception as error:  # noqa: BLE001  (a failed pad must not cost anyone points)
        return Pad(refused=NOT_HERE.format(why=BROKEN.format(kind=type(error).__name__)))


def show_pad(bench: TestContext, cell: str, show: Callable[[Observation], None]) -> None:
    """Show a check cell's network on the feedback page's drawing pad, if the inputs can be drawn.

    Parameters
    ----------
    bench
        The context of tests.
    cell
        The cell with ``net`` and its values as evidence.
    show
        The fixture ``show``.
    """
    graph = bench.evidence(cell).raw.graphs.get("net")
    if graph is not None and can_be_drawn(bench.spec):
        show(pad_of(bench.lab, graph, bench.dataset))


def _pad(lab: Lab, graph: GraphEvidence, dataset: Dataset) -> Pad:
    spec = dataset.spec
    for part in ("X", "logits"):
        if part not in graph.parts:
            raise NotPlain(NO_PARTS.format(missing=part))
    if not graph.values:
        raise NotPlain(NO_VALUES)
    ends = graph.parts["X"], graph.parts["logits"]
    inputs = shaped(graph, spec.prepared(dataset.x_test[:TRIED], dataset.x_train))
    full = _full(lab, graph, ends, inputs, dataset)
    network = plain_network(
        lab, graph.meta_graph, ends, inputs * full, values=graph.values, eval_feed=graph.eval_feed, full=full
    )
    if (network.layers[0].inputs, network.layers[-1].outputs) != (spec.size, spec.classes):
        raise NotPlain(WRONG_OUTPUTS.format(classes=spec.classes))
    return Pad(network, frame_of(dataset.x_test, spec.largest), len(inputs))


def _full(lab: Lab, graph: GraphEvidence, ends: tuple[str, str], inputs: np.ndarray, dataset: Dataset) -> float:
    """Return the network's input for a pixel of the largest gray level: 1, or that level unscaled.

    Raises
    ------
    NotPlain
        If the network was trained on inverted images.
    """
    largest, inverted = float(dataset.spec.largest), -1.0
    tried = {1.0: inputs, largest: inputs * largest, inverted: 1 - inputs}
    # A network with ReLUs gives nearly the same answers for scaled and unscaled levels.
    right = dict.fromkeys(tried, 0.0) | {1.0: CLEARLY}
    with opened(lab, graph) as session:
        for full, fed in tried.items():
            (found,) = session.run([ends[1]], {ends[0]: fed, **graph.eval_feed})
            found = np.asarray(found).reshape(len(inputs), -1)
            right[full] += float(np.mean(found.argmax(axis=1) == dataset.y_test[: len(inputs)]))
    best = max(right, key=lambda full: right[full])
    if best == inverted:
        raise NotPlain(UPSIDE_DOWN)
    return best
