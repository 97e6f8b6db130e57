"""Networks that a notebook's sessions trained: at which learning rates, and to which weights; kept as sessions end.

A result that a student reports of a short training is a number. The weights that gave it are evidence: whoever has them can
compute the number again. So what a session held is kept for a while after its end, for a probe that asks.
"""

from __future__ import annotations

import gc
import math
import sys
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netgrader.lab.api import LAB_SESSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Values = dict[str, npt.NDArray[Any]]

__all__ = ["Ended", "Register", "learning_rate", "seen_networks"]

MOST, BYTES = 24, 150_000_000
"""How many networks are kept with their weights, and how large they may be together."""
MOST_NOTED = 1_000
LEAST_WEIGHTS = 1_000  # of a variable: what has fewer is an example, and no network that reads digits
THROUGH = frozenset({"Identity", "Cast", "Enter", "ReadVariableOp"})
VARIABLES = frozenset({"VarHandleOp", "VariableV2", "Variable"})
RATES = ("lr", "alpha")
"""What TensorFlow's update ops call their learning rate."""


@dataclass(frozen=True)
class Ended:
    """A session of a network.

    Attributes
    ----------
    graph
        Its graph.
    rate
        The learning rate that the graph's optimizer used last; None where that is no plain number.
    fixed
        Whether it never was another one.
    values
        Weights by op name, as they were in the end; None if they are not known any more.
    """

    graph: Any
    rate: float | None
    fixed: bool
    values: Values | None


class Register:
    """What is known of sessions that have ended, the last ones with their weights."""

    def __init__(self) -> None:
        self._kept: deque[Ended] = deque()
        self._noted: deque[float | None] = deque(maxlen=MOST_NOTED)

    def note(self, graph: Any, values: Values | None) -> None:
        """A session of `graph` ends with these `values` of its variables, None if they cannot be read."""
        weights = trained_variables(graph)
        if not weights:
            return
        ended = _ended(graph, values or {}, weights)
        self._noted.append(ended.rate if ended.fixed else None)
        if ended.values:
            self._kept.append(ended)
        while self._kept and (len(self._kept) > MOST or sum(map(_size, self._kept)) > BYTES):
            self._kept.popleft()

    def __iter__(self) -> Iterator[Ended]:
        """Those with weights, the last one first."""
        return reversed(self._kept)

    @property
    def rates(self) -> list[float | None]:
        """The learning rate of each session that ended, None where it may have been any."""
        return list(self._noted)


def _ended(graph: Any, values: Values, weights: frozenset[str]) -> Ended:
    rate, fixed = learning_rate(graph, values)
    kept = {name: value for name, value in values.items() if name in weights}
    return Ended(graph, rate, fixed, kept or None)


def _size(ended: Ended) -> int:
    return sum(value.nbytes for value in (ended.values or {}).values())


def trained_variables(graph: Any) -> frozenset[str]:
    """Op names of the variables that training is meant to move, if the graph is a network's; else none."""
    variables = graph.get_collection("trainable_variables")
    if not any((variable.shape.num_elements() or 0) >= LEAST_WEIGHTS for variable in variables):
        return frozenset()
    return frozenset(variable.op.name for variable in variables)


def learning_rate(graph: Any, values: Values) -> tuple[float | None, bool]:
    """The rate that all of a graph's updates use, and whether it is a constant; a variable has the one of `values`."""
    found = set()
    for op in graph.get_operations():
        if op.type.startswith(("Apply", "ResourceApply")):
            names = [argument.name for argument in op.op_def.input_arg]
            found |= {_number(op.inputs[names.index(name)], values) for name in RATES if name in names}
    return found.pop() if len(found) == 1 else (None, False)


def _number(tensor: Any, values: Values) -> tuple[float | None, bool]:
    op = tensor.op
    while op.type in THROUGH:
        op = op.inputs[0].op
    fixed = op.type == "Const"
    if fixed:
        value = sys.modules["tensorflow"].make_ndarray(op.get_attr("value"))
    elif op.type in VARIABLES and op.name in values:
        value = values[op.name]
    else:
        return None, False
    rate = float(value.reshape(-1)[0]) if value.size == 1 and value.dtype.kind in "fiu" else math.nan
    return (rate, fixed) if math.isfinite(rate) else (None, False)


def seen_networks() -> tuple[list[Ended], list[float | None]]:
    """Networks that sessions hold or held, with their weights, the last first; and the rates of all that were seen."""
    from netgrader.student.sessions import register, variable_values  # noqa: PLC0415  (which notes in a register)

    ended = register()
    still = []
    for session in _open_sessions():
        weights = trained_variables(session.graph)
        if weights:
            still.append(_ended(session.graph, variable_values(session, session.graph), weights))
    return [*still, *ended], [*ended.rates, *(one.rate if one.fixed else None for one in still)]


def _open_sessions() -> list[Any]:
    """Sessions of the notebook that are not closed."""
    base = sys.modules["tensorflow.python.client.session"].BaseSession
    found = [thing for thing in gc.get_objects() if base in type(thing).__mro__]
    return [one for one in found if not getattr(one, "_closed", True) and not getattr(one, LAB_SESSION, False)]
