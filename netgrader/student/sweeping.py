"""What a probe hands over of a sweep: its results, the network at its values, and what sessions trained at them."""

from __future__ import annotations

import itertools
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.checks.exercises import trained_at, value_at
from netgrader.evidence import GraphEvidence
from netgrader.judges.sweeps import MOST_TRAINED, drawn_rate, in_question, is_exchanged, is_value
from netgrader.judges.swept import BATCH_SIZE, DROPOUT, KEEP, L2, LAYERS, WIDTH, Swept, op_hashes, swept
from netgrader.student.probes import WrongReturn, export_graph
from netgrader.student.sessions import MOST, fitting, seen_networks, shapes_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from netgrader.evidence import EvidenceWriter, Json
    from netgrader.student.probes import Student
    from netgrader.student.sessions import ClosedSession, Values

__all__ = ["hand_over_sweep"]

USUAL_RATE = 0.001
MOST_ASKED = 4  # values at which it is looked whether a network was trained there
WHOLE = frozenset({WIDTH, LAYERS, BATCH_SIZE})
FORWARD = frozenset({DROPOUT, KEEP, WIDTH, LAYERS, L2})
"""Hyperparameters that the loss depends on: the network may have been trained at another learning rate, say."""


def hand_over_sweep(student: Student, out: EvidenceWriter) -> None:
    """Take the sweep, the network at its values, and what it was trained to at some of them.

    What is swept says the table of the exercise of the kind ``sweep``. Of a learning rate the network is also asked for
    around the best one, where runs of ours tell whether it is a good one.
    """
    asked = swept(student.exercises)
    pairs: list[tuple[float, float]] = []
    claimed: float | None = None
    with suppress(Exception):  # said below, where it is asked for
        claimed = _number(student.value(asked.best), "a number")
        sweep = student.value("sweep")
        said = [one for pair in sweep.items() for one in pair] if isinstance(sweep, dict) else []
        out.fact("text", any(isinstance(one, str) for one in (student.value(asked.best), *said)))
    with student.capturing(out, "sweep"):
        pairs, lists = _results(student.value("sweep"), asked)
        exchanged = is_exchanged(np.array(pairs), asked, claimed) or _trained_the_other_way(student, asked, pairs)
        if exchanged:  # what was asked for, the wrong way round
            pairs = [(value, accuracy) for accuracy, value in pairs]
        out.array("sweep", np.array(pairs, dtype=np.float64).reshape(-1, 2))
        out.fact("lists", lists)
        out.fact("exchanged", exchanged)
    # Where nothing was chosen that can be tried, the value of the sweep that did best stands for it.
    best = max(pairs, key=lambda pair: np.nan_to_num(pair[1], nan=-np.inf))[0] if pairs else USUAL_RATE
    with student.capturing(out, asked.best):
        one = "one of the rates of the sweep" if asked.is_rate else "one of the values of the sweep"
        chosen = _number(student.value(asked.best), one)
        out.fact(asked.best, chosen)
        best = chosen if is_value(chosen, asked) else best
    out.fact("around", best)
    made: dict[str, GraphEvidence] = {}
    values = dict(_values(asked, [value for value, _ in pairs], best, student.challenge))
    for name, value in values.items():
        with student.capturing(out, name):
            made[name] = _network(student, asked, value)
            out.graph(name, made[name])
    with student.capturing(out, "trained"):
        first = in_question(sorted(value for value, _ in pairs), best, student.challenge)
        if asked.is_rate:
            _hand_over_trained(out, made.get("best"), first)
        else:
            _hand_over_trained_at(out, asked, {values[name]: graph for name, graph in made.items()}, first)


def _trained_the_other_way(student: Student, asked: Swept, pairs: Sequence[tuple[float, float]]) -> bool:
    """Whether sessions trained the network at what stands in the place of accuracies, and at none of the values."""
    if asked.is_rate or not asked.argument:
        return False
    graphs = (one.graph.as_graph_def() for one in seen_networks()[0])
    trained = {computed for graph in graphs for computed in op_hashes(graph).values()}

    def is_trained(value: float) -> bool:
        with suppress(Exception, SystemExit):  # no function need take an accuracy for a value
            return _told_by(_network(student, asked, value), asked) in trained
        return False

    first, second = ([pair[place] for pair in pairs[:MOST_ASKED]] for place in (0, 1))
    return not any(map(is_trained, first)) and any(map(is_trained, second))


def _values(asked: Swept, values: Sequence[float], best: float, challenge: int) -> Iterator[tuple[str, float]]:
    """Yield at which values the network is asked for, by what the item is called that holds it."""
    if not asked.is_rate:
        known = sorted(set(values))
        wanted = sorted(in_question(known, best, challenge)[:MOST_TRAINED])
        yield from ((value_at(known.index(value)), value) for value in wanted)
        return
    yield from (("third", best / 3), ("best", best), ("triple", best * 3), ("tenfold", best * 10))
    if values:
        yield from (("lowest", min(values)), ("highest", max(values)), ("drawn", drawn_rate(values, challenge)))


def _network(student: Student, asked: Swept, value: float) -> GraphEvidence:
    if asked.is_rate:
        net = student.call(asked.network, **{asked.argument: value})
        return export_graph(net, about={"learning_rate": value})
    given = {asked.argument: int(value) if _is_whole(asked, value) else value} if asked.argument else {}
    net = student.call(asked.network, **given)
    return export_graph(net, about={"value": value, "train_feed": _fed_in_training(net)})


def _is_whole(asked: Swept, value: float) -> bool:
    return asked.parameter in WHOLE and float(value).is_integer()


