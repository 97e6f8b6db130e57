"""What comes out beside the loss? Candidates for prediction and accuracy, by name and by what they are made from.

And what comes to nothing: layers that read the images and that no loss or output depends on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netgrader.reader.find.layers import find_steps
from netgrader.reader.find.roles import PRODUCTS, update_of
from netgrader.reader.graph.nodes import node_of, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from netgrader.reader.find.layers import Step
    from netgrader.reader.find.roles import Roles
    from netgrader.reader.graph.plain import Graph

LABEL_TESTS = words("Equal NotEqual InTopK InTopKV2 ApproximateEqual")
#: Candidates for an accuracy that nothing names.
MOST = 6


@dataclass(frozen=True)
class Outputs:
    """The tensors that come out beside the loss, None where there is none; `accuracies` are all that might be one."""

    prediction: str | None = None
    accuracy: str | None = None
    logits: str | None = None
    accuracies: tuple[str, ...] = ()


def find_outputs(graph: Graph, roles: Roles, hints: Mapping[str, str], scores: str | None) -> Outputs:
    """Find candidates for prediction and accuracy, from the student's names first, then from the graph."""
    prediction, accuracy, logits = (
        hints[key] if hints.get(key) in graph else None for key in ("prediction", "accuracy", "logits")
    )
    images, labels = roles.images, roles.labels
    if images is None:
        return Outputs(prediction, accuracy, logits)
    # By the images, not by the scores: what is evaluated may be another tower than the one that is trained.
    below = graph.descendants([images])
    late = graph.descendants([labels]) if labels is not None else set()
    accuracies: tuple[str, ...] = ()
    if labels is not None and accuracy is None:
        accuracies, compared = _find_accuracies(graph, roles, scores, below, late)
        accuracy = accuracies[0] if compared and accuracies else None
    if prediction is None:
        last = graph.descendants([scores]) if scores is not None else below
        above = graph.ancestors([accuracy]) if accuracy is not None else set()
        made = [node.name + ":0" for node in graph.of_ops(["Softmax", "ArgMax", "Sigmoid"])]
        free = [t for t in made if t not in late and (t in last or (t in above and t in below))]
        prediction = min(free, key=lambda t: (t not in above, -graph.order[node_of(t)]), default=None)
    return Outputs(prediction, accuracy, logits, accuracies)


def _find_accuracies(
    graph: Graph, roles: Roles, scores: str | None, below: set[str], late: set[str]
) -> tuple[tuple[str, ...], bool]:
    """What may be an accuracy, and whether something is compared with the labels.

    Where nothing is, it may be what else both images and labels lead to at last.
    """
    updating = graph.ancestors([t for u in roles.updates for t in graph.nodes[u.node].inputs[1:]])
    apart = _of_another_network(graph, scores)
    tests = [node.name + ":0" for node in graph.of_ops(LABEL_TESTS)]
    tests = [t for t in tests if t in below and t in late and t not in updating]
    compared = graph.descendants(tests)
    # A confusion matrix compares nothing; whether one is an accuracy shows when it is tried.
    found = [
        t
        for t in compared or (below & late) - updating - set(roles.losses)
        if (compared and graph[t].op in ("Mean", "RealDiv"))
        or not any(f"{r}:0" in below for r in graph.consumers.get(t, ()))
    ]
    ends = [t for t in found if not graph[t].op.endswith("Summary") and node_of(t) in graph.fed and not apart(t)]
    ends.sort(key=lambda t: graph.order[node_of(t)])
    return tuple(ends[:MOST]), bool(compared)


def _of_another_network(graph: Graph, scores: str | None) -> Callable[[str], bool]:
    """Whether a tensor is made with weights that an optimizer trains, and with none of those of the scores."""
    own = set(graph.variables_in(scores)) if scores is not None else set()
    trained = {u.variable for node in graph.nodes.values() if (u := update_of(graph, node)) and u.gradient}

    def apart(tensor: str) -> bool:
        used = set(graph.variables_in(tensor))
        return bool(own) and bool(used & trained) and not used & own

    return apart


def find_unused(graph: Graph, roles: Roles, used: Sequence[Step], claimed: Sequence[str]) -> tuple[Step, ...]:
    """Find layers that read the images but that neither the loss nor a claimed output depends on.

    Parameters
    ----------
    graph, roles
        The graph, and what was found of roles.
    used
        The layers of the network, those of all terms of its loss.
    claimed
        What the student names, and other outputs.
    """
    images = roles.images
    if images is None or not used:
        return ()
    known = {part.node for step in used for part in (step.parts or (step,))}
    updating = {t for u in roles.updates for t in graph.ancestors(graph.nodes[u.node].inputs[1:])}
    outside = [
        f"{node.name}:0"
        for node in graph.nodes.values()
        if node.name not in known | graph.untaken
        and f"{node.name}/unrolled_0" not in graph.nodes
        and node.op in PRODUCTS
        and f"{node.name}:0" not in updating
    ]
    wanted = graph.ancestors([*claimed, *roles.losses])
    loose = [tensor for tensor in outside if tensor not in wanted]
    below = graph.descendants([images])
    found = [s for s in find_steps(graph, loose, images) if s.node not in known and s.product in below]
    found = [step for step in found if f"{step.node}/unrolled_0" not in graph.nodes]
    # The same weights once more, as tracing leaves them behind, are no layer of their own.
    own = {name for step in used for name in step.variables}
    labelled = graph.descendants([roles.labels]) if roles.labels else set()
    return tuple(step for step in found if not own.issuperset(step.variables) and step.data not in labelled)
