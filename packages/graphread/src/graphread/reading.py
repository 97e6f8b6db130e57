"""Read a graph: all stages in order, from the source to the `Network`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from graphread.fault import fault, kind_of
from graphread.faults import find_faults
from graphread.faults.optimizer_faults import unclear
from graphread.find import Found, Given
from graphread.find.layers import find_statistics, without_statistics
from graphread.find.outputs import LossReading, Outputs, find_layers, find_outputs, find_unused
from graphread.find.roles import find_roles, linear_steps, train_ops, updates_of, updates_under, written
from graphread.graph.branches import as_trained, inlined
from graphread.graph.nodes import node_of, tensor_name
from graphread.graph.plain import RANDOM
from graphread.graph.source import EmptyGraphError, GraphError, read_source
from graphread.lab import LabError
from graphread.lab.traced_models import is_model_file, is_traceable
from graphread.lab.traced_models import traced as traced_here
from graphread.model import NOTHING_ASKED, Exercise, Network
from graphread.summary import PARTS, network_of
from graphread.text import Text
from graphread.trial.image_trial import ImageTrial, try_images
from graphread.trial.layer_trial import LayerTrial, try_activations, try_widths
from graphread.trial.loss_trial import try_extreme_scores, try_loss
from graphread.trial.optimizer_trial import Descent, choose_loss, read_optimizer
from graphread.trial.output_trial import OutputTrial, RowTrial, try_outputs, try_rows
from graphread.trial.probe import (
    NO_SOURCE,
    GraphProbe,
    Setup,
    Source,
    choose_shares,
    open_probe,
    randomise_weights,
    run_first,
    source_of,
)
from graphread.trial.start_trial import Start, first_weights, try_start
from graphread.trial.step_trial import try_steps
from graphread.trial.target_trial import TargetTrial, try_targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from graphread.fault import Fault
    from graphread.find.layers import Step
    from graphread.find.roles import Roles
    from graphread.graph.nodes import Array, Message
    from graphread.graph.plain import Graph
    from graphread.lab import Lab
    from graphread.lab.traced import Traced


@dataclass(frozen=True)
class Reading:
    """Everything known about a graph; fields of experiments that did not run keep their defaults."""

    found: Found
    """Results of static analysis, as refined by experiments."""
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
    """Results of each experiment."""

    @property
    def asked(self) -> Exercise:
        """Return the exercise's requirements; none without an exercise."""
        return self.found.asked

    @property
    def free(self) -> bool:
        """Whether there is no exercise."""
        return self.found.exercise is None

    @property
    def scores(self) -> str | None:
        """Return the tensor of the logits, else the last layer's output."""
        return self.loss.logits or self.found.scores

    @property
    def output(self) -> str:
        """Return the op of `scores`; empty if there is none."""
        return node_of(self.scores)


def read_network(
    graph: object,
    parts: object = None,
    exercise: Exercise | None = None,
    *,
    lab: Lab | Literal["auto"] | None = "auto",
    values: Mapping[str, Array] | None = None,
    eval_feed: Mapping[str, Array] | None = None,
) -> Network:
    """Return the network in a graph, with its faults.

    Parameters
    ----------
    graph
        A ``tf.Graph``, a GraphDef or MetaGraphDef message, their bytes, or the path of such a file. Also a ``keras.Model``,
        compiled or not, which is traced here, or the path of a ``.keras`` file, if the lab can trace it.
    parts
        The student's ``net``: an object with attributes, or a mapping, from names of parts (``X``, ``logits``, ...) to
        tensors, ops or their names. These are hints: the reader searches for missing parts and checks given ones. For a model
        that does not declare its inputs, `X` and `Y` may be arrays of some rows.
    exercise
        The requirements. None: only faults that are wrong in any network are reported.
    lab
        Where to run the graph. ``"auto"``: TensorFlow in this process, restricted to an allowlist of ops. None: nothing
        runs, and more stays undecided.
    values
        Values of the variables by op name, for facts that a fresh network does not show.
    eval_feed
        Values to feed at evaluation in addition to images and labels, by tensor name; by default ``parts.eval_feed``.

    Raises
    ------
    GraphError
        If `graph` contains no graph; the message is a sentence.
    """
    asked = exercise or NOTHING_ASKED
    with _some_lab(lab) as chosen:
        traced = _traced(graph, parts, asked, chosen)
        if traced is not None:
            graph, parts, eval_feed = traced.meta_graph, traced.parts, traced.eval_feed
        network = _read_in(chosen, graph, _given(parts, exercise, values or {}, eval_feed, traced))
    if traced is not None and traced.refused is not None:
        given_form, taken = (Text("{labels} of shape {shape}", shape=shape) for shape in traced.refused)
        network = replace(network, faults=(fault("labels-not-one-hot", "", given_form, taken), *network.faults))
    if asked.outputs is None:
        return network
    faults, remarks = (tuple(map(_of_numbers, found)) for found in (network.faults, network.remarks))
    return replace(network, faults=faults, remarks=remarks)


