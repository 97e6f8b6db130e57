"""What a notebook's sessions ran of a graph: whether training steps, and which switches its evaluation was fed.

It is the notebook's own word. A network whose part `eval_feed` was forgotten is evaluated as its own notebook did, and one
that knows nothing is distinguished from one without training steps; it is used for nothing else.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.reader.graph.nodes import reached
from netgrader.reader.lab import LAB_SESSION

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "VARIABLES",
    "begins_anew",
    "fed_switches",
    "is_training",
    "left_at_default",
    "note_runs",
    "took_steps",
    "usual_batch",
]

BATCHES, TRAINS, STARTS = "_netgrader_batches", "_netgrader_trains", "_netgrader_starts"
SWITCHES, IN_TRAINING, TURNED = "_netgrader_switches", "_netgrader_in_training", "_netgrader_turned"
NUMBERS = "biuf"  # kinds of what evidence may hold
SETS = frozenset({"Assign", "AssignVariableOp"})
ASSIGN = SETS | frozenset({"AssignAdd", "AssignSub", "AssignAddVariableOp", "AssignSubVariableOp"})
VARIABLES = frozenset({"VarHandleOp", "VariableV2", "Variable"})
UPDATES = ("Apply", "ResourceApply", "SparseApply", "ResourceSparseApply", "ScatterSub", "ResourceScatterSub")


def note_runs(cls: Any) -> None:
    """Make sessions of the class `cls` note what they run."""
    cls.run = _noting(cls.run)


def took_steps(net: Any) -> bool:
    """Whether a session took a training step in the graph of a network's logits, or of the numbers that it predicts."""
    return bool(_batches(net))


def usual_batch(net: Any) -> int:
    """Return how many rows most of the training steps were fed that `took_steps` looks for; 0 where there are none."""
    usual = _batches(net).most_common(1)
    return usual[0][0] if usual else 0


def _batches(net: Any) -> Counter[int]:
    """How many training steps were fed so many rows, by their number."""
    graphs = {getattr(getattr(net, part, None), "graph", None) for part in ("logits", "prediction")}
    counted: Counter[int] = Counter()
    for graph in graphs:
        counted.update(getattr(graph, BATCHES, {}))
    return counted


def fed_switches(graph: Any) -> dict[str, npt.NDArray[Any]]:
    """Return by tensor name the single values that placeholders without a default were last fed where nothing was trained."""
    return dict(getattr(graph, SWITCHES, {}))


def left_at_default(net: Any) -> list[str]:
    """Return the switches of a network's logits, by op name, of which no run was fed another value than the default.

    There are none if no step was taken. What is on by default and off to evaluate is none, nor is a rate, on which
    training alone depends.
    """
    last: Any = getattr(getattr(net, "logits", None), "op", None)
    if last is None or not took_steps(net):
        return []
    turned = getattr(last.graph, TURNED, ())
    return sorted(op.name for op in _made_from(last) if _is_switch(op) and op.name not in turned)


def _made_from(op: Any) -> set[Any]:
    """The op, and all ops whose results it is made from."""
    return reached([op], lambda one: [tensor.op for tensor in one.inputs])


def _is_switch(op: Any) -> bool:
    return bool(op.type == "PlaceholderWithDefault" and op.outputs[0].shape.rank == 0)


