"""From an error that a student's code raised to a fault that a student understands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netgrader.checks.stopped import remedy, said_of
from netgrader.checks.wording import NO_ROOM, SMALLER
from netgrader.faults import fault
from netgrader.phrases import say
from netgrader.reader.graph.plain import plain_graph
from netgrader.reader.graph.source import GraphError, read_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.checks.stopped import Stopped
    from netgrader.evidence import GraphEvidence, ProbeError
    from netgrader.faults import Fault

__all__ = ["explain"]

# What TensorFlow, Keras and NumPy say, and what it means in this course. The first that fits is taken.
MEANINGS: Sequence[tuple[str, str]] = (
    (r"not available with Keras 3|tf\.layers|has no attribute '(layers|contrib)'", "keras3-removed-api"),
    (r"No gradients provided|No variables to optimize", "minimises-wrong-tensor"),
    (r"Rank mismatch: Rank of labels|labels\.shape\.rank` must equal", "labels-not-one-hot"),
    (r"logits and labels must (be broadcastable|have the same)", "labels-not-one-hot"),
    (r"Dimensions must be equal.*(SparseSoftmax|softmax_cross_entropy)", "labels-not-one-hot"),
    (r"[Aa]ttempting to use uninitialized value|could not find variable|Could not find variable", "not-initialised"),
    (r"Cannot feed value of shape", "wrong-placeholder"),
    (r"must be from the same graph|is not an element of this graph", "built-in-default-graph"),
)


def explain(
    error: ProbeError, name: str, unfinished: GraphEvidence | None = None, stopped: Stopped | None = None
) -> Fault:
    """What an error means.

    Parameters
    ----------
    error
        The exception as the probe handed it over.
    name
        What was being made when it was raised, as a student knows it.
    unfinished
        What there was of the network until then.
    stopped
        The cell because of which a name is missing, if that is known.
    """
    if error.kind == "NotImplementedError":
        return fault("not-done", place=name)
    if error.kind in {"WrongReturn", "NoGraph"}:
        return fault("wrong-return", found=error.message, place=name)
    if error.kind == "NoRoom":
        return fault(NO_ROOM, expected=SMALLER, place=name)
    if error.kind == "NameError" and error.line is None:
        if stopped is None:
            return fault("missing-name", found=error.message, place=name)
        found = say("{1}, since {2}", error.message, stopped.sentence)
        return fault("missing-name", found=found, expected=remedy(stopped.kind, stopped.message), place=name)
    place = f"{name}: {error.line}" if error.line else name
    said = said_of(error.kind, error.message)
    code = next((code for pattern, code in MEANINGS if re.search(pattern, error.message, re.DOTALL)), "error-in-code")
    if code == "minimises-wrong-tensor" and unfinished is not None and _swapped(unfinished):
        code = "labels-logits-swapped"
    return fault(code, found=said, place=place)


def _swapped(unfinished: GraphEvidence) -> bool:
    """Whether a cross-entropy takes what variables make for its labels, and something that none makes for its logits.

    TensorFlow then finds no gradient, since it takes none with respect to labels.
    """
    try:
        graph = plain_graph(read_source(unfinished.meta_graph).graph_def)
        losses = list(graph.of_ops(["SoftmaxCrossEntropyWithLogits"]))
        return any(
            graph.variables_in(loss.inputs[1]) and not graph.variables_in(loss.inputs[0])
            for loss in losses
            if len(loss.inputs) == 2
        )
    except GraphError:
        return False