def _fed_in_training(net: Any) -> dict[str, Json]:
    """Return the numbers that the network is said to be fed in training beside images and labels, by tensor."""
    raw = getattr(net, "train_feed", None)
    found: dict[str, Json] = {}
    for key, value in dict(raw or {}).items():
        tensor = net.graph.as_graph_element(key, allow_operation=False)
        number = np.asarray(value)
        if number.size != 1 or number.dtype.kind not in "biuf":
            raise WrongReturn(value, "a number or a truth value in train_feed")
        found[tensor.name] = number.reshape(-1)[0].item()
    return found


def _results(sweep: Any, asked: Swept) -> tuple[list[tuple[float, float]], bool]:
    """Return values and accuracies of a sweep, and whether there were several accuracies for a value: the last one counts."""
    try:
        items = list(dict(sweep).items())
    except (TypeError, ValueError):
        raise WrongReturn(sweep, f"a dict of {asked.words} → test accuracy") from None
    pairs, lists = [], False
    for value, accuracy in items:
        several = (
            list(accuracy) if isinstance(accuracy, (list, tuple, np.ndarray)) and np.ndim(accuracy) else [accuracy]
        )
        lists |= len(several) > 1
        last = several[-1] if several else None
        pairs.append((_number(value, f"a {asked.words}"), _number(last, "a test accuracy")))
    return pairs, lists


def _number(value: Any, expected: str) -> float:
    """Return the number that a value is, or is written in it."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise WrongReturn(value, expected) from None


def _hand_over_trained(out: EvidenceWriter, net: GraphEvidence | None, first: Sequence[float]) -> None:
    """Hand over what sessions trained, as values of `net`: at each rate what was trained last, those of `first` first.

    What was trained at a rate that a graph does not tell goes along without one.
    """
    networks, lost = seen_networks()
    known = net is not None and not lost and len(networks) < MOST
    out.fact("sessions", {"lost": lost, "all": known})
    if net is None:
        return
    wanted = _variables_of(net)
    found = [(one.rate, values) for one in networks for values in fitting(one, wanted)]
    for number, place in enumerate(_first_places([rate for rate, _ in found], first)):
        rate, values = found[place]
        about: dict[str, Json] = {"learning_rate": rate}
        out.graph(trained_at(number), GraphEvidence(net.meta_graph, net.parts, net.eval_feed, values, about))


def _first_places(values: Sequence[float | None], first: Iterable[float]) -> list[int]:
    """Return places in `values`: for each of `first` the first that has it, then all others; at most `MOST_TRAINED`."""
    places: list[int] = []
    for value in first:
        near = (k for k, own in enumerate(values) if own is not None and np.isclose(own, value, rtol=1e-4, atol=0))
        places += itertools.islice(near, 1)
    return list(dict.fromkeys([*places, *range(len(values))]))[:MOST_TRAINED]


@dataclass(frozen=True)
class _MadeNetwork:
    """The network at a value: its graph, its variables, and what depends on the value, as a hash of what computes it."""

    graph: GraphEvidence
    variables: list[tuple[str, tuple[int, ...]]]
    told_by: bytes | None


def _hand_over_trained_at(
    out: EvidenceWriter, asked: Swept, graphs: Mapping[float, GraphEvidence], first: Sequence[float]
) -> None:
    """Hand over what sessions trained, as values of the network at the value that it was trained at.

    That is told by its graph, in which is what the loss of the network at this value, or its training, is computed by. What
    is told by none goes along without a value: once, where the same network was trained several times.
    """
    networks, lost = seen_networks()
    out.fact("sessions", {"lost": lost})
    made = {value: _MadeNetwork(graph, _variables_of(graph), _told_by(graph, asked)) for value, graph in graphs.items()}
    found: list[tuple[float | None, float, Values]] = []
    strangers: list[frozenset[bytes]] = []
    for one in networks:
        fits = [value for value in first if value in made and fitting(one, made[value].variables)]
        if not fits:
            continue
        own = frozenset(op_hashes(one.graph.as_graph_def()).values())
        named = _trained_with(one, own, asked, {value: made[value] for value in fits})
        if not named and asked.argument:
            if own in strangers:
                continue
            strangers.append(own)
        value = named[0] if len(named) == 1 else None
        shown = fits[0] if value is None else value
        found += [(value, shown, values) for values in fitting(one, made[shown].variables)]
    for number, place in enumerate(_first_places([named for named, _, _ in found], first)):
        value, shown, values = found[place]
        net = made[shown].graph
        about: dict[str, Json] = {"value": value}
        out.graph(trained_at(number), GraphEvidence(net.meta_graph, net.parts, net.eval_feed, values, about))


def _trained_with(
    one: ClosedSession, own: Collection[bytes], asked: Swept, made: Mapping[float, _MadeNetwork]
) -> list[float]:
    """Return the values at which a session may have trained its network; `own` is what its graph computes."""
    if asked.parameter == BATCH_SIZE:
        return [value for value in made if value == one.batch]
    return [value for value, network in made.items() if network.told_by in own]


def _told_by(graph: GraphEvidence, asked: Swept) -> bytes | None:
    tf = sys.modules["tensorflow"].compat.v1
    hashes = op_hashes(tf.MetaGraphDef.FromString(graph.meta_graph).graph_def)
    return hashes.get(graph.parts.get("loss" if asked.parameter in FORWARD else "train_op", "").partition(":")[0])


def _variables_of(net: GraphEvidence) -> list[tuple[str, tuple[int, ...]]]:
    """Return names and shapes of a network's variables, but for what its optimizer remembers, in the order of the graph."""
    tf = sys.modules["tensorflow"].compat.v1
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(tf.MetaGraphDef.FromString(net.meta_graph))
        return shapes_of(graph)
