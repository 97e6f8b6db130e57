"""Reads a graph: the stages in order, and the `Network` that comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from netgrader.faults import fault, kind_of
from netgrader.reader.faults import find_faults
from netgrader.reader.find import Found, Given
from netgrader.reader.find.layers import find_statistics, without_statistics
from netgrader.reader.find.outputs import LossReading, Outputs, find_layers, find_outputs, find_unused, read_loss
from netgrader.reader.find.roles import find_roles, linear_steps, train_ops, updates_under
from netgrader.reader.graph.branches import as_trained, inlined
from netgrader.reader.graph.nodes import node_of
from netgrader.reader.graph.plain import RANDOM
from netgrader.reader.graph.source import GraphError, read_source
from netgrader.reader.lab import LabError
from netgrader.reader.lab.traced_models import is_model_file, is_traceable
from netgrader.reader.lab.traced_models import traced as traced_here
from netgrader.reader.model import Exercise, Network
from netgrader.reader.summary import PARTS, network_of
from netgrader.reader.trial.image_trial import ImageTrial, try_images
from netgrader.reader.trial.layer_trial import LayerTrial, try_activations, try_widths
from netgrader.reader.trial.loss_trial import try_extreme_scores, try_loss
from netgrader.reader.trial.optimizer_trial import Descent, choose_loss, read_optimizer
from netgrader.reader.trial.output_trial import OutputTrial, RowTrial, try_outputs, try_rows
from netgrader.reader.trial.probe import GraphProbe, Setup, choose_shares, open_probe, randomise_weights, run_first
from netgrader.reader.trial.start_trial import Start, averages_vary, first_weights, try_start
from netgrader.reader.trial.step_trial import try_steps
from netgrader.reader.trial.target_trial import TargetTrial, try_targets
from netgrader.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from netgrader.faults import Fault
    from netgrader.reader.find.layers import Step
    from netgrader.reader.find.roles import Roles
    from netgrader.reader.graph.nodes import Array, Message
    from netgrader.reader.graph.plain import Graph
    from netgrader.reader.lab import Lab
    from netgrader.reader.lab.traced import Traced


@dataclass(frozen=True)
class Reading:
    """What is known of a graph; what could not be tried out has its default."""

    found: Found
    """What following the graph found, as experiments refined it."""
    setup: Setup = field(default_factory=Setup)
    """How the graph could be run."""
    start: Start = field(default_factory=Start)
    layers: LayerTrial = field(default_factory=LayerTrial)
    loss: LossReading = field(default_factory=LossReading)
    outputs: OutputTrial = field(default_factory=OutputTrial)
    targets: TargetTrial = field(default_factory=TargetTrial)
    descent: Descent = field(default_factory=Descent)
    rows: RowTrial = field(default_factory=RowTrial)
    images: ImageTrial = field(default_factory=ImageTrial)
    """What each experiment showed."""
    averages_vary: Mapping[str, bool] = field(default_factory=dict)
    """Whether statistics of the data begin with different values, by variable."""

    @property
    def scores(self) -> str | None:
        """The tensor of the logits, or what the last layer puts out where the loss shows none."""
        return self.loss.logits or self.found.scores

    @property
    def output(self) -> str:
        """The node that makes `scores`; empty where there is none."""
        return node_of(self.scores or "")


def read_network(
    graph: object,
    parts: object = None,
    exercise: Exercise | None = None,
    *,
    lab: Lab | Literal["auto"] | None = "auto",
    values: Mapping[str, Array] | None = None,
    eval_feed: Mapping[str, Array] | None = None,
) -> Network:
    """Read what network a graph holds, and what is wrong with it.

    Parameters
    ----------
    graph
        A ``tf.Graph``, a GraphDef or MetaGraphDef message, their bytes, or the path of a file of them, binary or text. Or a
        ``keras.Model``, compiled or not, a ``tf.Module``, a ``tf.function`` or its concrete function, which are traced here; the
        path of a ``.keras`` file or of a SavedModel's folder, which is loaded in a cage.
    parts
        The student's ``net``: an object with attributes, or a mapping, from names of parts (``X``, ``logits``, ...) to
        tensors, ops or their names. Hints: what is not named is searched for, what is named is checked. For a model or a
        function `X` and `Y` may be arrays of some rows, where it does not say itself what it is fed.
    exercise
        What asks for the network. None: only what is wrong in any network is a fault.
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
    """
    network = _read_network(graph, parts, exercise, lab, values, eval_feed)
    if exercise is None or exercise.outputs is None:
        return network
    faults, remarks = (tuple(map(_of_numbers, found)) for found in (network.faults, network.remarks))
    return replace(network, faults=faults, remarks=remarks)


def _of_numbers(fault: Fault) -> Fault:
    """Return a fault with the sentence that speaks of numbers to come close to, if its code has one."""
    said = kind_of(fault.code).regression.get("sentence")
    return replace(fault, sentence=Text(said)) if said else fault


def _read_network(
    graph: object,
    parts: object,
    exercise: Exercise | None,
    lab: Lab | Literal["auto"] | None,
    values: Mapping[str, Array] | None,
    eval_feed: Mapping[str, Array] | None,
) -> Network:
    """Read the graph in the sentences that speak of classes: see `read_network`."""
    with _some_lab(lab, graph) as chosen:
        traced = _traced(graph, parts, exercise, chosen)
        if traced is None:
            return _read_in(chosen, graph, parts, exercise, values or {}, eval_feed)
        return _read_in(chosen, traced.meta_graph, traced.parts, exercise, values or {}, traced.eval_feed, traced)


def _traced(graph: object, parts: object, exercise: Exercise | None, lab: Lab | None) -> Traced | None:
    """The graph of a model or of functions, which are traced; None of what is a graph already."""
    if is_traceable(graph):
        flat = (exercise.inputs,) if exercise is not None and exercise.inputs else None
        return traced_here(graph, parts, flat if exercise is None else exercise.input_shape or flat)
    if not is_model_file(graph):
        return None
    with _some_lab("auto" if lab is None else lab, graph) as chosen:
        if chosen is None or not hasattr(chosen, "traced"):
            raise GraphError(Text("A model of others is loaded in a cage, and none can be had here."))
        found: Traced = chosen.traced()
        return found


def _read_in(
    lab: Lab | None,
    graph: object,
    parts: object,
    exercise: Exercise | None,
    values: Mapping[str, Array],
    eval_feed: Mapping[str, Array] | None,
    traced: Traced | None = None,
) -> Network:
    """Read a graph, or what was traced, and try it out in the lab."""
    feed = {_tensor(str(key)): np.asarray(value) for key, value in (eval_feed or _eval_feed(parts)).items()}
    try:
        meta = read_source(graph)
    except GraphError as error:
        if exercise is not None and "no operation" in str(error):
            return Network(exercise=exercise, faults=(fault("built-in-default-graph", found=Text("an empty graph")),))
        raise
    sizes = _sizes_asked_for(exercise)
    given = Given(_hints(parts), exercise, values, feed, parts is not None, *sizes, beside=_beside(parts))
    if getattr(exercise, "keras", False):  # what was traced, and comes as a graph
        given = replace(given, has_parts=False, names={})
    if traced is None:
        return network_of(_read_as(meta, given, lab))
    given = replace(
        given,
        has_parts=False,
        classes=given.classes or traced.outputs,
        names=traced.names,
        evaluates=traced.evaluates,
        single=traced.outputs == 1,
    )
    network = network_of(_read_as(meta, given, lab))
    if traced.refused is None:
        return network
    given_form, taken = (Text("{labels} of shape {shape}", shape=shape) for shape in traced.refused)
    return replace(network, faults=(fault("labels-not-one-hot", "", given_form, taken), *network.faults))


def _read_as(meta: Message, given: Given, lab: Lab | None) -> Reading:
    """Read the graph with what evaluation feeds: functions, loops and branches are written out as that decides."""
    meta, whole, graph = inlined(meta, given.eval_feed)
    hints = {name: graph.behind(tensor) for name, tensor in given.hints.items()}
    inputs, classes = _sizes_in(graph, hints)
    given = replace(given, inputs=given.inputs or inputs, classes=given.classes or classes)
    given = replace(given, single=given.single or (given.exercise is None and given.classes == 1))

    def attempt(hints: Mapping[str, str], lab: Lab | None) -> Reading:
        known = {key: name for key, name in hints.items() if name in graph}
        content = meta.SerializeToString() if lab is not None else b""
        return _read(graph, whole, replace(given, hints=known), lambda found: open_probe(found, lab, content))

    hints |= _asked_for(graph, hints, attempt) if given.exercise is not None else {}
    return attempt(hints, lab)


def _sizes_asked_for(exercise: Exercise | None) -> tuple[int, int]:
    """How wide a flattened image is and how many classes there are, by what is asked; 0 where nothing says it."""
    if exercise is None:
        return 0, 0
    widths = exercise.widths or (0,)
    return exercise.inputs or 0, exercise.outputs or exercise.classes or widths[-1]


def _sizes_in(graph: Graph, hints: Mapping[str, str]) -> tuple[int, int]:
    """Infer both sizes from a graph: guess which source holds which, then follow the layers and the loss to their sources."""
    wide = sorted(graph.rows, key=lambda source: -_width(graph, source))
    guessed = wide[:1] + wide[1:][-1:]
    roles = find_roles(graph, hints, *_declared(graph, *guessed))
    return _declared(graph, roles.images or "", roles.labels or "")


def _declared(graph: Graph, images: str = "", labels: str = "") -> tuple[int, int]:
    """Return both sizes as images and labels declare them, where there are such, else by the first weights and the last."""
    shapes = [shape for name in graph.variables if (shape := graph.static_shape(name)) and len(shape) == 2]
    weights = [(rows, columns) for rows, columns in shapes if rows and columns] or [(1, 2)]
    classes = _width(graph, labels)
    whole = classes == 1 and not graph.static_dtype(labels).startswith("float")
    if not classes or (whole and 1 not in weights[-1]):
        classes = weights[-1][1]  # a whole number for each row may say a class
    return _width(graph, images) or weights[0][0], classes


def _width(graph: Graph, source: str) -> int:
    """Return how many numbers a row of a source has; 0 where that is not said, or it is a single number."""
    shape = graph.static_shape(source) if source in graph else None
    return math.prod(size or 0 for size in shape[1:]) if shape is not None and len(shape) > 1 else 0


MOST_NETWORKS = 5


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
    own = _own_lab(graph)
    yield own
    if own is not None:
        own.close()


def _own_lab(graph: object) -> Lab | None:
    """A lab in this process for what was made here, in a cage for anything else; None where there can be none."""
    if hasattr(graph, "as_graph_def") or is_traceable(graph):
        from netgrader.reader.lab.local import LocalLab  # noqa: PLC0415 - pulls in nothing unless a graph is tried out

        return LocalLab()
    try:
        from netgrader.reader.lab.caged import CagedLab  # noqa: PLC0415 - not part of what students install

        return CagedLab(model=Path(str(graph)) if is_model_file(graph) else None)
    except (ImportError, LabError, OSError):
        return None


def _hints(parts: object) -> dict[str, str]:
    hints = {}
    for name in PARTS:
        value = parts.get(name) if hasattr(parts, "get") else getattr(parts, name, None)
        text = value if isinstance(value, str) else getattr(value, "name", None)
        if isinstance(text, str) and text:
            hints[name] = text if name == "train_op" else _tensor(text)
    return hints


def _beside(parts: object) -> frozenset[str]:
    named = parts if isinstance(parts, Mapping) else getattr(parts, "__dict__", {})
    texts = (
        value if isinstance(value, str) else getattr(value, "name", None)
        for key, value in named.items()
        if key not in PARTS
    )
    return frozenset(text for text in texts if isinstance(text, str))


def _eval_feed(parts: object) -> Mapping[str, Array]:
    raw = parts.get("eval_feed") if hasattr(parts, "get") else getattr(parts, "eval_feed", None)
    if not isinstance(raw, dict):
        return {}
    return {str(getattr(key, "name", key)): value for key, value in raw.items()}


def _tensor(name: str) -> str:
    return name if ":" in name else name + ":0"


def _read(
    graph: Graph, whole: Graph, given: Given, opened: Callable[[Found], tuple[Setup, GraphProbe | None]]
) -> Reading:
    """Follow the graph, then try it out where there is a lab."""
    roles = find_roles(graph, given.hints, given.inputs, given.classes)
    ends = _ends(graph, roles, given)
    found = _followed(graph, whole, given, roles, ends)
    setup, probe = opened(found) if found.judged else (Setup(), None)
    if probe is None:
        reading = replace(_by_ops(found, None, read_optimizer(found, None)), setup=setup)
    else:
        try:
            reading = _tried_out(found, probe)
        finally:
            with suppress(LabError):  # a lab that was lost has closed it
                probe.session.close()
    return reading


def _followed(graph: Graph, whole: Graph, given: Given, roles: Roles, ends: Sequence[str]) -> Found:
    """What following the graph says: layers, outputs, statistics of the data, and layers that nothing depends on."""
    hints = {key: name for key, name in given.hints.items() if key == "train_op" or name in graph}
    layers = find_layers(graph, roles, hints, roles.loss, ends)
    if given.regression:
        outputs = Outputs(hints.get("prediction"), None, hints.get("logits"))
    else:
        outputs = find_outputs(graph, roles, hints, layers.scores)
    evaluated = hints.get("logits") or hints.get("prediction") or layers.scores
    trained, turned = as_trained(whole, graph)
    statistics = find_statistics(graph, trained, roles, evaluated)
    drawn = trained.ancestor_nodes([evaluated]) if turned and evaluated in trained else set()
    noisy = {} if RANDOM.isdisjoint(trained.nodes[name].op for name in drawn) else turned
    layers = replace(layers, steps=tuple(without_statistics(step, statistics) for step in layers.steps))
    named = {name for key, name in hints.items() if key != "train_op"}
    claimed = {*named, outputs.prediction, outputs.accuracy, *_run_beside(graph, given)} - {None}
    unused = find_unused(graph, roles, (*layers.steps, *layers.aside), sorted(map(str, claimed)))
    return Found(graph, given, roles, layers, outputs, statistics, unused, noisy)


def _run_beside(graph: Graph, given: Given) -> list[str]:
    """What is made for the updates that a loop may run in addition to the training step."""
    updates = [update for name in given.beside if name in graph for update in updates_under(graph, name)]
    return [tensor for update in updates for tensor in graph.nodes[update.node].inputs[1:]]


def _by_ops(found: Found, probe: GraphProbe | None, descent: Descent) -> Reading:
    """What the ops say of a network that is not run."""
    layers = try_activations(found, probe)
    loss = read_loss(found.graph, found.scores, found.loss)
    found = _with_prediction(found, loss) if found.given.regression else found
    return Reading(_with_steps(found, layers.steps), layers=layers, loss=loss, descent=descent)


def _with_prediction(found: Found, loss: LossReading) -> Found:
    """What a regression predicts, where the student names nothing: what its loss compares with the targets."""
    prediction = found.outputs.prediction or loss.logits or found.scores
    return replace(found, outputs=replace(found.outputs, prediction=prediction))


def _tried_out(found: Found, probe: GraphProbe) -> Reading:
    """What trying says, question by question; each experiment is given what those before it found."""
    descent = read_optimizer(found, probe)
    runs = probe.fit_inputs()
    if not runs:
        reading, averages = _by_ops(found, probe, descent), averages_vary(found, probe)
        start = first_weights(found, probe)
        return replace(reading, setup=probe.setup(runs), start=start, averages_vary=averages)
    choose_shares(found, probe)
    tried, found = run_first(found), replace(found, minimised=choose_loss(found, probe))
    if found.loss is not None and found.loss != tried:
        found = replace(found, layers=find_layers(found.graph, found.roles, found.hints, found.loss, [found.loss]))
    start = try_start(found, probe)
    randomise_weights(found, probe)
    found = _with_steps(found, try_widths(found, probe))
    if found.given.regression:
        scored, loss, targets = try_targets(found, probe)
    else:
        (scored, loss), targets = try_loss(found, probe), TargetTrial()
    found = replace(found, layers=scored)
    # What was tried and fits no formula is none that the ops may look like; of a loss that stays the same trying tells nothing.
    if not loss.form or targets.constant:
        loss = read_loss(found.graph, found.scores, found.loss)
    layers = try_activations(found, probe)
    found = _with_steps(found, layers.steps)
    if found.given.regression:
        outputs, found = OutputTrial(), _with_prediction(found, loss)
    else:
        if loss.match is not None and loss.finite is not False:
            loss = replace(loss, finite_at_extremes=try_extreme_scores(found, probe, loss.form))
        outputs = try_outputs(found, probe, loss)
        found = replace(found, outputs=replace(found.outputs, accuracy=outputs.accuracy))
    descent = try_steps(found, probe, loss, descent, random=layers.random)
    randomise_weights(found, probe)
    rows = try_rows(found, probe, loss)
    images = try_images(found, probe)
    averages = averages_vary(found, probe)
    return Reading(found, probe.setup(runs), start, layers, loss, outputs, targets, descent, rows, images, averages)


def _with_steps(found: Found, steps: Sequence[Step]) -> Found:
    return replace(found, layers=replace(found.layers, steps=tuple(steps)))


def _ends(graph: Graph, roles: Roles, given: Given) -> list[str]:
    """Where the network ends: in its loss, else in what it is said to put out, else in what layers make and nobody reads.

    Where nobody asks and it is trained, a gradient makes such tensors as well, and is no network.
    """
    if roles.losses:
        return [roles.losses[0]]
    named = [given.hints[key] for key in ("logits", "prediction") if key in given.hints]
    if given.exercise is None and roles.train_op is not None:
        return named
    made = graph.descendants([data for data, _ in linear_steps(graph).values()]) if not named else set()
    return named or [t for t in sorted(made) if node_of(t) in graph.varied and not graph.consumers.get(t)]
