"""Records of what a notebook's sessions ran in a graph: training steps, and switches in evaluation.

They come from the student's process, so they are untrusted. They serve to evaluate a network without its part `eval_feed` as
its own notebook did, and to tell one that knows nothing from one without training steps; nothing else.
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
    "NOTHING",
    "VARIABLES",
    "GraphGrowsError",
    "RunEffect",
    "fed_switches",
    "left_at_default",
    "note_run",
    "require_made_once",
    "run_of",
    "took_steps",
    "usual_batch",
]

NOTES = "_netgrader_notes"
NUMBERS = "biuf"  # NumPy dtype kinds that evidence may hold
SWITCHES = frozenset({"Placeholder", "PlaceholderWithDefault"})
SETS = frozenset({"Assign", "AssignVariableOp"})
ASSIGN = SETS | frozenset({"AssignAdd", "AssignSub", "AssignAddVariableOp", "AssignSubVariableOp"})
VARIABLES = frozenset({"VarHandleOp", "VariableV2", "Variable"})
UPDATES = ("Apply", "ResourceApply", "SparseApply", "ResourceSparseApply", "ScatterSub", "ResourceScatterSub")
MOST_MADE = 10
"""Training steps in a row that may each use a newly made operation; networks trained one by one have fewer."""
MADE_IN_LOOP = (
    f"each of {MOST_MADE} training steps has an operation of its own, so the graph grows with each step. "
    "Make the optimizer once, before the loop"
)


class GraphGrowsError(RuntimeError):
    """A loop makes an optimizer in each step."""


class RunEffect(NamedTuple):
    """What a session's run does to the variables that training moves."""

    trains: bool
    """Whether it updates one."""
    begins: bool
    """Whether it sets one from an initializer or a file."""
    optimizes: bool
    """Whether an optimizer's op updates one."""


NOTHING = RunEffect(trains=False, begins=False, optimizes=False)


@dataclass
class _GraphRuns:
    """Records of a graph's runs."""

    kinds: dict[str, RunEffect] = field(default_factory=dict)
    """What running an op does, by op name."""
    version: int = 0
    n_known: int = 0
    """Version of the graph, and number of `kinds` that train, at the last training step."""
    made_in_loop: int = 0
    """Number of training steps in a row, each with an optimizer made since the previous step."""
    batches: Counter[int] = field(default_factory=Counter)
    """Number of training steps by their number of fed rows."""
    in_training: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    in_evaluation: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    """Scalars that placeholders were last fed, by tensor name."""
    fed: dict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))
    """All scalars that placeholders were fed, by tensor name."""


def _notes(graph: Any) -> _GraphRuns:
    """Return the notes of a graph's runs; empty notes for no graph."""
    notes: _GraphRuns = getattr(graph, NOTES, _GraphRuns())
    return notes


def took_steps(net: Any) -> bool:
    """Whether a session took a training step in the graph of a network's logits or predictions."""
    return bool(_batches(net))


def usual_batch(net: Any) -> int:
    """Return the most frequent number of rows of these training steps; 0 without steps."""
    batches = _batches(net)
    return max(batches, key=batches.__getitem__, default=0)


def _batches(net: Any) -> Counter[int]:
    """Return the number of training steps by their number of fed rows."""
    logits, prediction = _runs_of(net)
    return logits.batches | prediction.batches


def _runs_of(net: Any) -> tuple[_GraphRuns, _GraphRuns]:
    """Return the notes of the graphs of a network's logits and of its numeric predictions."""
    logits, prediction = (getattr(getattr(net, part, None), "graph", None) for part in ("logits", "prediction"))
    return _notes(logits), _notes(prediction)


def fed_switches(graph: Any) -> dict[str, npt.NDArray[Any]]:
    """Return scalars last fed to placeholders without default in runs without training, by name."""
    fed = _notes(graph).in_evaluation
    return {name: value for name, value in fed.items() if graph.as_graph_element(name).op.type == "Placeholder"}


