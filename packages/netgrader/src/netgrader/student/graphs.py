"""A student's network as evidence: the graph, the names of its parts, and the values of its variables."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from netgrader.checks.source_lines import made_at
from netgrader.evidence import GraphEvidence, Json
from netgrader.student.fed import fed_switches
from netgrader.student.sessions import kept_values, variable_values

__all__ = ["NoGraph", "export_graph"]

CONTRACT = ("graph", "X", "Y", "logits", "prediction", "loss", "train_op", "accuracy", "eval_feed", "W1")
NO_PARTS = frozenset({"graph", "eval_feed"})
NOTHING: Mapping[str, Json] = MappingProxyType({})
GROUP = "several_tensors"  # students read this as the kind of such a part


class NoGraph(ValueError):
    """The object given as a network contains no TensorFlow graph."""


def export_graph(net: Any, session: Any = None, about: Mapping[str, Json] = NOTHING) -> GraphEvidence:
    """Return a network as evidence.

    Parameters
    ----------
    net
        The student's network: any object with attributes, a mapping, or a sequence. Its parts may be tensors,
        operations, variables (TensorFlow's or Keras's), or lists of them.
    session
        The session that trained it, open or closed. Without one for the same graph, the values of the last closed session of
        the graph are used, if any.
    about
        Small facts to record with it. Added are ``made_at``, the notebook lines that made its operations; ``elsewhere``,
        parts of another graph than the exported one; ``returned``: ``"empty"`` or ``"other"`` if ``net.graph`` is not the
        parts' graph, ``"none"`` if there is no such attribute; ``no_step``, the type of ``net.train_op`` if it is not an
        operation; ``lists``, parts that are several tensors; ``keys``, whether the parts are in a dict; and
        ``session_of_another``, whether the session belongs to another graph.

    Raises
    ------
    NoGraph
        If `net` contains neither a graph nor a tensor.
    """
    attributes = _attributes(net)
    elements = _elements(attributes)
    graph = _graph(attributes.get("graph"), elements)
    inside = {name: members for name, members in elements.items() if _all_in(members, graph)}
    of_graph = getattr(session, "graph", None) is graph
    facts = _facts(attributes, elements, inside, graph)
    facts |= {"keys": isinstance(net, Mapping), "session_of_another": session is not None and not of_graph}
    noted = {**about, **{name: fact for name, fact in facts.items() if fact}}
    with suppress(Exception):  # information for display must not cost a student the network
        noted.update(made_at(graph))
    meta_graph = _meta_graph(graph)
    return GraphEvidence(
        parts={name: _part(meta_graph, name, members) for name, members in inside.items()},
        # The same graph must give the same bytes each time, so that duplicates are recognized.
        meta_graph=meta_graph.SerializeToString(deterministic=True),
        eval_feed={**fed_switches(graph), **dict(_eval_feed(attributes.get("eval_feed"), graph))},
        values=variable_values(session) if of_graph else kept_values(graph),
        about=noted,
    )


def _facts(
    attributes: Mapping[str, Any], elements: Mapping[str, list[Any]], inside: Mapping[str, list[Any]], graph: Any
) -> dict[str, Json]:
    """Return facts about a network's parts, of which those `inside` are in `graph`."""
    return {
        "elsewhere": [name for name in elements if name not in inside],
        "returned": _returned(attributes.get("graph"), graph),
        "no_step": "" if "train_op" in elements else _kind(attributes.get("train_op")),
        "lists": sorted(name for name, members in inside.items() if len(members) > 1),
    }


def _kind(value: Any) -> str:
    """Return the name of a value's type; empty for None."""
    return "" if value is None else type(value).__name__[:100]


def _attributes(net: Any) -> dict[str, Any]:
    """Return the parts of a network by name, or by number."""
    if net is None:
        raise NoGraph("None, as without a return")
    fields = getattr(type(net), "_fields", ())  # of a named tuple, which may have other attributes too
    if isinstance(net, list | tuple) and not fields:
        net = dict(enumerate(net))
    if isinstance(net, Mapping):
        return {str(key): value for key, value in net.items()}
    # An object that answers to any name also answers to these, wrongly.
    names = dict.fromkeys([*CONTRACT, *fields, *getattr(net, "__dict__", ())])
    return {name: getattr(net, name) for name in names if hasattr(net, name)}


def _elements(attributes: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the tensors and operations of each part, several for a list; drop other types."""
    elements = {}
    for name, value in attributes.items():
        members = [_element(one) for one in (value if isinstance(value, list | tuple) else [value])]
        if members and name not in NO_PARTS and not any(member is None for member in members):
            elements[name] = members
    return elements


def _all_in(members: Iterable[Any], graph: Any) -> bool:
    return all(member.graph is graph for member in members)


def _element(value: Any) -> Any:
    """Return the tensor, operation or variable that `value` is or holds; None if there is none."""
    tf = sys.modules["tensorflow"]
    for held in (value, getattr(value, "value", None), getattr(value, "_value", None)):
        if isinstance(held, tf.Tensor | tf.Operation | tf.Variable) and hasattr(held, "graph"):
            return held
        if isinstance(held, tf.SparseTensor | tf.IndexedSlices):
            return held.values
    return None


def _graph(returned: Any, elements: Mapping[str, Sequence[Any]]) -> Any:
    """Return the parts' graph: the returned one, else that of most parts."""
    tf = sys.modules["tensorflow"].compat.v1
    graphs = [member.graph for members in elements.values() for member in members]
    if isinstance(returned, tf.Graph) and returned in (graphs or [returned]):
        return returned
    if graphs:
        return max(graphs, key=graphs.count)
    raise NoGraph("no tensor or graph in what was returned as the network")


def _returned(returned: Any, graph: Any) -> str:
    """Return what ``net.graph`` is, if it is not the parts' graph: none, other or empty; else ""."""
    tf = sys.modules["tensorflow"].compat.v1
    if returned is graph:
        return ""
    if not isinstance(returned, tf.Graph):
        return "none"
    return "other" if returned.get_operations() else "empty"


def _meta_graph(graph: Any) -> Any:
    tf = sys.modules["tensorflow"].compat.v1
    verbosity = tf.logging.get_verbosity()
    tf.logging.set_verbosity(tf.logging.ERROR)  # collections may hold unserializable objects, which is no fault
    try:
        with graph.as_default():  # with eager execution, a graph can be exported only inside its own context
            return tf.train.export_meta_graph(graph=graph)
    finally:
        tf.logging.set_verbosity(verbosity)


def _part(meta_graph: Any, name: str, members: Sequence[Any]) -> str:
    """Return a part's name in the graph; for a list, that of an added op that runs all members."""
    if len(members) == 1:
        return str(members[0].name)
    node = meta_graph.graph_def.node.add()
    node.name, node.op = f"{GROUP}/{''.join(filter(str.isalnum, name)) or 'part'}", "NoOp"
    node.input.extend(f"^{member.name.partition(':')[0]}" for member in members)
    return str(node.name)


def _eval_feed(raw: Any, graph: Any) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    if not isinstance(raw, Mapping):
        return
    for key, value in raw.items():
        element = graph.as_graph_element(key, allow_operation=False)
        yield element.name, np.asarray(value)