def _of_numbers(fault: Fault) -> Fault:
    """Return a fault with the sentence for regression, if its code has one."""
    said = kind_of(fault.code).regression.get("sentence")
    return replace(fault, sentence=Text(said)) if said else fault


def _traced(graph: object, parts: object, asked: Exercise, lab: Lab | None) -> Traced | None:
    """Return the traced graph of a Keras model; None for anything that is already a graph."""
    if is_traceable(graph):
        return traced_here(graph, parts, next(iter(asked.row_shapes), None))
    if not is_model_file(graph):
        return None
    trace: Callable[[], Traced] | None = getattr(lab, "traced", None)
    if trace is None:
        raise GraphError(
            Text("A .keras file is loaded to be read: that takes a cage, and a reading that runs something.")
        )
    return trace()


def _given(
    parts: object,
    exercise: Exercise | None,
    values: Mapping[str, Array],
    eval_feed: Mapping[str, Array] | None,
    traced: Traced | None,
) -> Given:
    """Return the facts given along with a graph or a traced model."""
    asked, named = exercise or NOTHING_ASKED, _attributes(parts)
    feed = {tensor_name(key): np.asarray(value) for key, value in (eval_feed or _eval_feed(named)).items()}
    classes = asked.outputs or asked.classes or (asked.widths or (0,))[-1]
    beside = frozenset(_name(value) for key, value in named.items() if key not in PARTS)
    given = Given(
        _hints(named), exercise, values, feed, parts is not None, asked.inputs or 0, classes, beside=beside - {""}
    )
    if asked.keras:  # a traced model, even if it arrives as a graph
        given = replace(given, has_parts=False, names={})
    return given if traced is None else _given_traced(given, traced)


def _given_traced(given: Given, traced: Traced) -> Given:
    """Return the given facts, adapted to a graph that was traced here."""
    return replace(
        given,
        has_parts=False,
        classes=given.classes or traced.outputs,
        names=traced.names,
        single=traced.outputs == 1,
    )


def _read_in(lab: Lab | None, graph: object, given: Given) -> Network:
    """Read a graph and run its experiments in the lab."""
    try:
        meta = read_source(graph)
    except EmptyGraphError:
        if given.exercise is None:
            raise
        empty = fault("built-in-default-graph", found=Text("an empty graph"))
        return Network(exercise=given.exercise, faults=(empty,))
    return network_of(_read_as(meta, given, lab))


def _read_as(meta: Message, given: Given, lab: Lab | None) -> Reading:
    """Read the graph with the feeds of evaluation, which resolve functions, loops and branches."""
    meta, whole, graph = inlined(meta, given.eval_feed)
    hints = {name: graph.behind(tensor) for name, tensor in given.hints.items()}
    inputs, classes = _sizes_in(graph, hints)
    given = replace(given, inputs=given.inputs or inputs, classes=given.classes or classes)
    given = replace(given, single=given.single or (given.exercise is None and given.classes == 1))

    def attempt(hints: Mapping[str, str]) -> Reading:
        known = {key: name for key, name in hints.items() if name in graph}
        content = meta.SerializeToString() if lab is not None else b""
        return _read(graph, whole, replace(given, hints=known), lambda found: open_probe(found, lab, content))

    hints |= _asked_for(graph, hints, attempt) if given.exercise is not None else {}
    return attempt(hints)


def _sizes_in(graph: Graph, hints: Mapping[str, str]) -> tuple[int, int]:
    """Infer input size and number of classes: guess the sources, then follow layers and loss to them."""
    wide = sorted((source_of(graph, name) for name in graph.rows), key=lambda source: -source.width)
    guessed = wide[:1] + wide[1:][-1:]
    roles = find_roles(graph, hints, *_declared(graph, *guessed))
    return _declared(graph, source_of(graph, roles.images), source_of(graph, roles.labels))


