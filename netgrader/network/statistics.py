"""Which variables hold statistics of the data? Moving means and variances: kept beside training, and used in evaluation.

They are not weights: no gradient moves them, and their place in a sum is no bias.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.network.branches import only_evaluated
from netgrader.network.graph import words
from netgrader.network.roles import ASSIGNMENTS, update_of

if TYPE_CHECKING:
    from netgrader.network.graph import Graph
    from netgrader.network.reading import Reading

__all__ = ["find_statistics"]

_HANDING = words("Identity ReadVariableOp Reshape ExpandDims Cast Add AddV2 Maximum Switch Enter BroadcastTo")
_ROOTS = words("Rsqrt Sqrt")
_FUSED = words("FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3")
#: Where these take the variance.
_VARIANCE = 4
_MOST = 40


def find_statistics(reading: Reading, whole: Graph) -> None:
    """Note the statistics that the network uses, and take them out of the layers' biases.

    Parameters
    ----------
    reading
        What is known so far: roles, layers, scores.
    whole
        The graph with the branches that only training takes.
    """
    graph, images, labels = reading.graph, reading.roles.images, reading.roles.labels
    evaluated = reading.hints.get("logits") or reading.hints.get("prediction") or reading.scores
    if evaluated is None or images is None:
        return
    used = set(graph.variables_in(evaluated))
    kept = set()
    for node in graph.nodes.values():
        update = update_of(graph, node)
        if update is None or update.gradient is not None or update.variable not in used:
            continue
        above = graph.ancestors(node.inputs[1:])
        if images in above and labels not in above:
            kept.add(update.variable)
    kept |= {name for name in used if _is_variance(graph, name)} - {update.variable for update in reading.roles.updates}
    # What an optimizer moves is a weight, even where only the branch of evaluation reads it.
    moved = {update.variable for update in reading.roles.updates if update.gradient}
    alone = [
        name
        for name in only_evaluated(whole, graph, evaluated)
        if name not in moved and len(graph.nodes[name].shape() or ()) == 1
    ]
    reading.evaluated_only = tuple(alone)
    reading.statistics = frozenset(kept | set(alone))
    for step in [part for step in reading.steps for part in (step, *step.parts)]:
        if reading.statistics & set(step.bias):
            step.bias = tuple(name for name in step.bias if name not in reading.statistics)
            step.normalised = True


def _is_variance(graph: Graph, name: str) -> bool:
    """Whether a vector is only ever used under a root that something is divided by: the place of a variance."""
    if len(graph.nodes[name].shape() or ()) != 1:
        return False
    todo = [name + ":0"]
    ends: list[bool] = []
    while todo and len(ends) < _MOST:
        tensor = todo.pop()
        for reader in graph.consumers.get(tensor, ()):
            node = graph.nodes[reader]
            if node.op in _HANDING and tensor in graph.value_inputs(node):
                todo.extend(graph.outputs[reader])
            elif node.op in _FUSED:
                ends.append(len(node.inputs) > _VARIANCE and node.inputs[_VARIANCE] == tensor)
            elif node.op not in ASSIGNMENTS:
                ends.append(node.op in _ROOTS)
    return any(ends)
