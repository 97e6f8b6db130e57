"""From an error that a student's code raised to a fault that a student understands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netgrader.checks.language import fault
from netgrader.checks.wording import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.evidence import ProbeError
    from netgrader.faults import Fault

__all__ = ["explain"]

SAID = 200  # characters of an error's text that are shown

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


def explain(error: ProbeError, name: str) -> Fault:
    """What an error means.

    Parameters
    ----------
    error
        The exception as the probe handed it over.
    name
        What was being made when it was raised, as a student knows it.
    """
    if error.kind == "NotImplementedError":
        return fault("not-done", place=name)
    if error.kind in {"WrongReturn", "NoGraph"}:
        return fault("wrong-return", found=error.message, place=name)
    if error.kind == "NameError" and error.line is None:
        return fault("missing-name", found=error.message, place=name)
    place = f"{name}: {error.line}" if error.line else name
    first = error.message.partition("\n")[0]
    said = plain(f"{error.kind}: {first}" if first else error.kind, SAID)
    for pattern, code in MEANINGS:
        if re.search(pattern, error.message, re.DOTALL):
            return fault(code, found=said, place=place)
    return fault("error-in-code", found=said, place=place)
