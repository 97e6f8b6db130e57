"""Evidence from notebook 2: the network, the sweep, the trained network, the gradients."""

from collections.abc import Iterator

import numpy as np
import tensorflow.compat.v1 as tf

from netgrader.checks.exercises import trained_at
from netgrader.evidence import EvidenceWriter, GraphEvidence
from netgrader.judges.sweeps import MOST_TRAINED, drawn_rate, in_question, is_exchanged
from netgrader.student.handing_over import hand_over_curves, hand_over_trained
from netgrader.student.probes import Student, WrongReturn, export_graph, probe
from netgrader.student.sessions import fitting, seen_networks, shapes_of


@probe("check_two_layer_network")
def two_layer_network(student: Student, out: EvidenceWriter) -> None:
    """Ask for the network at its default learning rate and at others."""
    student.networks(out, "two_layer_network")


@probe("check_learning_rate_sweep")
def learning_rate_sweep(student: Student, out: EvidenceWriter) -> None:
    """Take the sweep, the network at some of its rates and around the best, and what it was trained to at some."""
    pairs: list[tuple[float, float]] = []
    with student.capturing(out, "sweep"):
        pairs, lists = results(student.value("sweep"))
        exchanged = is_exchanged(np.array(pairs))
        if exchanged:  # what was asked for, the wrong way round
            pairs = [(rate, accuracy) for accuracy, rate in pairs]
        out.array("sweep", np.array(pairs, dtype=np.float64).reshape(-1, 2))
        out.fact("lists", lists)
        out.fact("exchanged", exchanged)
    # Where no rate can be tried that was chosen, the one of the sweep that did best stands for it.
    best = max(pairs, key=lambda pair: np.nan_to_num(pair[1], nan=-np.inf))[0] if pairs else 0.001
    with student.capturing(out, "best_learning_rate"):
        chosen = number(student.value("best_learning_rate"), "one of the rates of the sweep")
        out.fact("best_learning_rate", chosen)
        best = chosen if np.isfinite(chosen) and chosen > 0 else best
    out.fact("around", best)
    rates = {"third": best / 3, "best": best, "triple": best * 3, "tenfold": best * 10}
    if pairs:
        rates |= {"lowest": min(pairs)[0], "highest": max(pairs)[0]}
        rates["drawn"] = drawn_rate([rate for rate, _ in pairs], student.challenge)
    made = {}
    for name, rate in rates.items():
        with student.capturing(out, name):
            made[name] = export_graph(
                student.call("two_layer_network", learning_rate=rate), about={"learning_rate": rate}
            )
            out.graph(name, made[name])
    with student.capturing(out, "trained"):
        hand_over_sweep(out, made.get("best"), in_question(sorted(rate for rate, _ in pairs), best, student.challenge))


def results(sweep: object) -> tuple[list[tuple[float, float]], bool]:
    """Rates and accuracies of a sweep, and whether there were several accuracies for a rate: the last one counts."""
    try:
        items = list(dict(sweep).items())
    except (TypeError, ValueError):
        raise WrongReturn(sweep, "a dict of learning rate → test accuracy") from None
    pairs, lists = [], False
    for rate, accuracy in items:
        several = (
            list(accuracy) if isinstance(accuracy, (list, tuple, np.ndarray)) and np.ndim(accuracy) else [accuracy]
        )
        lists |= len(several) > 1
        last = several[-1] if several else None
        pairs.append((number(rate, "a learning rate"), number(last, "a test accuracy")))
    return pairs, lists


def number(value: object, expected: str) -> float:
    """The number that a value is, or is written in it."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise WrongReturn(value, expected) from None


def hand_over_sweep(out: EvidenceWriter, net: GraphEvidence | None, first: list[float]) -> None:
    """What sessions of the notebook trained, as values of `net`: at each rate what was trained last, those of `first` first.

    What was trained at a rate that a graph does not tell goes along without one.
    """
    networks, lost = seen_networks()
    out.fact("sessions", {"lost": lost})
    if net is None:
        return
    wanted = variables_of(net)
    found = [(one.rate, values) for one in networks for values in fitting(one, wanted)]
    places = []
    for rate in first:
        places += [k for k, (own, _) in enumerate(found) if own is not None and np.isclose(own, rate, rtol=1e-4)][:1]
    places = list(dict.fromkeys([*places, *range(len(found))]))[:MOST_TRAINED]
    for number, place in enumerate(places):
        rate, values = found[place]
        about = {"learning_rate": rate}
        out.graph(trained_at(number), GraphEvidence(net.meta_graph, net.parts, net.eval_feed, values, about))


def variables_of(net: GraphEvidence) -> list[tuple[str, tuple[int, ...]]]:
    """Names and shapes of a network's variables, but for what its optimizer remembers, in the order of the graph."""
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(tf.MetaGraphDef.FromString(net.meta_graph))
        return shapes_of(graph)


@probe("check_two_layer_training")
def two_layer_training(student: Student, out: EvidenceWriter) -> None:
    """Take the trained network with its values, and what was reported of it."""
    hand_over_curves(student, out)
    hand_over_trained(student, out)


@probe("check_input_gradients")
def input_gradients(student: Student, out: EvidenceWriter) -> None:
    """Ask for the gradients on the student's network, trained or not."""
    with student.capturing(out, "gradients"):
        net = student.value("net") if student.has("net") else student.call("two_layer_network")
        with net.graph.as_default():
            each, largest = student.call("input_gradients", net)
            each = flat(each)  # a generator makes them only now
        parts = {name: getattr(net, name) for name in ("graph", "X", "Y", "logits", "eval_feed") if hasattr(net, name)}
        parts |= {f"each@{number}": tensor for number, tensor in enumerate(each)}
        parts["largest"] = next(iter(flat(largest)))
        out.graph("gradients", export_graph(parts))


def flat(tensors: object) -> list[object]:
    """The tensors in a list of lists of any depth; in a dict by digit, a generator, NumPy's object arrays too."""
    if isinstance(tensors, dict):
        keys = sorted(tensors) if all(isinstance(key, int) for key in tensors) else list(tensors)
        tensors = [tensors[key] for key in keys]
    if isinstance(tensors, (list, tuple, Iterator)) or (isinstance(tensors, np.ndarray) and tensors.dtype == object):
        return [tensor for part in tensors for tensor in flat(part)]
    return [tensors]
