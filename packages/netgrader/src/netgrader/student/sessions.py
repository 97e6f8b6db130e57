"""Weights that a notebook's sessions trained, kept when a session ends or restarts.

A student may close a session or leave it open; its values are evidence either way. The reported result of a short training is
only a number; the weights that gave it are evidence, since the number can be recomputed from them. So a session's values are
kept for a while after its end, or after its variables were reset for the next training.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import sys
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphread.lab import LAB_SESSION
from netgrader.student.cell_runs import cell_runs
from netgrader.student.fed import NOTHING, VARIABLES, note_run, require_made_once, run_of
from netgrader.student.fed_rows import note_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from netgrader.student.fed import RunEffect

__all__ = [
    "Kept",
    "Register",
    "TrainedWeights",
    "fitting",
    "install",
    "kept_values",
    "register",
    "seen_networks",
    "shapes_of",
    "variable_values",
]

SESSION_MODULE = "tensorflow.python.client.session"
KEPT = "_netgrader_kept_values"
REGISTER = "_netgrader_ended"
TRAINED, RUN, CELL = "_netgrader_trained", "_netgrader_run", "_netgrader_cell"


class Kept:
    """Limits on keeping a student's sessions, in numbers and bytes."""

    LARGE = 400_000_000
    """Bytes of all variables of a network above which the optimizer's own are not read."""
    MOST, BYTES = 24, 150_000_000
    """Maximum number of networks that are kept with their weights, and their total size in bytes."""
    MOST_OPEN = 6  # sessions that are held open, 15 MB each; for older ones only weights are kept
    LEAST_WEIGHTS = 50  # of a variable: with fewer, it is an example, not a network


HOLDING = frozenset({"VariableV2", "Variable", "ReadVariableOp"})
READABLE = "biufV"  # dtype kinds of numbers and switches; V includes bfloat16 and the like
THROUGH = frozenset({"Identity", "Cast", "Enter", "ReadVariableOp"})
UPDATES = ("Apply", "ResourceApply")

Values = dict[str, npt.NDArray[Any]]


def install() -> None:
    """Make sessions keep their variables' values when closed, once, if TensorFlow is imported."""
    module = sys.modules.get(SESSION_MODULE)
    cls = getattr(module, "BaseSession", None)
    if cls is None or hasattr(cls, REGISTER):
        return
    cls.close = _keeping(cls.close)
    cls.run = _watched(cls.run)
    setattr(cls, REGISTER, Register())


def kept_values(graph: Any) -> Values:
    """Return values of the last closed session of `graph` by op name; empty if there was none."""
    return dict(getattr(graph, KEPT, {}))


def variable_values(session: Any) -> Values:
    """Return `session`'s initialized variables by op name; the last values if it is closed."""
    if getattr(session, "_closed", False):
        return dict(getattr(session, KEPT, {}))
    return _read(session)


def register() -> Register:
    """Return the register of sessions; empty if `install` was never called."""
    found: Register = getattr(sys.modules[SESSION_MODULE].BaseSession, REGISTER, Register())
    return found


def _read(session: Any) -> Values:
    """Return all variables' values without adding an op, through existing reads and tensors."""
    tf = sys.modules["tensorflow"]
    readable = _readable(session.graph)
    try:
        return {name: _plain(value) for name, value in _run(session, readable).items()}
    except tf.errors.OpError:
        return _read_one_by_one(session, readable)


def _run(session: Any, fetches: Any) -> Any:
    """Run `fetches` without our own hooks."""
    return inspect.unwrap(type(session).run)(session, fetches)


def _readable(graph: Any) -> dict[str, Any]:
    """Return a tensor with the value of each numeric or boolean variable, by op name."""
    holding = [op.outputs[0] for op in graph.get_operations() if op.type in HOLDING and _waits_for_nothing(op)]
    found = {_variable(tensor).name: tensor for tensor in holding if _dtype(tensor).kind in READABLE}
    own = _remembered(graph) if sum(map(_bytes_of, found.values())) > Kept.LARGE else ()
    return {name: tensor for name, tensor in found.items() if name not in own}


