"""Reads a graph: the stages in order, and the `Network` that comes out."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from netgrader.errors import UsageError
from netgrader.faults import fault
from netgrader.reader.answer import network_of
from netgrader.reader.exercises import exercise_named
from netgrader.reader.faults import find_faults
from netgrader.reader.find.joining import join_activated, join_linear, join_repeated
from netgrader.reader.find.layers import find_statistics, find_steps
from netgrader.reader.find.outputs import find_outputs
from netgrader.reader.find.roles import PRODUCTS, find_roles, operands, train_ops, updates_under
from netgrader.reader.find.scores import find_scores, read_loss, terms
from netgrader.reader.graph.branches import straightened
from netgrader.reader.graph.nodes import node_of
from netgrader.reader.graph.source import GraphError, read_source
from netgrader.reader.lab.api import LabError
from netgrader.reader.model import Exercise, Network
from netgrader.reader.state import Reading
from netgrader.reader.trial.layer_trial import try_activations, try_widths
from netgrader.reader.trial.loss_trial import large_scores, try_loss
from netgrader.reader.trial.optimizer_trial import choose_loss, read_optimizer, settle, try_steps
from netgrader.reader.trial.output_trial import try_outputs, try_rows
from netgrader.reader.trial.probe import Bench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from netgrader.reader.graph.plain import Graph
    from netgrader.reader.graph.protos import Message
    from netgrader.reader.lab.api import Lab

__all__ = ["read", "read_network"]

Array = npt.NDArray[Any]

PARTS = ("X", "Y", "logits", "prediction", "loss", "train_op", "accuracy")


def read_network(
    graph: object,
    parts: object = None,
    exercise: str | Exercise | None = None,
    *,
    lab: Lab | Literal["auto"] | None = "auto",
    values: Mapping[str, Array] | None = None,
    eval_feed: Mapping[str, Array] | None = None,
) -> Network:
    """Read what network a graph holds, and what is wrong with it.

    Parameters
    ----------
    graph
        A ``tf.Graph``, a GraphDef or MetaGraphDef message, their bytes, or the path of a file of them, binary or text.
    parts
        The student's ``net``: an object with attributes, or a mapping, from names of parts (``X``, ``logits``, ...) to
        tensors, ops or their names. Hints: what is not named is searched for, what is named is checked.
    exercise
        The id of the solution cell that asks for the network, or an `Exercise`. None: only what is wrong in any
        network is a fault.
    lab
        Where the graph is tried out. ``"auto"``: for a ``tf.Graph`` TensorFlow in this process, for anything else a
        cage if one can be had. None: nothing is run, and more stays undecided.
    values
        Values of the variables by op name, for what cannot be told from a fresh network.
    eval_feed
        What evaluation needs fed beside images and labels, by tensor name; taken from ``parts.eval_feed`` if None.

    Raises
    ------
    GraphError
        If there is no graph in what was given; the message is a sentence.
    UsageError
        If there is no such exercise.
    """
    if isinstance(exercise, str):
        exercise = exercise_named(exercise)
    elif exercise is not None and not isinstance(exercise, Exercise):
        raise UsageError("An exercise is the id of a solution cell or an Exercise.")
    hints = _hints(parts)
    feed = {_tensor(str(key)): np.asarray(value) for key, value in (eval_feed or _eval_feed(parts)).items()}
    try:
        meta = read_source(graph)
    except GraphError as error:
        if exercise is not None and "no operation" in str(error):
            return Network(exercise=exercise, faults=(fault("built-in-default-graph", found="an empty graph"),))
        raise
    given = _Given(hints, exercise, values or {}, parts is not None)
    with _some_lab(lab, graph) as chosen:
        reading = _read_as(meta, given, feed, chosen)
        network = _finished(reading)
        guessed = [name for name in reading.graph.known if name not in feed]
        if guessed and chosen is not None and network.codes & _OF_SWITCHES:
            # A switch that nothing is said of may also be one that evaluation turns on.
            turned = {**feed, **{name: np.asarray(True) for name in guessed}}
            found = {"train_op": reading.roles.train_op, "loss": reading.loss}
            named = {**hints, **{key: name for key, name in found.items() if name is not None}}
            other = _finished(_read_as(meta, replace(given, hints=named), turned, chosen))
            if not other.codes & _OF_SWITCHES:
                return other
    return network


def _finished(reading: Reading) -> Network:
    """The network; its session is closed, since a lab that reads many would keep the variables of all."""
    try:
        return network_of(reading)
    finally:
        if reading.bench is not None:
            with suppress(LabError):  # a lab that was lost has closed it
                reading.bench.session.close()


@dataclass(frozen=True)
class _Given:
    """What was given with a graph."""

    hints: Mapping[str, str]
    exercise: Exercise | None
    values: Mapping[str, Array]
    has_parts: bool


def _read_as(meta: Message, given: _Given, feed: Mapping[str, Array], lab: Lab | None) -> Reading:
    """Read the graph with what evaluation feeds: functions, loops and branches are written out as that decides."""
    meta, whole, plain, rows = straightened(meta, feed)
    hints = {name: plain.behind(tensor) for name, tensor in given.hints.items()}

    def attempt(named: Mapping[str, str], lab: Lab | None) -> Reading:
        return read(
            plain,
            named,
            given.exercise,
            content=meta.SerializeToString() if lab is not None else b"",
            lab=lab,
            values=given.values,
            eval_feed=feed,
            has_parts=given.has_parts,
            whole=whole,
            rows=rows,
        )

    hints |= _asked_for(plain, hints, attempt) if given.exercise is not None else {}
    return attempt(hints, lab)


MOST_NETWORKS = 5
#: What shows where a network is evaluated as it is trained.
_OF_SWITCHES = frozenset({"rows-mixed", "dropout-at-evaluation", "keep-rate-swapped"})


def _asked_for(
    graph: Graph, hints: Mapping[str, str], attempt: Callable[[Mapping[str, str], Lab | None], Reading]
) -> dict[str, str]:
    """Of several networks that are trained apart in one graph, the one that is the likeliest answer to the exercise."""
    if "train_op" in hints or "loss" in hints:
        return {}
    trained: dict[frozenset[str], str] = {}
    for name, _ in train_ops(graph):
        trained[frozenset(update.variable for update in updates_under(graph, name))] = name
    apart = [name for own, name in trained.items() if not any(own < other for other in trained)]
    if len(apart) < 2:
        return {}
    readings = {name: attempt({**hints, "train_op": name}, None) for name in apart[:MOST_NETWORKS]}
    # Of two that fit equally well the later one counts: it is what the last run of a cell left.
    best = min(reversed(readings), key=lambda name: len(find_faults(readings[name])[0]))
    return {"train_op": best}


@contextmanager
def _some_lab(lab: Lab | Literal["auto"] | None, graph: object) -> Iterator[Lab | None]:
    if lab != "auto":
        yield lab
        return
    if hasattr(graph, "as_graph_def"):
        from netgrader.reader.lab.local import LocalLab  # noqa: PLC0415 - pulls in nothing unless a graph is tried out

        local = LocalLab()
        yield local
        local.close()
        return
    caged = _caged()
    yield caged
    if caged is not None:
        caged.close()


def _caged() -> Lab | None:
    """A lab in a cage, None where there can be none."""
    try:
        from netgrader.reader.lab.caged import CagedLab  # noqa: PLC0415 - not part of what students install
    except ImportError:
        return None
    try:
        lab: Lab = CagedLab()
    except (LabError, OSError):
        return None
    return lab


def _hints(parts: object) -> dict[str, str]:
    hints = {}
    for name in PARTS:
        value = parts.get(name) if hasattr(parts, "get") else getattr(parts, name, None)
        text = value if isinstance(value, str) else getattr(value, "name", None)
        if isinstance(text, str) and text:
            hints[name] = text if name == "train_op" else _tensor(text)
    return hints


def _eval_feed(parts: object) -> Mapping[str, Array]:
    raw = parts.get("eval_feed") if hasattr(parts, "get") else getattr(parts, "eval_feed", None)
    if not isinstance(raw, dict):
        return {}
    return {str(getattr(key, "name", key)): value for key, value in raw.items()}


def _tensor(name: str) -> str:
    return name if ":" in name else name + ":0"


def read(
    graph: Graph,
    hints: Mapping[str, str],
    exercise: Exercise | None,
    *,
    content: bytes,
    lab: Lab | None,
    values: Mapping[str, Array],
    eval_feed: Mapping[str, Array],
    has_parts: bool,
    whole: Graph | None = None,
    rows: int | None = None,
) -> Reading:
    """All stages: first what following the graph says, then, in the lab, what trying says."""
    pixels, classes = (exercise.inputs, exercise.classes) if exercise is not None else (784, 10)
    known = {key: name for key, name in hints.items() if name in graph}
    roles = find_roles(graph, known, pixels, classes)
    reading = Reading(graph, known, eval_feed, exercise, roles, has_parts=has_parts, values=values, classes=classes)
    ends = [*roles.losses[:1]] or [known[key] for key in ("logits", "prediction") if key in known] or _loose_ends(graph)
    _find_layers(reading, ends)
    find_outputs(reading)
    find_statistics(reading, whole or graph)
    _find_unused(reading)
    if lab is not None:
        _open_bench(reading, lab, content, pixels, rows)
    read_optimizer(reading)
    if reading.bench is not None:
        _experiment(reading)
    else:
        try_activations(reading)
        read_loss(reading)
    reading.steps = join_activated(graph, reading.steps, [reading.read] if reading.read else ends)
    return reading


def _loose_ends(graph: Graph) -> list[str]:
    """Where a network without a loss ends: what is made by layers, and read by nobody."""
    made = graph.descendants([data for data, _ in operands(graph)])
    return [tensor for tensor in sorted(made) if node_of(tensor) in graph.varied and not graph.consumers.get(tensor)]


def _find_layers(reading: Reading, ends: list[str]) -> None:
    """The layers before the loss, and the scores; where the loss is of several terms, those of the term that is read."""
    graph, images = reading.graph, reading.roles.images

    def find(ends: list[str]) -> None:
        reading.steps = join_linear(graph, join_repeated(graph, find_steps(graph, ends, images), images), ends)
        find_scores(reading)

    reading.scores, reading.chain, reading.term = None, [], None
    find(ends)
    if reading.scores is not None or not reading.steps:
        return
    whole = reading.steps
    for term in terms(reading):
        reading.term = term
        find([term])
        if reading.scores is not None:
            own = {part.node for step in reading.steps for part in (step, *step.parts)}
            reading.aside = [part for step in whole for part in (step, *step.parts) if part.node not in own]
            return
    reading.term, reading.steps = None, whole


def _find_unused(reading: Reading) -> None:
    """Layers that read the images but that neither the loss nor a claimed output depends on."""
    graph, images = reading.graph, reading.roles.images
    if images is None or not reading.steps:
        return
    used = {part.node for step in (*reading.steps, *reading.aside) for part in (step.parts or (step,))}
    updating = {t for u in reading.roles.updates for t in graph.ancestors(graph.nodes[u.node].inputs[1:])}
    outside = [
        f"{node.name}:0"
        for node in graph.nodes.values()
        if node.name not in used | graph.untaken
        and f"{node.name}/unrolled_0" not in graph.nodes
        and node.op in PRODUCTS
        and f"{node.name}:0" not in updating
    ]
    claimed = [name for key, name in reading.hints.items() if key != "train_op"]
    claimed += [reading.measured[key] for key in ("prediction", "accuracy") if key in reading.measured]
    wanted = graph.ancestors([*claimed, *reading.roles.losses])
    loose = [tensor for tensor in outside if tensor not in wanted]
    below = graph.descendants([images])
    found = [s for s in find_steps(graph, loose, images) if s.node not in used and s.product in below]
    found = [step for step in found if f"{step.node}/unrolled_0" not in graph.nodes]
    # The same weights once more, as tracing leaves them behind, are no layer of their own.
    own = {name for step in (*reading.steps, *reading.aside) for name in step.variables}
    reading.unused = [step for step in found if not own.issuperset(step.variables)]
    labelled = graph.descendants([reading.roles.labels]) if reading.roles.labels else set()
    reading.unused = [step for step in reading.unused if step.data not in labelled]


def _open_bench(reading: Reading, lab: Lab, content: bytes, pixels: int, rows: int | None) -> None:
    try:
        loaded = lab.load(content)
        session = loaded.session(seed=1)
    except LabError as error:
        reading.measured["refused"] = error.sentence
        return
    bench = Bench(reading.graph, loaded, session, reading.eval_feed, pixels=pixels, classes=reading.classes)
    bench.images, bench.labels, bench.looped = reading.roles.images, reading.roles.labels, rows
    bench.others.update({name: value for name, value in reading.graph.known.items() if name not in reading.eval_feed})
    reading.bench = bench
    if not bench.initialise():
        bench.assign(dict(reading.values))


def _note_initial(reading: Reading) -> None:
    """Keep the weights as each layer uses them first, whatever they are cut out of or built from."""
    if reading.bench is None:
        return
    for step in [part for step in reading.steps for part in (step.parts or (step,))]:
        value = reading.bench.fetch(step.weights, {})
        if value is not None:
            reading.initial[step.weights] = value
    if reading.scores is not None:
        scores = reading.bench.fetch(reading.scores, reading.bench.feed(reading.bench.sample(6)))
        reading.measured["first-spread"] = float(np.std(scores)) if scores is not None and scores.size else 0.0


def _choose_shares(reading: Reading, needed: Sequence[str]) -> None:
    """Numbers that nothing is said of: all kept, or nothing dropped, whichever lets the images through unchanged."""
    bench, graph, scores = reading.bench, reading.graph, reading.scores
    if bench is None or scores is None:
        return
    above = graph.ancestors([scores])
    loose = [
        source
        for source in needed
        if source in above
        and source in bench.others
        and source not in graph.known
        and graph.static_dtype(source).startswith("float")
        and bench.others[source].size == 1
    ]
    if not loose:
        return
    for share in (1.0, 0.0, 1.0):
        for source in loose:
            bench.others[source] = np.full_like(bench.others[source], share)
        feeds = bench.feed(bench.sample(6))
        settled = settle(reading)
        once, again = bench.fetch(scores, feeds), bench.fetch(scores, feeds)
        if not settled or once is None or again is None:
            continue
        varied = once.ndim > 1 and bool(np.ptp(once, axis=0).any() and np.ptp(once, axis=-1).any())
        if varied and np.isfinite(once).all() and np.allclose(once, again):
            break
    bench.initialise()


def _experiment(reading: Reading) -> None:
    bench, graph = reading.bench, reading.graph
    probe = reading.roles.loss or reading.scores or next((step.product for step in reading.steps), None)
    if bench is None or probe is None:
        return
    above = graph.ancestors([probe])
    under = {t for u in reading.roles.updates for t in graph.ancestors(graph.nodes[u.node].inputs)}
    needed = [
        source for source in graph.sources if source in above | under and graph[source].op != "PlaceholderWithDefault"
    ]
    reading.measured["runs"] = bench.suit(probe, needed)
    if not reading.measured["runs"]:
        try_activations(reading)
        read_loss(reading)
        return
    _choose_shares(reading, needed)
    choose_loss(reading)
    if reading.loss != probe and reading.loss is not None:
        _find_layers(reading, [reading.loss])
    _note_initial(reading)
    settle(reading)
    try_widths(reading)
    try_loss(reading)
    if reading.loss_match is None:
        read_loss(reading)
    try_activations(reading)
    reading.measured["large-scores-finite"] = large_scores(reading)
    try_outputs(reading)
    try_steps(reading)
    settle(reading)
    try_rows(reading)
