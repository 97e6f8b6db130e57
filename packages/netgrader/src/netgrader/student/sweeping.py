"""A probe's evidence of a sweep: results, networks at its values, and sessions' trained weights."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from graphread.graph.hashes import op_hashes
from netgrader.checks.exercises import trained_at, value_at
from netgrader.evidence import GraphEvidence
from netgrader.judges.learning_rate import AROUND
from netgrader.judges.sweep_proofs import DEFAULT, Enough
from netgrader.judges.sweeps import BEST, in_question, is_value, swept
from netgrader.student.probes import WrongReturn, export_graph
from netgrader.student.sessions import fitting, seen_networks, shapes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netgrader.evidence import EvidenceWriter, Json
    from netgrader.judges.sweeps import Swept
    from netgrader.student.probes import Student
    from netgrader.student.sessions import TrainedWeights

__all__ = ["hand_over_sweep"]

USUAL_RATE = 0.001  # Adam's default, if there is neither a sweep nor a best rate


def hand_over_sweep(student: Student, out: EvidenceWriter) -> None:
    """Hand over the sweep, the networks at its values, and the weights trained for them.

    The exercise of the kind ``sweep`` names the swept parameter. For a learning rate, networks around the best rate are
    handed over too; short runs judge whether it is a good one.
    """
    asked = swept(student.exercises)
    pairs = np.zeros((0, 2))
    with student.capturing(out, "sweep"):
        sweep = student.value("sweep")
        out.fact("is_dict", isinstance(sweep, dict))
        pairs, lists = _results(sweep, asked)
        out.array("sweep", pairs)
        out.fact("lists", lists)
    # Without a usable chosen value, use the one with the highest accuracy.
    best = float(pairs[np.argmax(np.nan_to_num(pairs[:, 1], nan=-np.inf)), 0]) if len(pairs) else USUAL_RATE
    with student.capturing(out, asked.best):
        chosen = _number(student.value(asked.best), "one of the values of the sweep")
        out.fact(asked.best, chosen)
        best = chosen if is_value(chosen, asked) else best
    out.fact("around", best)
    known = np.unique(pairs[:, 0]).tolist()
    wanted = in_question(known, best, student.challenge)[: Enough.MOST_TRAINED]
    items = {BEST: best} | {value_at(known.index(value)): value for value in wanted}
    if asked.is_rate:
        items |= {name: best * factor for name, factor in AROUND.items()}
    made: dict[float, GraphEvidence] = {}
    for name, value in items.items():
        with student.capturing(out, name):
            made[value] = made.get(value) or _network(student, asked, value)
            out.graph(name, made[value])
    with student.capturing(out, "trained"):
        _hand_over_trained(student, out, asked, {value: made[value] for value in wanted if value in made})


def _network(student: Student, asked: Swept, value: float) -> GraphEvidence:
    whole = not asked.is_rate and value.is_integer()  # a width, a number of layers
    net = student.call(asked.network, **{asked.argument: int(value) if whole else value})
    return export_graph(net, about={"value": value, "train_feed": _fed_in_training(net)})


def _fed_in_training(net: Any) -> dict[str, Json]:
    """Return the numbers that training feeds in addition to images and labels, by tensor."""
    found: dict[str, Json] = {}
    for key, value in dict(getattr(net, "train_feed", None) or {}).items():
        number = np.asarray(value).reshape(-1)
        if number.dtype.kind not in "biuf" or number.size != 1:
            raise WrongReturn(value, "a number or a truth value in train_feed")
        found[net.graph.as_graph_element(key, allow_operation=False).name] = number.item()
    return found


def _results(sweep: Any, asked: Swept) -> tuple[np.ndarray[Any, Any], bool]:
    """Return values and accuracies (n, 2), and whether a value had several accuracies; the last counts."""
    try:
        items = dict(sweep).items()
    except (TypeError, ValueError):
        raise WrongReturn(sweep, f"a dict of {asked.words} → test accuracy") from None
    several = [list(np.atleast_1d(accuracy)) for _, accuracy in items]
    pairs = [
        (_number(value, f"a {asked.words}"), _number([None, *each][-1], "a test accuracy"))
        for (value, _), each in zip(items, several, strict=True)
    ]
    return np.array(pairs, np.float64).reshape(-1, 2), any(len(each) > 1 for each in several)


def _number(value: Any, expected: str) -> float:
    """Return a value as a number; raise WrongReturn if it is not one."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise WrongReturn(value, expected) from None