def _waits_for_nothing(op: Any) -> bool:
    """Whether an op can run alone: a read of a variable may wait for a training step."""
    return not op.control_inputs and op._get_control_flow_context() is None  # noqa: SLF001


def _bytes_of(tensor: Any) -> int:
    return (tensor.shape.num_elements() or 0) * _dtype(tensor).itemsize


def _dtype(tensor: Any) -> np.dtype[Any]:
    found: np.dtype[Any] = np.dtype(tensor.dtype.as_numpy_dtype)
    return found


def _read_one_by_one(session: Any, readable: dict[str, Any]) -> Values:
    tf = sys.modules["tensorflow"]
    values: Values = {}
    for name, variable in readable.items():
        try:
            values[name] = _plain(_run(session, variable))
        except tf.errors.OpError:
            continue  # never initialized, so it has no value
    return values


def _plain(value: Any) -> npt.NDArray[Any]:
    """Return a NumPy array of a standard dtype; bfloat16 and the like become float32."""
    array = np.asarray(value)
    return array if array.dtype.kind in "biuf" else array.astype(np.float32)


def _keeping(close: Callable[[Any], None]) -> Callable[[Any], None]:
    @functools.wraps(close)
    def wrapper(self: Any) -> None:
        with contextlib.suppress(Exception):  # whatever the session's state, closing it must work as usual
            register().end(self)
        close(self)

    return wrapper


