"""Which ops of a TensorFlow graph belong together in a drawing: each op gets an owner, an op that stands for it.

Names decide, as TensorFlow gives them: this is for drawings, where a wrong guess costs clarity, and never for verdicts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["LEFT_OUT", "VARIABLE_OPS", "Groups", "data_inputs", "group"]

VARIABLE_OPS = frozenset({"Variable", "VariableV2", "VarHandleOp"})
LEFT_OUT = ""

_SAVING = frozenset({"SaveV2", "RestoreV2", "ShardedFilename", "MergeV2Checkpoints"})
_ASSIGNING = frozenset({"Assign", "AssignVariableOp"})
_APPLYING = re.compile(r"(?:Resource)?(?:Sparse)?Apply[A-Z]")
_GRADIENTS = re.compile(r"(?:.*?/)?gradients(?:_\d+)?(?=/)")
_DIFFERENTIATED = re.compile(r"gradients(?:_\d+)?/(.+?)_grad(?:_\d+)?/")
_MADE_BY_TENSORFLOW = re.compile(r"(?:.*/)?Const(?:_\d+)?")
_INTEGERS = frozenset({3, 9})  # DT_INT32, DT_INT64


class Groups:
    """Owners of ops.

    Attributes
    ----------
    owner
        The owner's name by op name; `LEFT_OUT` for what is not drawn (initialising, saving).
    training
        The owners that are an optimizer with the gradients that it uses.
    gradients
        The owners that are gradients which no optimizer uses.
    """

    def __init__(self, ops: Mapping[str, Any]) -> None:
        self._ops = ops
        self.owner: dict[str, str] = {name: _named_like(name, ops) for name in ops}
        self.training: set[str] = set()
        self.gradients: set[str] = set()

    def move(self, old: str, new: str) -> None:
        """Give everything that `old` owns to `new`."""
        for name, owner in self.owner.items():
            if owner == old:
                self.owner[name] = new

    def consumers(self) -> dict[str, set[str]]:
        """Owners that use something of an owner, by the latter."""
        users: dict[str, set[str]] = defaultdict(set)
        for name, node in self._ops.items():
            for source in data_inputs(node):
                if source in self.owner and self.owner[source] != self.owner[name]:
                    users[self.owner[source]].add(self.owner[name])
        return users


def group(ops: Mapping[str, Any]) -> Groups:
    """Find an owner for each op of `ops`, NodeDefs by name."""
    groups = Groups(ops)
    _leave_out_housekeeping(groups, ops)
    _gather_gradients(groups, ops)
    _gather_training(groups, ops)
    _give_variables_their_values(groups, ops)
    _hide_arguments(groups, ops)
    return groups


def data_inputs(node: Any) -> Iterator[str]:
    """Names of the ops whose outputs `node` uses; control inputs left out."""
    for each in node.input:
        if not each.startswith("^"):
            yield each.partition(":")[0]


def differentiated(ops: Mapping[str, Any], groups: Groups, owner: str) -> str | None:
    """The op whose gradient is taken in `owner`: the first that TensorFlow names a gradient op after."""
    for name in ops:
        found = _DIFFERENTIATED.search(name)
        if groups.owner[name] == owner and found and found[1] in ops:
            return found[1]
    return None


def _named_like(name: str, ops: Mapping[str, Any]) -> str:
    """The outermost op that `name` lies under, as in ``W/read`` under ``W``; the op itself if there is none."""
    end = name.find("/")
    while end != -1:
        if name[:end] in ops:
            return name[:end]
        end = name.find("/", end + 1)
    return name


def _leave_out_housekeeping(groups: Groups, ops: Mapping[str, Any]) -> None:
    for name, node in ops.items():
        starts = [each[1:].partition(":")[0] for each in node.input if each.startswith("^")]
        only_starts = node.op == "NoOp" and len(starts) == len(node.input)
        if only_starts and all(each in ops and ops[each].op in {*_ASSIGNING, "NoOp"} for each in starts):
            groups.owner[name] = LEFT_OUT
        elif node.op in _SAVING:
            scope = name.rpartition("/")[0]
            for other in ops:
                if other == name or (scope and other.startswith(scope + "/")):
                    groups.owner[other] = LEFT_OUT


def _gather_gradients(groups: Groups, ops: Mapping[str, Any]) -> None:
    for name in ops:
        found = _GRADIENTS.match(name)
        if found and groups.owner[name] != LEFT_OUT:
            groups.owner[name] = found[0]
            groups.gradients.add(found[0])


def _gather_training(groups: Groups, ops: Mapping[str, Any]) -> None:
    groups.training = {groups.owner[name] for name, node in ops.items() if _APPLYING.match(node.op)} - {LEFT_OUT}
    users = groups.consumers()
    for gradients in sorted(groups.gradients):
        optimizers = users[gradients] & groups.training
        if optimizers:
            groups.gradients.discard(gradients)
            groups.move(gradients, min(optimizers))
    users = groups.consumers()
    for name, node in ops.items():  # Adam's counters, and its slots where they have a scope of their own
        used_by = users[groups.owner[name]]
        if node.op in VARIABLE_OPS and used_by and used_by <= groups.training:
            groups.move(groups.owner[name], min(used_by))


def _give_variables_their_values(groups: Groups, ops: Mapping[str, Any]) -> None:
    """What serves to initialise one variable, and nothing else, becomes part of it."""
    variables = {groups.owner[name] for name, node in ops.items() if node.op in VARIABLE_OPS}
    assigned: dict[str, set[str]] = defaultdict(set)
    for name, node in ops.items():
        if node.op in _ASSIGNING and groups.owner[name] in variables:
            assigned[groups.owner[name]] |= {groups.owner.get(source, LEFT_OUT) for source in data_inputs(node)}
    todo = [(variable, source) for variable, sources in assigned.items() for source in sources]
    while todo:
        variable, source = todo.pop()
        if source in {variable, LEFT_OUT} or source in variables | groups.training:
            continue
        if groups.consumers()[source] <= {variable}:
            members = [name for name, owner in groups.owner.items() if owner == source]
            if any(ops[name].op.startswith("Placeholder") for name in members):
                continue
            groups.move(source, variable)
            todo += [(variable, groups.owner[each]) for name in members for each in data_inputs(ops[name])]


def _hide_arguments(groups: Groups, ops: Mapping[str, Any]) -> None:
    """Integers that TensorFlow made for an op of its own, the axes of a sum, say, become part of that op."""
    users = groups.consumers()
    for name, node in ops.items():
        made_for = users[name] - groups.training - groups.gradients or users[name]
        if node.op == "Const" and _MADE_BY_TENSORFLOW.fullmatch(name) and node.attr["dtype"].type in _INTEGERS:
            groups.owner[name] = min(made_for) if made_for else LEFT_OUT
