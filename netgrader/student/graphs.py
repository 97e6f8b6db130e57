"""A student's network as evidence: the graph, the names of its parts, and the values of its variables."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from netgrader.checks.source_lines import made_at
from netgrader.evidence import GraphEvidence, Json
from netgrader.student.fed import fed_switches
from netgrader.student.sessions import kept_values, variable_values

__all__ = ["NoGraph", "export_graph"]

CONTRACT = ("graph", "X", "Y", "logits", "prediction", "loss", "train_op", "accuracy", "eval_feed", "W1")
GROUP = "several_tensors"  # which is what students read of such a part


class NoGraph(ValueError):
    """There is no TensorFlow graph in what was given as a network."""


def export_graph(net: Any, session: Any = None, about: Mapping[str, Json] | None = None) -> GraphEvidence:
    """Take a network as evidence.

    Parameters
    ----------
    net
        The student's network: any object with attributes, a mapping, or a sequence. Its parts may be tensors,
        operations, variables (TensorFlow's or Keras's), or lists of them.
    session
        The session it was trained in, open or closed. Without one of the same graph, the values that the last closed
        session of the graph held are taken, if any.
    about
        Small facts to note with it. Added are ``made_at``, the lines of the notebook that made its operations,
        ``elsewhere``, parts that lie in another graph than the one exported, and ``returned``: ``"empty"`` or ``"other"`` if
        ``net.graph`` is not the graph that the parts lie in, ``"none"`` if
        there is no such attribute. ``no_step`` is what ``net.train_op`` is where it is no operation, ``lists`` are parts
        that are several tensors, ``keys`` says that they are a dict's, ``session_of_another`` that the
        session is one of another graph.

    Raises
    ------
    NoGraph
        If there is neither a graph nor a tensor in `net`.
    """
    attributes = dict(_attributes(net))
    elements = {name: element for name, element in _elements(attributes) if name not in {"graph", "eval_feed"}}
    returned = attributes.get("graph")
    graph = _graph(returned, elements)
    parts: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    elsewhere: list[Json] = []
    for name, element in elements.items():
        members = element if isinstance(element, list) else [element]
        if any(member.graph is not graph for member in members):
            elsewhere.append(name)
        elif isinstance(element, list):
            groups[name] = [member.name for member in members]
        else:
            parts[name] = element.name
    noted: dict[str, Json] = {**(about or {}), **_kept_as(net)}
    with suppress(Exception):  # what is only shown costs nobody a network
        noted.update(made_at(graph))
    if elsewhere:
        noted["elsewhere"] = elsewhere
    if returned is not graph:
        noted["returned"] = _returned(returned)
    step = attributes.get("train_op")
    if "train_op" not in elements and step is not None:
        noted["no_step"] = type(step).__name__[:100]
    meta_graph = _meta_graph(graph)
    if groups:
        noted["lists"] = sorted(groups)
    for name, members in groups.items():
        parts[name] = _add_group(meta_graph, name, members)
    of_graph = session is not None and getattr(session, "graph", None) is graph
    if session is not None and not of_graph:
        noted["session_of_another"] = True
    return GraphEvidence(
        # The same graph is to be the same bytes each time: what is seen to be handed over twice is looked at once.
        meta_graph=meta_graph.SerializeToString(deterministic=True),
        parts=parts,
        eval_feed={**fed_switches(graph), **dict(_eval_feed(attributes.get("eval_feed"), graph))},
        values=variable_values(session, graph) if of_graph else kept_values(graph),
        about=noted,
    )


def _kept_as(net: Any) -> Mapping[str, Json]:
    return {"keys": True} if isinstance(net, Mapping) else {}


def _attributes(net: Any) -> Iterator[tuple[str, Any]]:
    if net is None:
        raise NoGraph("None, as without a return")
    if isinstance(net, Mapping):
        yield from ((str(key), value) for key, value in net.items())
        return
    if isinstance(net, list | tuple) and not hasattr(net, "_fields"):
        yield from ((str(index), value) for index, value in enumerate(net))
        return
    # What answers to every name answers to these with what they are not.
    fields, own = getattr(net, "_fields", ()), getattr(net, "__dict__", {})
    names = [*CONTRACT, *(fields if isinstance(fields, tuple) else ()), *(own if isinstance(own, dict) else ())]
    for name in dict.fromkeys(names):
        if hasattr(net, name):
            yield name, getattr(net, name)


def _elements(attributes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Attributes that are tensors or operations, or lists of them."""
    for name, value in attributes.items():
        if isinstance(value, list | tuple):
            members = [element for element in map(_element, value) if element is not None]
            if members and len(members) == len(value):
                yield name, members if len(members) > 1 else members[0]
            continue
        element = _element(value)
        if element is not None:
            yield name, element


def _element(value: Any) -> Any:
    """The tensor, operation or variable that `value` is or holds, or None."""
    tf = sys.modules["tensorflow"]
    for held in (value, getattr(value, "value", None), getattr(value, "_value", None)):
        if isinstance(held, tf.Tensor | tf.Operation | tf.Variable) and hasattr(held, "graph"):
            return held
        if isinstance(held, tf.SparseTensor | tf.IndexedSlices):
            return held.values
    return None


def _graph(returned: Any, elements: Mapping[str, Any]) -> Any:
    """The graph that the parts lie in; most of them, if they disagree. The one returned, if there are no parts."""
    tf = sys.modules["tensorflow"].compat.v1
    graphs = [
        member.graph
        for element in elements.values()
        for member in (element if isinstance(element, list) else [element])
    ]
    if isinstance(returned, tf.Graph) and (not graphs or any(graph is returned for graph in graphs)):
        return returned
    if graphs:
        return max(graphs, key=lambda graph: sum(other is graph for other in graphs))
    raise NoGraph("no tensor or graph in what was returned as the network")


def _returned(returned: Any) -> str:
    tf = sys.modules["tensorflow"].compat.v1
    if not isinstance(returned, tf.Graph):
        return "none"
    return "other" if returned.get_operations() else "empty"


def _meta_graph(graph: Any) -> Any:
    tf = sys.modules["tensorflow"].compat.v1
    verbosity = tf.logging.get_verbosity()
    tf.logging.set_verbosity(tf.logging.ERROR)  # collections may hold what cannot be serialised; that is no one's fault
    try:
        with graph.as_default():  # where eager execution is on, a graph can only be exported from within
            return tf.train.export_meta_graph(graph=graph)
    finally:
        tf.logging.set_verbosity(verbosity)


def _add_group(meta_graph: Any, name: str, members: Iterable[str]) -> str:
    """Add an op to the exported copy that runs all `members`, so that a part which is a list has a name too."""
    node = meta_graph.graph_def.node.add()
    node.name, node.op = f"{GROUP}/{''.join(filter(str.isalnum, name)) or 'part'}", "NoOp"
    node.input.extend(f"^{member.partition(':')[0]}" for member in members)
    return str(node.name)


def _eval_feed(raw: Any, graph: Any) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    if not isinstance(raw, Mapping):
        return
    for key, value in raw.items():
        element = graph.as_graph_element(key, allow_operation=False)
        yield element.name, np.asarray(value)
