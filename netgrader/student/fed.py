"""What a notebook's sessions ran of a graph: training steps, and evaluation's switches.

It is the notebook's own word. A network whose part `eval_feed` was forgotten is evaluated as its own notebook did, and one
that knows nothing is distinguished from one without training steps; it is used for nothing else.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphread.graph.nodes import reached

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "MOST_MADE",
    "VARIABLES",
    "GraphGrowsError",
    "Run",
    "fed_switches",
    "left_at_default",
    "note_run",
    "require_made_once",
    "run_of",
    "took_steps",
    "usual_batch",
]

NOTES = "_netgrader_notes"
NUMBERS = "biuf"  # kinds of what evidence may hold
SWITCHES = frozenset({"Placeholder", "PlaceholderWithDefault"})
SETS = frozenset({"Assign", "AssignVariableOp"})
ASSIGN = SETS | frozenset({"AssignAdd", "AssignSub", "AssignAddVariableOp", "AssignSubVariableOp"})
VARIABLES = frozenset({"VarHandleOp", "VariableV2", "Variable"})
UPDATES = ("Apply", "ResourceApply", "SparseApply", "ResourceSparseApply", "ScatterSub", "ResourceScatterSub")
MOST_MADE = 10
"""Training steps in a row that may each be an operation just made: networks that are trained one by one have fewer."""
MADE_IN_LOOP = (
    f"each of {MOST_MADE} training steps has an operation of its own, so the graph grows with each step. "
    "Make the optimizer once, before the loop"
)


class GraphGrowsError(RuntimeError):
    """A loop makes an optimizer in each step."""


class Run(NamedTuple):
    """What a session's run does to the variables that training moves."""

    trains: bool
    """Whether it updates one."""
    begins: bool
    """Whether it updates none and sets one from an initializer or a file."""


@dataclass
class _GraphRuns:
    """What was run of a graph."""

    kinds: dict[str, Run] = field(default_factory=dict)
    """By op, what running it does."""
    version: int = 0
    n_known: int = 0
    """Version of the graph, and number of `kinds` that train, at the last training step."""
    made_in_loop: int = 0
    """How many training steps in a row were made since the one before them, each by an optimizer of its own."""
    batches: Counter[int] = field(default_factory=Counter)
    """How many training steps were fed so many rows, by their number."""
    in_training: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    in_evaluation: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    """Single values that placeholders were last fed, by tensor name."""
    fed: dict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))
    """All single values that they were fed."""


def _notes(graph: Any) -> _GraphRuns:
    """Return what was run of a graph; nothing, where none is given."""
    notes: _GraphRuns = getattr(graph, NOTES, _GraphRuns())
    return notes


def took_steps(net: Any) -> bool:
    """Whether a session took a training step in the graph of a network's logits or predictions."""
    return bool(_batches(net))


def usual_batch(net: Any) -> int:
    """Return how many rows most training steps of `took_steps` were fed; 0 without any."""
    batches = _batches(net)
    return max(batches, key=batches.__getitem__, default=0)


def _batches(net: Any) -> Counter[int]:
    """How many training steps were fed so many rows, by their number."""
    logits, prediction = _runs_of(net)
    return logits.batches | prediction.batches


def _runs_of(net: Any) -> tuple[_GraphRuns, _GraphRuns]:
    """Return what was run of the graph of a network's logits, and of that of the numbers that it predicts."""
    logits, prediction = (getattr(getattr(net, part, None), "graph", None) for part in ("logits", "prediction"))
    return _notes(logits), _notes(prediction)


def fed_switches(graph: Any) -> dict[str, npt.NDArray[Any]]:
    """Return scalars last fed to placeholders without default in runs without training, by name."""
    fed = _notes(graph).in_evaluation
    return {name: value for name, value in fed.items() if graph.as_graph_element(name).op.type == "Placeholder"}


def left_at_default(net: Any) -> list[str]:
    """Return the switches of a network's logits, by op name, that were never fed a value.

    There are none if no step was taken. Not included are switches that are off only to evaluate, and
    rates, on which training alone depends.
    """
    last: Any = getattr(getattr(net, "logits", None), "op", None)
    notes = _notes(getattr(last, "graph", None))
    if not notes.batches:
        return []
    made_from = reached([last], lambda op: [tensor.op for tensor in op.inputs])
    return sorted(op.name for op in made_from if _is_switch(op) and notes.fed[op.outputs[0].name] <= {_default(op)})


def _is_switch(op: Any) -> bool:
    return bool(op.type == "PlaceholderWithDefault" and op.outputs[0].shape.rank == 0)


def _default(op: Any) -> Any:
    """Return the default of a switch, None where it is not a constant."""
    return np.asarray(sys.modules["tensorflow"].get_static_value(op.inputs[0])).item()


def note_run(graph: Any, run: Run, feed_dict: Mapping[Any, Any]) -> None:
    """Note a run of a session of `graph`."""
    notes = _notes(graph)
    if run.begins:
        notes.made_in_loop = 0
    if run.trains:
        notes.batches[_rows_in(feed_dict)] += 1
        n_known = sum(kind.trains for kind in notes.kinds.values())
        is_new = n_known > notes.n_known and graph.version > notes.version
        notes.made_in_loop = notes.made_in_loop + 1 if is_new else 0
        notes.version, notes.n_known = graph.version, n_known
    for key, value in feed_dict.items():
        tensor = graph.as_graph_element(key, allow_operation=False)
        if tensor.op.type in SWITCHES and np.ndim(value) == 0:
            _note_switch(notes, tensor, value, trains=run.trains)


def require_made_once(graph: Any) -> None:
    """Stop a loop that makes an optimizer in each step, before a step takes seconds.

    Raises
    ------
    GraphGrowsError
        If each of the last `MOST_MADE` training steps was made since the one before it. The count then starts over.
    """
    notes = _notes(graph)
    if notes.made_in_loop >= MOST_MADE:
        notes.made_in_loop = 0
        raise GraphGrowsError(MADE_IN_LOOP)


def _rows_in(feed_dict: Mapping[Any, Any]) -> int:
    """Return how many rows are fed: of several arrays those of the shortest, 0 where there is none."""
    return min((len(value) for value in feed_dict.values() if getattr(value, "ndim", 0)), default=0)


def _note_switch(notes: _GraphRuns, tensor: Any, value: Any, *, trains: bool) -> None:
    """Note a switch's value; a run fed like training, such as for its loss, is not an evaluation."""
    name, one = tensor.name, np.asarray(value, tensor.dtype.as_numpy_dtype)
    notes.fed[name].add(one.item())
    if one.dtype.kind not in NUMBERS:
        return
    if trains:
        notes.in_training[name] = one
    elif name not in notes.in_evaluation or one != notes.in_training.get(name):
        notes.in_evaluation[name] = one


def run_of(graph: Any, fetches: Any) -> Run:
    """Return what a run of `fetches` does; noted for each op that is fetched."""
    notes = _notes(graph)
    setattr(graph, NOTES, notes)
    handler = sys.modules["tensorflow.python.client.session"]._FetchHandler(graph, fetches, {})  # noqa: SLF001
    ops = [*handler.targets(), *(tensor.op for tensor in handler.fetches())]
    for op in ops:
        if op.name not in notes.kinds:
            needed = list(reached([op], _before))
            notes.kinds[op.name] = Run(any(map(_updates, needed)), any(map(_starts, needed)))
    kinds = [notes.kinds[op.name] for op in ops]
    trains = any(kind.trains for kind in kinds)
    return Run(trains, not trains and any(kind.begins for kind in kinds))


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