def _watched(run: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``run``: record it, stop loops that make optimizers, and keep trained weights on evaluation."""

    @functools.wraps(run)
    def wrapper(self: Any, fetches: Any, feed_dict: Any = None, *options: Any, **named: Any) -> Any:
        if not getattr(self, LAB_SESSION, False):
            # Whatever a notebook fetches and feeds, its run must work as usual and report its own errors.
            effect = NOTHING
            with contextlib.suppress(Exception):
                effect = run_of(self.graph, fetches)
                register().before(self, effect)
            with contextlib.suppress(Exception):
                note_rows(self, effect, feed_dict or {})
                note_run(self.graph, effect, feed_dict or {})
            require_made_once(self.graph)
        return run(self, fetches, feed_dict, *options, **named)

    return wrapper


@dataclass(frozen=True)
class TrainedWeights:
    """The weights that a session had trained at one time."""

    graph: Any
    """The session's graph."""
    values: Values
    """Variables by op name, in order of creation, without the optimizer's own."""
    run: int
    """The number of the training: new for each session, and whenever its variables are reset."""
    cell: tuple[str | None, int] = (None, 0)
    """The cell that ran the session last, and which of its runs it was: `CellRuns.now`."""


class Register:
    """The last sessions, and the weights that they and earlier ones had when evaluated.

    Sessions are held open, so that Python does not collect one while it cannot be read.
    """

    def __init__(self) -> None:
        self._open: deque[Any] = deque()
        self._kept: deque[TrainedWeights] = deque()
        self._runs = itertools.count()

    def before(self, session: Any, run: RunEffect) -> None:
        """Keep the weights that a session has trained, unless the next run continues the training."""
        if not run.trains and getattr(session, TRAINED, False):
            self._note(session)
        setattr(session, TRAINED, run.trains)
        setattr(session, CELL, cell_runs().now)
        if run.begins or not hasattr(session, RUN):
            setattr(session, RUN, next(self._runs))
        if session not in self._open and not getattr(session, "_closed", True):
            self._open.append(session)
        if len(self._open) > Kept.MOST_OPEN:
            self.end(self._open[0])

    def end(self, session: Any) -> None:
        """Keep the weights of a held session, and release it."""
        if session not in self._open:
            return
        self._open.remove(session)
        values = self._note(session)
        setattr(session, KEPT, values)
        setattr(session.graph, KEPT, values)

    def _note(self, session: Any) -> Values:
        values = _read(session)
        self.note(session.graph, values, getattr(session, RUN), getattr(session, CELL))
        return values

    def note(self, graph: Any, values: Values, run: int, cell: tuple[str | None, int] = (None, 0)) -> None:
        """Keep weights that a session of `graph` trained; drop the oldest of the largest training."""
        self._kept = deque(_of_last_runs(self._kept))
        if values and is_network(graph):
            self._kept.append(_without_optimizer(graph, values, run, cell))
        while len(self._kept) > Kept.MOST or sum(map(_size, self._kept)) > Kept.BYTES:
            most = Counter(one.run for one in self._kept).most_common(1)[0][0]
            del self._kept[next(place for place, one in enumerate(self._kept) if one.run == most)]

    def __iter__(self) -> Iterator[TrainedWeights]:
        """Yield the weights of open sessions, then the kept ones, last first."""
        for session in reversed(self._open):
            if is_network(session.graph):
                yield _without_optimizer(session.graph, _read(session), getattr(session, RUN), getattr(session, CELL))
        yield from reversed(self._kept)


def _without_optimizer(graph: Any, values: Values, run: int, cell: tuple[str | None, int]) -> TrainedWeights:
    own = _remembered(graph)
    # A scalar is an optimizer's or a step counter; a layer's bias has one value per output.
    kept = {name: value for name, value in values.items() if name not in own and value.ndim}
    return TrainedWeights(graph, kept, run, cell)


def seen_networks() -> list[TrainedWeights]:
    """Return the networks that sessions hold or held, last first.

    Of a cell that ran several times, those of its last run are returned.
    """
    return _of_last_runs(register())


def _of_last_runs(networks: Iterable[TrainedWeights]) -> list[TrainedWeights]:
    begun = cell_runs().begun
    return [one for one in networks if begun[one.cell[0]] == one.cell[1]]


def shapes_of(graph: Any) -> list[tuple[str, tuple[int, ...]]]:
    """Return op names and shapes of a graph's variables, in order, without optimizer slots."""
    own, found = _remembered(graph), []
    for op in graph.get_operations():
        if op.type in VARIABLES and op.name not in own:
            shape = sys.modules["tensorflow"].TensorShape(op.get_attr("shape"))
            if shape.rank:
                found.append((op.name, tuple(shape.as_list())))
    return found


def _remembered(graph: Any) -> frozenset[str]:
    """Return op names of the optimizer's own variables."""
    updates = [op for op in graph.get_operations() if op.type.startswith(UPDATES)]
    return frozenset(_variable(tensor).name for op in updates for tensor in list(op.inputs)[1:])


def _variable(tensor: Any) -> Any:
    """Return the op whose value a tensor holds."""
    op = tensor.op
    while op.type in THROUGH:
        op = op.inputs[0].op
    return op


def _size(trained: TrainedWeights) -> int:
    return sum(value.nbytes for value in trained.values.values())


def fitting(trained: TrainedWeights, variables: Sequence[tuple[str, tuple[int, ...]]]) -> list[Values]:
    """Return sets of kept values that may belong to a network's `variables` (names and shapes in order).

    Names do not help: layers get arbitrary names, and a graph may hold several networks, built one after the other. So the
    values of each shape are assigned in order, to as many sets as are complete.
    """
    stock: dict[tuple[int, ...], deque[npt.NDArray[Any]]] = defaultdict(deque)
    for value in trained.values.values():
        stock[value.shape].append(value)
    needed = Counter(shape for _, shape in variables)
    sets = min((len(stock[shape]) // count for shape, count in needed.items()), default=0)
    return [{name: stock[shape].popleft() for name, shape in variables} for _ in range(sets)]


def is_network(graph: Any) -> bool:
    """Whether a graph has enough trainable numbers to be a network."""
    variables = graph.get_collection("trainable_variables")
    return any((variable.shape.num_elements() or 0) >= Kept.LEAST_WEIGHTS for variable in variables)