def _declared(graph: Graph, images: Source = NO_SOURCE, labels: Source = NO_SOURCE) -> tuple[int, int]:
    """Return both sizes from the shapes of images and labels, else from the first and last weights."""
    matrices = _matrices(graph)
    (rows, _), (_, columns) = matrices[0], matrices[-1]
    may_be_a_class = labels.width == 1 and columns != 1 and labels.whole
    return images.width or rows, columns if may_be_a_class else labels.width or columns


def _matrices(graph: Graph) -> list[tuple[int, int]]:
    """Return the shapes of all matrix variables; without any, the shape for two classes."""
    shapes = [shape for name in graph.variables if (shape := graph.static_shape(name)) and len(shape) == 2]
    return [(rows, columns) for rows, columns in shapes if rows and columns] or [(1, 2)]


MOST_NETWORKS = 5


def _asked_for(
    graph: Graph, hints: Mapping[str, str], attempt: Callable[[Mapping[str, str]], Reading]
) -> dict[str, str]:
    """Return, if the graph trains several networks, the train op that fits the exercise best."""
    if not hints.keys().isdisjoint(("train_op", "loss")):
        return {}
    trained: dict[frozenset[str], str] = {}
    for name, _ in train_ops(graph):
        trained[frozenset(update.variable for update in updates_under(graph, name))] = name
    apart = [name for own, name in trained.items() if not any(own < other for other in trained)]
    if len(apart) < 2:
        return {}
    readings = {name: attempt({**hints, "chosen": name}) for name in apart[:MOST_NETWORKS]}
    # A step of gradients goes before others; on a tie, prefer the later one: the last run of a cell created it.
    best = min(reversed(readings), key=lambda name: _rank(readings[name]))
    return {"chosen": best}


def _rank(reading: Reading) -> tuple[bool, int]:
    """Return whether a train op lacks gradients, and its number of faults: the smallest fits best."""
    return not reading.found.descends, len(find_faults(reading)[0])


@contextmanager
def _some_lab(lab: Lab | Literal["auto"] | None) -> Iterator[Lab | None]:
    if lab != "auto":
        yield lab
        return
    from graphread.lab.local import LocalLab  # noqa: PLC0415 - pulls in nothing unless a graph is tried out

    with closing(LocalLab()) as own:
        yield own


def _attributes(parts: object) -> Mapping[str, object]:
    """Return the student's named parts, from any container."""
    if isinstance(parts, Mapping):
        return parts
    known = {name: getattr(parts, name, None) for name in (*PARTS, "eval_feed")}
    return {**getattr(parts, "__dict__", {}), **known}


def _name(value: object) -> str:
    """Return the name of a tensor or op; a string is its own name; empty for anything else."""
    name = getattr(value, "name", value)
    return name if isinstance(name, str) else ""


def _hints(named: Mapping[str, object]) -> dict[str, str]:
    """Return the student's name for each part: a tensor, or an op for `train_op`."""
    names = {part: _name(named.get(part)) for part in PARTS}
    return {part: name if part == "train_op" else tensor_name(name) for part, name in names.items() if name}


def _eval_feed(named: Mapping[str, object]) -> Mapping[str, Array]:
    raw = named.get("eval_feed")
    return {str(getattr(key, "name", key)): value for key, value in raw.items()} if isinstance(raw, dict) else {}


def _read(
    graph: Graph, whole: Graph, given: Given, opened: Callable[[Found], tuple[Setup, GraphProbe | None]]
) -> Reading:
    """Analyze the graph statically, then run the experiments if there is a lab."""
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
            with suppress(LabError):  # a lost lab has closed it already
                probe.session.close()
    return reading


