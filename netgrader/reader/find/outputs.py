"""What comes out beside the loss? Candidates for prediction and accuracy, by name and by what they are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from netgrader.reader.find.roles import update_of
from netgrader.reader.graph.nodes import node_of, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from netgrader.reader.state import Reading

__all__ = ["LABEL_TESTS", "find_outputs"]

Array = npt.NDArray[Any]

LABEL_TESTS = words("Equal NotEqual InTopK InTopKV2 ApproximateEqual")
#: Candidates for an accuracy that nothing names.
MOST = 6


def find_outputs(reading: Reading) -> None:
    """Candidates for prediction and accuracy, from the student's names first, then from the graph."""
    graph, labels, scores = reading.graph, reading.roles.labels, reading.scores
    for key in ("prediction", "accuracy", "logits"):
        hint = reading.hints.get(key)
        if hint in graph:
            reading.measured[key] = hint
    images = reading.roles.images
    if images is None:
        return
    # By the images, not by the scores: what is evaluated may be another tower than the one that is trained.
    below = graph.descendants([images])
    late = graph.descendants([labels]) if labels is not None else set()
    if labels is not None and "accuracy" not in reading.measured:
        _find_accuracies(reading, below, late)
    if "prediction" not in reading.measured:
        last = graph.descendants([scores]) if scores is not None else below
        accuracy = reading.measured.get("accuracy")
        above = graph.ancestors([accuracy]) if accuracy is not None else set()
        made = [node.name + ":0" for node in graph.of_ops(["Softmax", "ArgMax", "Sigmoid"])]
        free = [t for t in made if t not in late and (t in last or (t in above and t in below))]
        if free:
            reading.measured["prediction"] = min(free, key=lambda t: (t not in above, -graph.order[node_of(t)]))


def _find_accuracies(reading: Reading, below: set[str], late: set[str]) -> None:
    """What compares something made from the images with the labels; where nothing does, what else both lead to at last."""
    graph = reading.graph
    updating = graph.ancestors([t for u in reading.roles.updates for t in graph.nodes[u.node].inputs[1:]])
    apart = _of_another_network(reading)
    tests = [node.name + ":0" for node in graph.of_ops(LABEL_TESTS)]
    tests = [t for t in tests if t in below and t in late and t not in updating]
    compared = graph.descendants(tests)
    # A confusion matrix compares nothing; whether one is an accuracy shows when it is tried.
    found = [
        t
        for t in compared or (below & late) - updating - set(reading.roles.losses)
        if (compared and graph[t].op in ("Mean", "RealDiv"))
        or not any(f"{r}:0" in below for r in graph.consumers.get(t, ()))
    ]
    ends = [t for t in found if not graph[t].op.endswith("Summary") and node_of(t) in graph.fed and not apart(t)]
    ends.sort(key=lambda t: graph.order[node_of(t)])
    reading.measured["accuracies"] = ends[:MOST]
    if compared and ends:
        reading.measured["accuracy"] = ends[0]


def _of_another_network(reading: Reading) -> Callable[[str], bool]:
    """Whether a tensor is made with weights that an optimizer trains, and with none of those of the scores."""
    graph = reading.graph
    own = set(graph.variables_in(reading.scores)) if reading.scores is not None else set()
    trained = {u.variable for node in graph.nodes.values() if (u := update_of(graph, node)) and u.gradient}

    def apart(tensor: str) -> bool:
        used = set(graph.variables_in(tensor))
        return bool(own) and bool(used & trained) and not used & own

    return apart
