"""What a graph says of its variables: which are to be trained, and which op first sets each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netgrader.reader.graph.protos import message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["VARIABLE_OPS", "first_assignments", "trainable_variables", "variable_definitions"]

VARIABLE_OPS = frozenset({"VarHandleOp", "VariableV2", "Variable"})


def variable_definitions(source: Any) -> dict[str, Any]:
    """The variables that the graph's collections define, by op name."""
    definitions: dict[str, Any] = {}
    cls = message("VariableDef")
    for key in ("variables", "local_variables", "trainable_variables"):
        if key not in source.collection_def:
            continue
        for content in source.collection_def[key].bytes_list.value:
            try:
                definition = cls.FromString(content)
            except Exception:  # noqa: BLE001, S112 - any damage means only that this hint is not there
                continue
            name = definition.variable_name.partition(":")[0]
            if key == "trainable_variables":
                definition.trainable = True
            definitions[name] = definition
    return definitions


def trainable_variables(nodes: Any, variables: Sequence[str], definitions: Mapping[str, Any]) -> tuple[str, ...]:
    """By the collections; without them what an optimizer's op moves; without that all that hold real numbers."""
    if any(definition.trainable for definition in definitions.values()):
        return tuple(name for name in variables if name in definitions and definitions[name].trainable)
    known = set(variables)
    moved = {
        node.input[0].partition(":")[0]
        for node in nodes
        if node.input and node.op.startswith(("Apply", "ResourceApply", "SparseApply", "ResourceSparseApply"))
    } & known
    real = {node.name for node in nodes if node.name in known and node.attr["dtype"].type % 100 in (1, 2, 14, 19)}
    return tuple(name for name in variables if name in (moved or real))


def first_assignments(
    nodes: Any, variables: Sequence[str], definitions: Mapping[str, Any], present: set[str]
) -> tuple[str, ...]:
    """The op that first sets each variable: by the collections, else the first assignment to it in the graph."""
    first: dict[str, str] = {}
    named: dict[str, str] = {}
    for node in nodes:
        if node.op in ("Assign", "AssignVariableOp") and node.input:
            variable = node.input[0].partition(":")[0]
            first.setdefault(variable, node.name)
            if node.name == variable + "/Assign":
                named[variable] = node.name
    chosen = []
    for name in variables:
        definition = definitions.get(name)
        operation = definition.initializer_name.lstrip("^").partition(":")[0] if definition else ""
        if operation not in present:
            operation = named.get(name) or first.get(name, "")
        if operation:
            chosen.append(operation)
    return tuple(chosen)