def _followed(graph: Graph, whole: Graph, given: Given, roles: Roles, ends: Sequence[str]) -> Found:
    """Return the results of static analysis: layers, outputs, data statistics, unused layers."""
    hints = given.hints
    layers = find_layers(graph, roles, hints, roles.loss, ends)
    if given.regression:
        outputs = Outputs(hints.get("prediction"), None, hints.get("logits"))
    else:
        outputs = find_outputs(graph, roles, hints, layers.scores)
    evaluated = hints.get("logits") or hints.get("prediction") or layers.scores
    trained, turned = as_trained(whole, graph)
    statistics = find_statistics(graph, trained, roles, evaluated)
    layers = replace(layers, steps=tuple(without_statistics(step, statistics) for step in layers.steps))
    noisy = turned if evaluated in trained and trained.ops_above([evaluated]) & RANDOM else {}
    # Outputs count as used, and so do the inputs of updates that a loop may run along with the training step.
    named = {*hints.values(), outputs.prediction, outputs.accuracy} - {None, roles.train_op}
    beside = written(graph, updates_of(graph, given.beside))
    unused = find_unused(graph, roles, (*layers.steps, *layers.aside), [*map(str, named), *beside])
    return Found(graph, given, roles, layers, outputs, statistics, unused, noisy)


def _by_ops(found: Found, probe: GraphProbe | None, descent: Descent) -> Reading:
    """Return a reading from the ops alone, without running the network."""
    layers = try_activations(found, probe)
    found = _with_prediction(found, LossReading()) if found.given.regression else found
    return Reading(_with_steps(found, layers.steps), layers=layers, descent=descent)


def _with_prediction(found: Found, loss: LossReading) -> Found:
    """Return the findings with a regression's prediction: the named tensor, else the loss's input."""
    prediction = found.outputs.prediction or loss.logits or found.scores
    return replace(found, outputs=replace(found.outputs, prediction=prediction))


def _tried_out(found: Found, probe: GraphProbe) -> Reading:
    """Run the experiments in order; each one receives the findings of those before it."""
    runs = probe.fit_inputs()
    descent = read_optimizer(found, probe)
    if not runs:
        return replace(_by_ops(found, probe, descent), setup=probe.setup(runs), start=first_weights(found, probe))
    choose_shares(found, probe)
    tried, found = run_first(found), replace(found, minimised=probe.ask(None, choose_loss, found, probe))
    if found.loss is not None and found.loss != tried:
        found = replace(found, layers=find_layers(found.graph, found.roles, found.hints, found.loss, [found.loss]))
    start = try_start(found, probe)
    probe.ask(None, randomise_weights, found, probe)
    found = _with_steps(found, probe.ask(found.steps, try_widths, found, probe))
    nothing, targets = (found.layers, LossReading()), TargetTrial()
    if found.given.regression:
        scored, loss, targets = probe.ask((*nothing, targets), try_targets, found, probe)
    else:
        scored, loss = probe.ask(nothing, try_loss, found, probe)
    found = replace(found, layers=scored)
    if targets.constant:
        loss = LossReading()  # a constant loss tells an experiment nothing
    layers = try_activations(found, probe)
    found = _with_steps(found, layers.steps)
    outputs = OutputTrial()
    if found.given.regression:
        found = _with_prediction(found, loss)
    else:
        loss = replace(loss, finite_at_extremes=probe.ask(None, try_extreme_scores, found, probe, loss))
        outputs = try_outputs(found, probe, loss)
        found = replace(found, outputs=replace(found.outputs, accuracy=outputs.accuracy))
    descent = probe.ask(descent, try_steps, found, probe, loss, descent, random=layers.random)
    probe.ask(None, randomise_weights, found, probe)
    rows = probe.ask(RowTrial(), try_rows, found, probe, loss)
    images = try_images(found, probe)
    reading = Reading(found, probe.setup(runs), start, layers, loss, outputs, targets, descent, rows, images)
    # A part of a step tells neither the optimizer nor the rate.
    return replace(reading, descent=replace(descent, kind=None, rate=None)) if unclear(reading) else reading


def _with_steps(found: Found, steps: Sequence[Step]) -> Found:
    return replace(found, layers=replace(found.layers, steps=tuple(steps)))


def _ends(graph: Graph, roles: Roles, given: Given) -> list[str]:
    """Return the ends of the network: its loss, else its named outputs, else unread layer outputs.

    Without an exercise, unread outputs of a trained graph do not count, since gradients create such tensors, too.
    """
    if roles.losses:
        return [roles.losses[0]]
    named = given.named("logits", "prediction")
    if named or (given.exercise is None and roles.train_op is not None):
        return named
    made = graph.descendants([data for data, _ in linear_steps(graph).values()])
    return [tensor for tensor in sorted(made) if node_of(tensor) in graph.varied and tensor not in graph.consumers]
