"""Networks that a notebook's sessions trained: at which learning rates, and to which weights; kept as trainings end.

A result that a student reports of a short training is a number. The weights that gave it are evidence: whoever has them can
compute the number again. So what a session held is kept for a while after its end, or after its variables were set anew for
the next training, for a probe that asks.
"""

from __future__ import annotations

import gc
import math
import sys
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netgrader.reader.lab import LAB_SESSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    Values = dict[str, npt.NDArray[Any]]

__all__ = ["ClosedSession", "Register", "fitting", "learning_rate", "seen_networks", "shapes_of"]

MOST, BYTES = 24, 150_000_000
"""How many networks are kept with their weights, and how large they may be together."""
LEAST_NUMBERS = 10  # of a variable that is a layer's, or an average of one
LEAST_WEIGHTS = 1_000  # of a variable: what has fewer is an example, and no network that reads digits
THROUGH = frozenset({"Identity", "Cast", "Enter", "ReadVariableOp"})
VARIABLES = frozenset({"VarHandleOp", "VariableV2", "Variable"})
UPDATES = ("Apply", "ResourceApply")
RATES = ("lr", "alpha")
"""What TensorFlow's update ops call their learning rate."""


@dataclass(frozen=True)
class ClosedSession:
    """What a session had trained when it ended, or when its variables were set anew.

    Attributes
    ----------
    graph
        Its graph.
    rate
        The learning rate of the graph's optimizer; None where it may have been any, in a variable or a placeholder.
    values
        Variables by op name, in the order in which they were made, without an optimizer's own.
    """

    graph: Any
    rate: float | None
    values: Values


class Register:
    """What was trained by sessions that have ended, the last ones."""

    def __init__(self) -> None:
        self._kept: deque[ClosedSession] = deque()
        self.lost = 0
        """How many sessions Python collected in a moment in which they could not be read."""

    def note(self, graph: Any, values: Values | None) -> None:
        """A session of `graph` ends with these `values` of its variables, None if they cannot be read."""
        if not trained_variables(graph):
            return
        if values is None:
            self.lost += 1
        elif values:
            self._kept.append(_ended(graph, values))
        while self._kept and (len(self._kept) > MOST or sum(map(_size, self._kept)) > BYTES):
            self._kept.popleft()

    def __iter__(self) -> Iterator[ClosedSession]:
        """The last one first."""
        return reversed(self._kept)


def _ended(graph: Any, values: Values) -> ClosedSession:
    """What is kept of a session: its variables but for what an optimizer remembers of them."""
    own = _remembered(graph)
    kept = {name: value for name, value in values.items() if name not in own and value.size >= LEAST_NUMBERS}
    rate, fixed = learning_rate(graph, values)
    return ClosedSession(graph, rate if fixed else None, kept)


def shapes_of(graph: Any) -> list[tuple[str, tuple[int, ...]]]:
    """Op names and shapes of a graph's variables, in order, but for what an optimizer remembers of them."""
    own, found = _remembered(graph), []
    for op in graph.get_operations():
        if op.type in VARIABLES and op.name not in own:
            shape = sys.modules["tensorflow"].TensorShape(op.get_attr("shape"))
            if (shape.num_elements() or 0) >= LEAST_NUMBERS:
                found.append((op.name, tuple(shape.as_list())))
    return found


def _remembered(graph: Any) -> frozenset[str]:
    """Op names of the variables that an optimizer keeps beside those that it moves."""
    updates = [op for op in graph.get_operations() if op.type.startswith(UPDATES)]
    return frozenset(_variable(tensor).name for op in updates for tensor in list(op.inputs)[1:])


def _variable(tensor: Any) -> Any:
    """The op whose value a tensor is."""
    op = tensor.op
    while op.type in THROUGH:
        op = op.inputs[0].op
    return op


def _size(ended: ClosedSession) -> int:
    return sum(value.nbytes for value in ended.values.values())


def fitting(ended: ClosedSession, variables: Sequence[tuple[str, tuple[int, ...]]]) -> list[Values]:
    """The values of a network's `variables`, names and shapes in order, that what was trained may stand for.

    Names tell nothing: layers are named by chance, and a graph may hold several networks, which were built one after the
    other. So the values of each shape are dealt out in order; there are as many sets as are complete.
    """
    need: dict[tuple[int, ...], list[str]] = {}
    for name, shape in variables:
        need.setdefault(shape, []).append(name)
    have = {shape: [value for value in ended.values.values() if value.shape == shape] for shape in need}
    sets = min((len(have[shape]) // len(names) for shape, names in need.items()), default=0)
    found = []
    for number in range(sets):
        values: Values = {}
        for shape, names in need.items():
            dealt = have[shape][number * len(names) : (number + 1) * len(names)]
            values.update(zip(names, dealt, strict=True))
        found.append(values)
    return found


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
        if op.type.startswith(UPDATES):
            names = [argument.name for argument in op.op_def.input_arg]
            found |= {_number(op.inputs[names.index(name)], values) for name in RATES if name in names}
    return found.pop() if len(found) == 1 else (None, False)


def _number(tensor: Any, values: Values) -> tuple[float | None, bool]:
    op = _variable(tensor)
    fixed = op.type == "Const"
    if fixed:
        value = sys.modules["tensorflow"].make_ndarray(op.get_attr("value"))
    elif op.type in VARIABLES and op.name in values:
        value = values[op.name]
    else:
        return None, False
    rate = float(value.reshape(-1)[0]) if value.size == 1 and value.dtype.kind in "fiu" else math.nan
    return (rate, fixed) if math.isfinite(rate) else (None, False)


def seen_networks() -> tuple[list[ClosedSession], int]:
    """Networks that sessions hold or held, with their weights, the last first; and of how many they were lost."""
    from netgrader.student.sessions import register, variable_values  # noqa: PLC0415  (which notes in a register)

    ended = register()
    still = []
    for session in _open_sessions():
        values = variable_values(session, session.graph) if trained_variables(session.graph) else {}
        if values:
            still.append(_ended(session.graph, values))
    return [*still, *ended], ended.lost


def _open_sessions() -> list[Any]:
    """Sessions of the notebook that are not closed."""
    base = sys.modules["tensorflow.python.client.session"].BaseSession
    found = [thing for thing in gc.get_objects() if base in type(thing).__mro__]
    return [one for one in found if not getattr(one, "_closed", True) and not getattr(one, LAB_SESSION, False)]