def _hand_over_trained(
    student: Student, out: EvidenceWriter, asked: Swept, made: Mapping[float, GraphEvidence]
) -> None:
    """Hand over weights that sessions trained, each with its graph's value, if that can be determined.

    For each value in `made`, in order, the last trained weights come first; all others follow.
    """
    told, shapes = _told_by(student, asked, made), {value: _variables_of(graph) for value, graph in made.items()}
    found = [graph for one in seen_networks() for graph in _as_evidence(one, _value_of(one, told), made, shapes)]
    order: list[Json] = [*made, DEFAULT, None]
    firsts = {graph.about["value"]: graph for graph in reversed(found)}
    found.sort(key=lambda graph: (firsts[graph.about["value"]] is not graph, order.index(graph.about["value"])))
    for number, graph in enumerate(found[: Enough.MOST_TRAINED]):
        out.graph(trained_at(number), graph)


def _value_of(one: TrainedWeights, told: Mapping[float | str, bytes]) -> float | str | None:
    """Return the only value in `told` that a network was built with; None if unknown."""
    own = set(op_hashes(one.graph.as_graph_def()).values())
    named = [value for value, computed in told.items() if computed in own]
    return named[0] if len(named) == 1 else None


def _as_evidence(
    one: TrainedWeights,
    value: float | str | None,
    made: Mapping[float, GraphEvidence],
    shapes: Mapping[float, Sequence[tuple[str, tuple[int, ...]]]],
) -> Iterator[GraphEvidence]:
    """Yield a network of `made` with each set of trained weights that fits it."""
    fits = {known: fitting(one, shapes[known]) for known in made if value == known or value not in made}
    for shown, sets in [fit for fit in fits.items() if fit[1]][:1]:
        net = made[shown]
        for number, values in enumerate(sets):
            about: dict[str, Json] = {"value": value, "run": f"{one.run}.{number}"}
            yield GraphEvidence(net.meta_graph, net.parts, net.eval_feed, values, about)


def _told_by(student: Student, asked: Swept, made: Mapping[float, GraphEvidence]) -> dict[float | str, bytes]:
    """Return for each value a hash of what only its network computes: the loss, else the training step.

    The network built without a value is named `DEFAULT`, if it differs from all these. Empty if all are alike.
    """
    graphs: dict[float | str, GraphEvidence] = {}
    with suppress(Exception, SystemExit):  # the argument may have no default
        graphs[DEFAULT] = export_graph(student.call(asked.network))
    graphs.update(made.items())
    hashes = {value: op_hashes(_meta(graph).graph_def) for value, graph in graphs.items()}
    for part in ("loss", "train_op"):
        told = {value: hashes[value].get(_op_of(graph, part), b"") for value, graph in graphs.items()}
        own = {told[value] for value in made}
        if len(own) > 1:
            return {value: computed for value, computed in told.items() if value in made or computed not in own}
    return {}


def _op_of(net: GraphEvidence, part: str) -> str:
    """Return the op of a network's part; an empty name if there is none."""
    return net.parts.get(part, "").partition(":")[0]


def _variables_of(net: GraphEvidence) -> list[tuple[str, tuple[int, ...]]]:
    """Return names and shapes of a network's variables in graph order, without optimizer slots."""
    tf = sys.modules["tensorflow"].compat.v1
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(_meta(net))
        return shapes_of(graph)


def _meta(net: GraphEvidence) -> Any:
    return sys.modules["tensorflow"].compat.v1.MetaGraphDef.FromString(net.meta_graph)