def _noting(run: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(run)
    def wrapper(self: Any, fetches: Any, feed_dict: Any = None, *options: Any, **named: Any) -> Any:
        if not getattr(self, LAB_SESSION, False):
            with contextlib.suppress(Exception):  # whatever a notebook feeds, its run must work as ever
                _note(self.graph, fetches, feed_dict or {})
        return run(self, fetches, feed_dict, *options, **named)

    return wrapper


def _note(graph: Any, fetches: Any, feed_dict: Mapping[Any, Any]) -> None:
    trains = is_training(graph, fetches)
    if trains:
        _of(graph, BATCHES, Counter)[_rows_in(feed_dict)] += 1
    for key, value in feed_dict.items():
        tensor = graph.as_graph_element(key, allow_operation=False)
        if tensor.op.type == "Placeholder" and not isinstance(value, list | tuple):
            one = np.asarray(value)
            if not one.ndim and one.dtype.kind in NUMBERS:
                _note_switch(graph, tensor.name, one, trains=trains)
        elif _is_switch(tensor.op) and not _is_default(tensor.op, value):
            _of(graph, TURNED, set).add(tensor.op.name)


def _rows_in(feed_dict: Mapping[Any, Any]) -> int:
    """Return how many rows are fed: of several arrays those of the shortest, 0 where there is none."""
    arrays = [value for value in feed_dict.values() if isinstance(value, np.ndarray) and value.ndim]
    return min(map(len, arrays), default=0)


def _note_switch(graph: Any, name: str, value: npt.NDArray[Any], *, trains: bool) -> None:
    """Note what a switch is fed; a run that trains nothing and is fed as training is, for its loss say, is no evaluation."""
    in_training, switches = _of(graph, IN_TRAINING, dict), _of(graph, SWITCHES, dict)
    if trains:
        in_training[name] = value
    elif name not in switches or value != in_training.get(name):
        switches[name] = value


def _is_default(op: Any, value: Any) -> bool:
    default = sys.modules["tensorflow"].get_static_value(op.inputs[0])
    return default is not None and bool(np.asarray(value, default.dtype) == default)


def _of(graph: Any, name: str, make: Callable[[], Any]) -> Any:
    """What is noted of a graph under a name, made when it is first asked for."""
    if not hasattr(graph, name):
        setattr(graph, name, make())
    return getattr(graph, name)


def is_training(graph: Any, fetches: Any) -> bool:
    """Whether a run of `fetches` updates a variable that training is meant to move."""
    return _runs(graph, fetches, TRAINS, _updates)


def begins_anew(graph: Any, fetches: Any) -> bool:
    """Whether a run of `fetches` gives such a variable a value that comes from none: of an initialiser, or of a file."""
    return _runs(graph, fetches, STARTS, _starts) and not is_training(graph, fetches)


def _runs(graph: Any, fetches: Any, name: str, is_one: Callable[[Any], bool]) -> bool:
    known = _of(graph, name, dict)
    return any(_reaches(getattr(one, "op", one), known, is_one) for one in _elements(graph, fetches))


def _elements(graph: Any, fetches: Any) -> Iterator[Any]:
    """Yield the tensors and ops that are fetched."""
    if isinstance(fetches, list | tuple):
        for one in fetches:
            yield from _elements(graph, one)
    elif isinstance(fetches, Mapping):
        yield from _elements(graph, list(fetches.values()))
    else:
        yield graph.as_graph_element(fetches)


def _reaches(op: Any, known: dict[str, bool], is_one: Callable[[Any], bool]) -> bool:
    """Whether running `op` runs an op that `is_one`; noted in `known` for all ops before it."""
    ahead = [op]
    while ahead:
        last = ahead[-1]
        before = _before(last)
        known.setdefault(last.name, is_one(last))
        missing = [one for one in before if one.name not in known]
        if missing and not known[last.name]:
            ahead += missing
            continue
        known[last.name] = known[last.name] or any(known[one.name] for one in before)
        ahead.pop()
    return known[op.name]


def _before(op: Any) -> list[Any]:
    return [tensor.op for tensor in op.inputs] + list(op.control_inputs)


def _updates(op: Any) -> bool:
    return op.type.startswith(UPDATES) or (_assigns(op) and not _starts(op))


def _starts(op: Any) -> bool:
    if not _assigns(op) or op.type not in SETS:
        return False
    return VARIABLES.isdisjoint(one.type for one in reached([op.inputs[1].op], _before))


def _assigns(op: Any) -> bool:
    """Whether an op assigns to a variable that training is meant to move."""
    if op.type not in ASSIGN:
        return False
    return op.inputs[0].op.name in {variable.op.name for variable in op.graph.get_collection("trainable_variables")}