def left_at_default(net: Any) -> list[str]:
    """Return the switches of a network's logits, by op name, that were never fed a value.

    Empty if no step was taken. Excludes switches whose default is right for training, and rates, since logits do not depend
    on them.
    """
    last: Any = getattr(getattr(net, "logits", None), "op", None)
    notes = _notes(getattr(last, "graph", None))
    if not notes.batches:
        return []
    made_from = reached([last], _inputs_of)
    return sorted(op.name for op in made_from if _is_switch(op) and notes.fed[op.outputs[0].name] <= {_default(op)})


def _is_switch(op: Any) -> bool:
    return bool(op.type == "PlaceholderWithDefault" and op.outputs[0].shape.rank == 0)


def _default(op: Any) -> Any:
    """Return the default of a switch; None if it is not a constant."""
    return np.asarray(sys.modules["tensorflow"].get_static_value(op.inputs[0])).item()


def note_run(graph: Any, run: RunEffect, feed_dict: Mapping[Any, Any]) -> None:
    """Record a run of a session of `graph`."""
    notes = _notes(graph)
    if run.begins and graph.version == notes.version:  # by an initializer that is not made in the loop either
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
    """Stop a loop that makes an optimizer in each step, before steps take seconds.

    Raises
    ------
    GraphGrowsError
        If each of the last `MOST_MADE` training steps used a new optimizer. The count then restarts.
    """
    notes = _notes(graph)
    if notes.made_in_loop >= MOST_MADE:
        notes.made_in_loop = 0
        raise GraphGrowsError(MADE_IN_LOOP)


def _rows_in(feed_dict: Mapping[Any, Any]) -> int:
    """Return the number of fed rows: of several arrays, the smallest; 0 without arrays."""
    return min((len(value) for value in feed_dict.values() if getattr(value, "ndim", 0)), default=0)


def _note_switch(notes: _GraphRuns, tensor: Any, value: Any, *, trains: bool) -> None:
    """Record a switch's value; a run with training's feeds, such as for its loss, is not an evaluation."""
    name, one = tensor.name, np.asarray(value, tensor.dtype.as_numpy_dtype)
    notes.fed[name].add(one.item())
    if one.dtype.kind not in NUMBERS:
        return
    if trains:
        notes.in_training[name] = one
    elif name not in notes.in_evaluation or one != notes.in_training.get(name):
        notes.in_evaluation[name] = one


def run_of(graph: Any, fetches: Any) -> RunEffect:
    """Return what a run of `fetches` does; cached by fetched op."""
    notes = _notes(graph)
    setattr(graph, NOTES, notes)
    handler = sys.modules["tensorflow.python.client.session"]._FetchHandler(graph, fetches, {})  # noqa: SLF001
    ops = [*handler.targets(), *(tensor.op for tensor in handler.fetches())]
    for op in ops:
        if op.name not in notes.kinds:
            needed = list(reached([op], _before))
            notes.kinds[op.name] = RunEffect(*(any(map(does, needed)) for does in (_updates, _starts, _optimizes)))
    return RunEffect(*map(any, zip(NOTHING, *(notes.kinds[op.name] for op in ops), strict=True)))


def _inputs_of(op: Any) -> list[Any]:
    """Return the ops whose outputs an op uses."""
    return [tensor.op for tensor in op.inputs]


def _before(op: Any) -> list[Any]:
    """Return the ops that run before an op."""
    return [*_inputs_of(op), *op.control_inputs]


def _updates(op: Any) -> bool:
    return _optimizes(op) or (_assigns(op) and not _starts(op))


def _optimizes(op: Any) -> bool:
    return bool(op.type.startswith(UPDATES))


def _starts(op: Any) -> bool:
    if not _assigns(op) or op.type not in SETS:
        return False
    return VARIABLES.isdisjoint(one.type for one in reached([op.inputs[1].op], _before))


def _assigns(op: Any) -> bool:
    """Whether an op assigns to a trainable variable."""
    if op.type not in ASSIGN:
        return False
    return op.inputs[0].op.name in {variable.op.name for variable in op.graph.get_collection("trainable_variables")}
